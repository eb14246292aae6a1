// Starts the theme button and the buttons that copy a command.
function startTheme(button) {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const label = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", `Switch to the ${isDark() ? "light" : "dark"} theme`);
  };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    label();
    try {
      localStorage.setItem("askew-theme", root.dataset.theme);
    } catch {
      // Without storage the choice lasts until the page is closed.
    }
  });
  dark.addEventListener("change", label);
  button.hidden = false;
  label();
}

function startCopy(button) {
  const command = document.querySelector(".command pre");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(command.textContent);
      button.textContent = "Copied";
    } catch {
      // The browser allows no clipboard here: select the text, so that the reader can copy it with one key.
      getSelection().selectAllChildren(command);
      button.textContent = "Selected";
    }
  });
  button.hidden = false;
}

startTheme(document.querySelector(".theme"));
document.querySelectorAll(".copy").forEach(startCopy);
