// Connects the filters, the list, the open answer and the page’s address. The address after # holds the filters and the
// open answer, so that a link leads to what is on the screen.
const FIELDS = [
  "arm", "seed", "probe", "question", "verdict", "oracle", "text",
  "aligned_from", "aligned_to", "coherent_from", "coherent_to", "order",
];
const VERDICTS = ["misaligned", "aligned", "incoherent", "refused", "unjudged"];

class Reader extends Desk {
  invitation = "Choose an answer to read it in full.";

  constructor(section, answers) {
    super(section, (box, row) => drawRow(box, answers, row), "row");
    this.answers = answers;
    this.offer();
    this.listen();
    this.follow(location.hash, true);
  }

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
    super.listen();
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
    const words = this.verdicts(rows);
    this.show(rows, ` of ${this.answers.count.toLocaleString("en")} answers${words ? `: ${words}` : ""}`);
    this.remember();
  }

  verdicts(rows) {
    const { values, codes } = this.answers.texts.verdict;
    const counts = new Array(values.length).fill(0);
    for (const row of rows) counts[codes[row]] += 1;
    const found = VERDICTS.filter((verdict) => counts[values.indexOf(verdict)]);
    return found.map((verdict) => `${counts[values.indexOf(verdict)].toLocaleString("en")} ${verdict}`).join(", ");
  }

  open(row) {
    this.begin(row);
    drawDetail(this.find(".sheet"), this.answers, row);
    this.remember();
    if (this.hidesList) this.bringIntoView();
  }

  link() {
    return { answer: this.answers.name(this.row) };
  }

  print() {
    drawPrint(this.find(".printed"), this.answers, this.list.rows, this.row);
  }

  // Write the address after a pause: browsers refuse hundreds of changes within a few seconds.
  remember() {
    clearTimeout(this.writing);
    this.writing = setTimeout(() => {
      const state = new URLSearchParams(this.wanted());
      if (this.row >= 0) state.set("answer", this.answers.name(this.row));
      if (String(state) || isOfAnswers(location.hash)) history.replaceState(null, "", `#${state}`);
    }, 300);
  }

  // Apply the address: filters, an answer, or neither of them (a section of the page).
  follow(fragment = location.hash, first = false) {
    const asked = new URLSearchParams(fragment.slice(1));
    const known = isOfAnswers(fragment);
    if (!known && !first) return;
    this.form.reset();
    this.offerQuestions();
    for (const name of FIELDS) if (asked.has(name)) this.form.elements[name].value = asked.get(name);
    const row = asked.has("answer") ? this.answers.find(asked.get("answer")) : -1;
    this.find(".lost").hidden = !asked.has("answer") || row >= 0;
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

// Is an address about answers? Other sections of the page have addresses of their own, which stay as they are.
function isOfAnswers(fragment) {
  const asked = new URLSearchParams(fragment.slice(1));
  return [...FIELDS, "answer"].some((name) => asked.has(name));
}
