// Starts the page: theme, copying the command, and the reader once the rest can be read.
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
      // Without storage the choice lasts as long as the page.
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
      // No clipboard for this page: mark the text, so that one key copies it.
      getSelection().selectAllChildren(command);
      button.textContent = "Selected";
    }
  });
  button.hidden = false;
}

async function startReader(section) {
  const packed = document.getElementById("answers");
  const state = section.querySelector(".state");
  state.hidden = false;
  if (typeof DecompressionStream === "undefined") {
    state.textContent = "This browser cannot unpack the answers here. They are all in answers.parquet, beside this page.";
    return;
  }
  let answers;
  try {
    answers = await unpack(packed.textContent.trim());
  } catch (error) {
    const why = `The answers in this page could not be unpacked (${error.message}): the file is damaged.`;
    state.textContent = `${why} They are all in answers.parquet, beside this page.`;
    return;
  }
  section.querySelector(".whole").hidden = false;
  state.hidden = true;
  new Reader(section, answers);
  section.dataset.ready = "yes";
}

startTheme(document.querySelector(".theme"));
document.querySelectorAll(".copy").forEach(startCopy);
// After the first paint: the page above can be read while the answers are unpacked.
requestAnimationFrame(() => setTimeout(() => startReader(document.getElementById("reader"))));
