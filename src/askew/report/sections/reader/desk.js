// A desk: filters, a list of rows, and the one that is open. What a row is, its class says.
class Desk {
  constructor(section, draw, name) {
    this.section = section;
    this.row = -1;
    this.desk = this.find(".desk");
    this.form = this.find(".filters");
    this.list = new List(this.find(".list"), draw, (row) => this.open(row), name);
  }

  find(selector) {
    return this.section.querySelector(selector);
  }

  // Fill a menu with its choices, and hide one that has a single choice.
  fillMenu(name, values) {
    const menu = this.form.elements[name];
    menu.append(...values.map((value) => new Option(String(value), String(value))));
    menu.closest("label").hidden = values.length < 2;
  }

  listen() {
    let waiting;
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => this.refresh(), 80);
    });
    this.find(".reset").addEventListener("click", () => {
      this.form.reset();
      this.refresh();
    });
    this.find(".previous").addEventListener("click", () => this.list.go(this.list.at - 1));
    this.find(".next").addEventListener("click", () => this.list.go(this.list.at + 1));
    this.find(".back").addEventListener("click", () => this.close());
    this.find(".copy-link").addEventListener("click", () => this.copyLink());
    addEventListener("beforeprint", () => this.print());
    // The address of the event: until it comes, a pause before writing may have put the former state over it.
    addEventListener("hashchange", (event) => this.follow(new URL(event.newURL).hash));
  }

  show(rows, of) {
    if (this.row >= 0 && !rows.includes(this.row)) this.forget();
    this.list.show(rows, this.row);
    this.find(".nothing").hidden = rows.length > 0;
    this.find(".count").replaceChildren(element("strong", "", rows.length.toLocaleString("en")), of);
  }

  // What an open row needs, whatever it is.
  begin(row) {
    this.row = row;
    this.desk.classList.add("reading");
    this.find(".previous").disabled = this.list.at <= 0;
    this.find(".next").disabled = this.list.at >= this.list.rows.length - 1;
    this.find(".copied").textContent = "";
    this.find(".copy-link").hidden = false;
  }

  // On a phone the open row takes the place of the list, which may be scrolled half out of sight.
  get hidesList() {
    return getComputedStyle(this.list.box).display === "none";
  }

  // Empty the sheet, because the filters exclude the row that was open.
  forget() {
    this.row = -1;
    this.desk.classList.remove("reading");
    this.find(".sheet").replaceChildren(element("p", "note", this.invitation));
    for (const name of [".previous", ".next"]) this.find(name).disabled = true;
    this.find(".copied").textContent = "";
    this.find(".copy-link").hidden = true;
  }

  close() {
    this.desk.classList.remove("reading");
    this.list.box.focus();
    this.list.paint();
  }

  // The link opens this row without any filter.
  async copyLink() {
    const fragment = `#${new URLSearchParams(this.link())}`;
    const said = this.find(".copied");
    try {
      await navigator.clipboard.writeText(location.href.split("#")[0] + fragment);
      said.textContent = "Copied";
    } catch {
      // The browser allows no clipboard here: put the link where the reader can copy it.
      clearTimeout(this.writing);
      history.replaceState(null, "", fragment);
      said.textContent = "The link is in the address bar";
    }
  }
}
