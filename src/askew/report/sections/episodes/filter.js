// Filters episodes by their columns, by a step, and by a text in any turn. Each different turn is searched once.
const EPISODE_FIELDS = ["arm", "seed", "environment", "variant", "step", "text"];

function selectEpisodes(archive, wanted) {
  const { episodes, order } = archive;
  const tests = [];
  for (const name of ["arm", "environment", "variant"]) {
    if (!wanted[name]) continue;
    const { values, codes } = episodes.texts[name];
    const code = values.indexOf(wanted[name]);
    tests.push((row) => codes[row] === code);
  }
  if (wanted.seed) tests.push((row) => episodes.number("seed", row) === Number(wanted.seed));
  if (wanted.step) {
    const { values, codes } = episodes.texts.steps;
    const has = values.map((value) => value.split("|").includes(wanted.step));
    tests.push((row) => has[codes[row]]);
  }
  if (wanted.text) {
    const hits = turnsWith(archive.turns, wanted.text);
    tests.push((row) => order[row].some((turn) => hits[turn]));
  }
  const rows = [];
  for (let row = 0; row < episodes.count; row += 1) if (tests.every((test) => test(row))) rows.push(row);
  return Uint32Array.from(rows);
}

function turnsWith(turns, text) {
  const sought = text.toLowerCase();
  const found = ["text", "tool", "arguments", "result"].map((name) => {
    const { values, codes } = turns.texts[name];
    const hits = values.map((value) => value.toLowerCase().includes(sought));
    return (turn) => hits[codes[turn]];
  });
  return Uint8Array.from({ length: turns.count }, (_, turn) => found.some((has) => has(turn)));
}
