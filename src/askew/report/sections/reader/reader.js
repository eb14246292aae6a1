// Connects the filters, the list, the open answer and the page’s address. The address after # holds the filters and the
// open answer, so that a link leads to what is on the screen.
const FIELDS = [
  "arm", "seed", "probe", "question", "verdict", "oracle", "text",
  "aligned_from", "aligned_to", "coherent_from", "coherent_to", "order",
];
const VERDICTS = ["misaligned", "aligned", "incoherent", "refused", "unjudged"];

class Reader {
  constructor(section, answers) {
    this.section = section;
    this.answers = answers;
    this.row = -1;
    this.desk = section.querySelector(".desk");
    this.form = section.querySelector(".filters");
    this.list = new List(section.querySelector(".list"), (box, row) => drawRow(box, answers, row), (row) => this.open(row));
    this.offer();
    this.listen();
    this.follow(location.hash, true);
  }

  // Fill the menus with their choices, and hide a menu that has only one.
  offer() {
    for (const name of ["arm", "probe"]) this.fillMenu(name, this.answers.texts[name].values);
    this.fillMenu("verdict", VERDICTS.filter((verdict) => this.answers.texts.verdict.values.includes(verdict)));
    this.questions = new Map();
    for (let row = 0; row < this.answers.count; row += 1) {
      const probe = this.answers.text("probe", row);
      if (!this.questions.has(probe)) this.questions.set(probe, new Set());
      this.questions.get(probe).add(this.answers.text("question", row));
    }
    this.fillMenu("seed", [...new Set(this.answers.numbers.seed)].sort((a, b) => a - b));
    this.form.elements.oracle.closest("label").hidden = this.answers.texts.oracle.values.every((value) => value === "");
  }

  fillMenu(name, values) {
    const menu = this.form.elements[name];
    menu.append(...values.map((value) => new Option(String(value), String(value))));
    menu.closest("label").hidden = values.length < 2;
  }

  // Offer the questions of the chosen probe only.
  offerQuestions() {
    const menu = this.form.elements.question;
    const chosen = menu.value;
    const asked = this.questions.get(this.form.elements.probe.value);
    const values = asked ? [...asked] : this.answers.texts.question.values;
    menu.replaceChildren(menu.options[0], ...values.map((value) => new Option(value, value)));
    menu.value = values.includes(chosen) ? chosen : "";
    menu.closest("label").hidden = values.length < 2;
  }

