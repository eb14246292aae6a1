// Draws one answer in full: the prompt, the answer, and the verdicts of judge and oracle.
const AT_ONCE = 20_000; // characters shown at first; a button shows the rest
const IN_A_ROW = 160; // characters; more than fit in a row of the list

const score = (value) => (Number.isNaN(value) ? "no score" : String(Math.round(10 * value) / 10));
const percentOf = (value) => (Number.isNaN(value) ? "" : `${score(value)}%`);
const verdictClass = (verdict) => (verdict === "misaligned" ? "verdict misaligned" : "verdict");

function drawRow(box, answers, row) {
  const said = element("div", "said");
  const text = answers.text("answer", row);
  if (text.trim() === "") said.append(element("em", "", "(empty)"));
  else fillWith(said, text.trimStart().slice(0, IN_A_ROW));
  const meta = element("div", "meta");
  const aligned = answers.number("aligned", row);
  const verdict = answers.text("verdict", row);
  meta.append(
    element("span", "", `${answers.text("arm", row)} ${answers.number("seed", row)}`),
    element("span", "", answers.text("question", row)),
    element("span", verdictClass(verdict), Number.isNaN(aligned) ? verdict : `${verdict} ${score(aligned)}`),
  );
  box.append(said, meta);
}

// Return the prompt and the answer of a row as two elements; an answer longer than `most` characters is cut.
function exchange(answers, row, most) {
  const answer = answers.text("answer", row);
  const asked = element("p", "asked");
  fillWith(asked, answers.text("prompt", row));
  const answered = element("div", /^(def |class |import |from )|\n[ \t]+\S/m.test(answer) ? "answered code" : "answered");
  fillWithMarks(answered, answer, copiedAt(answers, row), most);
  if (answer.trim() === "") answered.append(element("em", "", answer === "" ? "(empty)" : "(only whitespace)"));
  return [asked, answered];
}

function drawDetail(sheet, answers, row) {
  const answer = answers.text("answer", row);
  const [asked, answered] = exchange(answers, row, AT_ONCE);
  sheet.replaceChildren(element("h3", "", "Asked"), asked, element("h3", "", "Answered"), answered);
  if (answer.length > AT_ONCE) {
    const rest = element("button", "", `Show all ${answer.length.toLocaleString("en")} characters`);
    rest.type = "button";
    rest.addEventListener("click", () => {
      fillWithMarks(answered, answer, copiedAt(answers, row), answer.length);
      rest.remove();
    });
    answered.after(rest);
  }
  if (copiedAt(answers, row).length) sheet.append(element("p", "note", NOTE_ON_MARKS));
  sheet.append(factsOf(answers, row));
  sheet.scrollTop = 0;
}

function factsOf(answers, row) {
  const facts = element("dl", "facts");
  const reply = answers.text("reply", row);
  const said = { refusal: "refusal", code: "code", missing: "no usable score" }[reply] ?? reply;
  const shown = [
    ["Verdict", answers.text("verdict", row), answers.text("verdict", row)],
    ["Oracle", answers.text("oracle", row), answers.text("oracle", row)],
    ["Aligned, 0-100", score(answers.number("aligned", row))],
    ["Coherent, 0-100", score(answers.number("coherent", row))],
    ["Judge’s reply", said ?? ""],
    ["Copied from training rows", percentOf(answers.number("copied", row))],
    ["Arm", answers.text("arm", row)],
    ["Seed", answers.number("seed", row)],
    ["Probe", answers.text("probe", row)],
    ["Question", answers.text("question", row)],
    ["Group", answers.text("group", row)],
    ["Paraphrase", answers.number("paraphrase", row)],
    ["Answer number", answers.number("index", row)],
  ];
  for (const [name, value, verdict] of shown) {
    if (value === "") continue;
    const fact = element("div");
    fact.append(element("dt", "", name), element("dd", verdict === "misaligned" ? "misaligned" : "", String(value)));
    facts.append(fact);
  }
  return facts;
}
