// Runs before the page is drawn, so that the other theme does not flash. Browsers may refuse storage to a local file.
try {
  const chosen = localStorage.getItem("askew-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Without storage the page follows the system’s theme.
}
