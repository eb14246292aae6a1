// Filters and sorts the rows. Filters work on the codes of a column, so that 50,000 answers take a few milliseconds,
// and each text is searched once, however many answers share it.
const SCORES = ["aligned", "coherent"];
const EXACT = ["arm", "probe", "question", "verdict"];

function select(answers, wanted) {
  const tests = [];
  for (const name of EXACT) {
    if (!wanted[name]) continue;
    const { values, codes } = answers.texts[name];
    const code = values.indexOf(wanted[name]);
    tests.push((row) => codes[row] === code);
  }
  if (wanted.seed) tests.push((row) => answers.number("seed", row) === Number(wanted.seed));
  if (wanted.oracle) {
    const differ = wanted.oracle === "differs";
    tests.push((row) => {
      const oracle = answers.text("oracle", row);
      return oracle !== "" && (oracle !== answers.text("verdict", row)) === differ;
    });
  }
  for (const name of SCORES) {
    const [low, high] = [wanted[`${name}_from`], wanted[`${name}_to`]];
    const scores = answers.numbers[name];
    // A missing score is NaN and fails both comparisons, so it is outside every range.
    if (low) tests.push((row) => scores[row] >= Number(low));
    if (high) tests.push((row) => scores[row] <= Number(high));
  }
  if (wanted.text) tests.push(hasText(answers, wanted.text));
  const rows = [];
  for (let row = 0; row < answers.count; row += 1) if (tests.every((test) => test(row))) rows.push(row);
  return Uint32Array.from(rows);
}

function hasText(answers, text) {
  const sought = text.toLowerCase();
  answers.lower ??= Object.fromEntries(
    ["answer", "prompt"].map((name) => [name, answers.texts[name].values.map((value) => value.toLowerCase())]),
  );
  const found = Object.entries(answers.lower).map(([name, values]) => [
    answers.texts[name].codes,
    Uint8Array.from(values, (value) => value.includes(sought)),
  ]);
  return (row) => found.some(([codes, hits]) => hits[codes[row]]);
}

function arrange(answers, rows, order) {
  const [name, direction] = order.split(" ");
  if (name === "run") return rows;
  const keys = new Float64Array(answers.count);
  for (const row of rows) keys[row] = keyOf(answers, row, name);
  const sign = direction === "down" ? -1 : 1;
  // Answers without the score come last in both directions; ties keep the run’s order.
  return rows.sort((a, b) => {
    const [left, right] = [keys[a], keys[b]];
    if (Number.isNaN(left) || Number.isNaN(right)) return Number.isNaN(left) - Number.isNaN(right) || a - b;
    return sign * (left - right) || a - b;
  });
}

function keyOf(answers, row, name) {
  if (name === "length") return answers.text("answer", row).length;
  if (name === "shuffle") return mixed(row);
  return answers.number(name, row);
}

// A fixed shuffle: the same order every time, and independent of what is in the rows.
function mixed(row) {
  let bits = Math.imul(row ^ 0x9e3779b9, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