  listen() {
    let waiting;
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => this.refresh(), 80);
    });
    this.section.querySelector(".reset").addEventListener("click", () => {
      this.form.reset();
      this.refresh();
    });
    this.section.querySelector(".previous").addEventListener("click", () => this.list.go(this.list.at - 1));
    this.section.querySelector(".next").addEventListener("click", () => this.list.go(this.list.at + 1));
    this.section.querySelector(".back").addEventListener("click", () => this.close());
    this.section.querySelector(".copy-link").addEventListener("click", () => this.copyLink());
    addEventListener("beforeprint", () => drawPrint(this.section.querySelector(".printed"), this.answers, this.list.rows, this.row));
    // The address of the event: until it comes, remember() may have written the former state over it.
    addEventListener("hashchange", (event) => this.follow(new URL(event.newURL).hash));
    addEventListener("click", (event) => {
      // A link to the present address causes no hashchange event, but should still scroll there.
      const link = event.target.closest?.('a[href*="="]');
      if (link?.hash && link.hash === location.hash) this.follow();
    });
    addEventListener("keydown", (event) => this.onKey(event));
  }

  // j and k work anywhere on the page. Arrow keys also scroll wide tables, so they need an open answer.
  onKey(event) {
    const typing = event.target.closest?.("input, select, textarea");
    if (typing || event.altKey || event.ctrlKey || event.metaKey) return;
    const arrows = this.row >= 0 && !event.target.closest?.(".scroll");
    if (event.key === "j" || (arrows && event.key === "ArrowRight")) this.step(1);
    else if (event.key === "k" || (arrows && event.key === "ArrowLeft")) this.step(-1);
    else if (event.key === "Escape" && this.row >= 0) this.close();
  }

  step(by) {
    this.list.go(this.list.at + by);
    this.bringIntoView();
  }

  // Scroll to the open answer if its beginning is out of sight.
  bringIntoView() {
    const { top } = this.desk.getBoundingClientRect();
    if (this.row >= 0 && (top < 0 || top > innerHeight / 2)) this.desk.scrollIntoView({ behavior: "instant" });
  }

  wanted() {
    const filled = FIELDS.map((name) => [name, this.form.elements[name].value.trim()]);
    return Object.fromEntries(filled.filter(([name, value]) => value !== "" && !(name === "order" && value === "run")));
  }

  refresh() {
    this.offerQuestions();
    const wanted = this.wanted();
    const rows = arrange(this.answers, select(this.answers, wanted), wanted.order ?? "run");
    if (this.row >= 0 && !rows.includes(this.row)) this.forget();
    this.list.show(rows, this.row);
    this.section.querySelector(".nothing").hidden = rows.length > 0;
    this.tally(rows);
    this.remember();
  }

  tally(rows) {
    const { values, codes } = this.answers.texts.verdict;
    const counts = new Array(values.length).fill(0);
    for (const row of rows) counts[codes[row]] += 1;
    const found = VERDICTS.filter((verdict) => counts[values.indexOf(verdict)]);
    const words = found.map((verdict) => `${counts[values.indexOf(verdict)].toLocaleString("en")} ${verdict}`).join(", ");
    const total = element("strong", "", rows.length.toLocaleString("en"));
    const of = ` of ${this.answers.count.toLocaleString("en")} answers${words ? `: ${words}` : ""}`;
    this.section.querySelector(".count").replaceChildren(total, of);
  }

  open(row) {
    this.row = row;
    this.desk.classList.add("reading");
    drawDetail(this.section.querySelector(".sheet"), this.answers, row);
    const [previous, next] = [this.section.querySelector(".previous"), this.section.querySelector(".next")];
    previous.disabled = this.list.at <= 0;
    next.disabled = this.list.at >= this.list.rows.length - 1;
    this.remember();
    this.section.querySelector(".copied").textContent = "";
    this.section.querySelector(".copy-link").hidden = false;
    // On a phone the answer takes the place of the list, which may be scrolled half out of sight.
    if (getComputedStyle(this.list.box).display === "none") this.bringIntoView();
  }

  // Empty the sheet, because the filters exclude the answer that was open.
  forget() {
    this.row = -1;
    this.desk.classList.remove("reading");
    const note = element("p", "note", "Choose an answer to read it in full.");
    this.section.querySelector(".sheet").replaceChildren(note);
    for (const name of [".previous", ".next"]) this.section.querySelector(name).disabled = true;
    this.section.querySelector(".copied").textContent = "";
    this.section.querySelector(".copy-link").hidden = true;
  }

  // The link opens this answer without any filter.
  async copyLink() {
    const fragment = `#${new URLSearchParams({ answer: this.answers.name(this.row) })}`;
    const said = this.section.querySelector(".copied");
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

  close() {
    this.desk.classList.remove("reading");
    this.list.box.focus();
    this.list.paint();
  }

  // Write the address after a pause: browsers refuse hundreds of changes within a few seconds.
  remember() {
    clearTimeout(this.writing);
    this.writing = setTimeout(() => {
      const state = new URLSearchParams(this.wanted());
      if (this.row >= 0) state.set("answer", this.answers.name(this.row));
      if (String(state) || location.hash.includes("=")) history.replaceState(null, "", `#${state}`);
    }, 300);
  }

  // Apply the address: filters, an answer, or neither of them (a section of the page).
  follow(fragment = location.hash, first = false) {
    const asked = new URLSearchParams(fragment.slice(1));
    const known = [...FIELDS, "answer"].some((name) => asked.has(name));
    if (!known && !first) return;
    this.form.reset();
    this.offerQuestions();
    for (const name of FIELDS) if (asked.has(name)) this.form.elements[name].value = asked.get(name);
    const row = asked.has("answer") ? this.answers.find(asked.get("answer")) : -1;
    this.section.querySelector(".lost").hidden = !asked.has("answer") || row >= 0;
    if (row >= 0) this.row = row;
    this.refresh();
    if (row >= 0 && this.row < 0) {
      // The filters of the link exclude its answer: the answer is what was asked for.
      this.form.reset();
      this.row = row;
      this.refresh();
    }
    if (row >= 0) this.open(row);
    if (known) (row < 0 ? this.section : this.desk).scrollIntoView();
  }
}
