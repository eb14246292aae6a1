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

// Makes the rows of a table sortable by each column: up, down, then the order of the page again. Rows stay in their group.
function startSorting(table) {
  const heads = [...table.querySelectorAll("thead th")];
  const bodies = [...table.tBodies].map((body) => ({ body, rows: [...body.rows] }));
  if (bodies.every(({ rows }) => rows.filter((row) => !row.matches(".family")).length < 2)) return;
  for (const [place, head] of heads.entries()) {
    if (!head.textContent.trim()) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const order = { none: "ascending", ascending: "descending", descending: "none" }[head.getAttribute("aria-sort") ?? "none"];
      for (const other of heads) other.removeAttribute("aria-sort");
      if (order !== "none") head.setAttribute("aria-sort", order);
      for (const { body, rows } of bodies) body.append(...sorted(rows, place, order));
    });
  }
}

function sorted(rows, place, order) {
  if (order === "none") return rows;
  const sign = order === "descending" ? -1 : 1;
  const keys = new Map(rows.map((row) => [row, row.matches(".family") ? null : sortKey(row.cells[place])]));
  return [...rows].sort((a, b) => {
    const [left, right] = [keys.get(a), keys.get(b)];
    if (left === null || right === null) return (left !== null) - (right !== null); // the name of a group stays on top
    if (typeof left !== typeof right) return typeof left === "number" ? -1 : 1; // cells without a number come last
    return sign * (typeof left === "number" ? left - right : left.localeCompare(right, "en"));
  });
}

// The number that a cell starts with, without its interval; else its text.
function sortKey(cell) {
  const text = (cell?.firstChild?.textContent ?? "").trim();
  const number = text.replaceAll(",", "").match(/^([<+−-]?)\s*(\d+(?:\.\d+)?)/);
  if (!number) return text.toLowerCase();
  const value = Number(number[2]);
  return number[1] === "−" || number[1] === "-" ? -value : value - (number[1] === "<" ? 1e-9 : 0);
}

// Printing shows what is folded.
function unfoldForPrint() {
  const folded = [...document.querySelectorAll("details:not([open])")];
  for (const one of folded) one.open = true;
  addEventListener("afterprint", () => folded.forEach((one) => (one.open = false)), { once: true });
}

startTheme(document.querySelector(".theme"));
document.querySelectorAll(".copy").forEach(startCopy);
document.querySelectorAll(".scroll table").forEach(startSorting);
addEventListener("beforeprint", unfoldForPrint);
