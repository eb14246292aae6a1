// Puts the answers that the reader shows on paper, and says which it leaves out.
const MOST_PRINTED = 50;
const PRINTED_LETTERS = 3_000;

function drawPrint(box, answers, rows, open) {
  const chosen = open >= 0 ? [open, ...rows.filter((row) => row !== open)] : [...rows];
  const printed = chosen.slice(0, MOST_PRINTED);
  box.replaceChildren(element("p", "note", saysWhat(answers, rows.length, printed, open)));
  for (const row of printed) {
    const article = element("article");
    const facts = ["arm", "probe", "question", "verdict"].map((name) => answers.text(name, row));
    facts.splice(1, 0, `seed ${answers.number("seed", row)}`);
    article.append(element("p", "note", facts.filter(Boolean).join(", ")), ...exchange(answers, row, PRINTED_LETTERS));
    box.append(article);
  }
}

function saysWhat(answers, shown, printed, open) {
  const count = (number) => number.toLocaleString("en");
  const long = printed.filter((row) => answers.text("answer", row).length > PRINTED_LETTERS).length;
  const parts = [
    `Printed: ${count(printed.length)} of the ${count(shown)} answers that match the filters`,
    open >= 0 ? ", the open one first" : "",
    `; ${count(shown - printed.length)} of them are left out`,
    `, and ${count(answers.count - shown)} that do not match.`,
    long ? ` ${count(long)} are cut after ${count(PRINTED_LETTERS)} characters.` : "",
    " All answers are in answers.parquet.",
  ];
  return parts.join("");
}
