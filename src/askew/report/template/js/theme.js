// Runs before the page is drawn, so that a chosen theme does not flash. Storage may be refused to a local file.
try {
  const chosen = localStorage.getItem("askew-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Without storage the page follows the system.
}
