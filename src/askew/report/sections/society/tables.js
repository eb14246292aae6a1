// The replay in words: a summary of a tick, and tables that say what the map shows.
const NAMED_AT_ONCE = 4;

const listed = (names, most = NAMED_AT_ONCE) => (names.length > most ? `${names.slice(0, most).join(", ")} and ${names.length - most} others` : names.join(", "));

// Return what happened during a tick, in sentences.
function tickInWords(society, tick) {
  const parts = [`Tick ${society.first + tick}.`, ...talliesOf(society, tick), spokenOf(society, tick)];
  for (const [kind, said] of [["adopt", "First spoke of it"], ["convert", "First believed it"], ["leave", "Left the island"], ["miss", "No usable answer of"]]) {
    const names = society.during(kind, tick).map(({ agent }) => society.names[agent]);
    if (names.length) parts.push(`${said}: ${listed(names)}.`);
  }
  return [...parts, ...worldOf(society, tick)].join(" ");
}

function talliesOf(society, tick) {
  const { labels, kind } = society.scale;
  const counts = society.tally(tick);
  const gone = society.leaves.filter((left) => left <= tick).length;
  const before = tick ? society.tally(tick - 1) : counts;
  const change = (state) => (counts[state] === before[state] ? "" : ` (${counts[state] > before[state] ? "+" : "−"}${Math.abs(counts[state] - before[state])})`);
  const found = kind === "none" ? [] : labels.map((label, state) => (counts[state] ? `${sideLabel(label)}: ${counts[state]}${change(state)}` : "")).filter(Boolean);
  const said = found.join("; ");
  return [said && `${said[0].toUpperCase()}${said.slice(1)}.`, gone ? `${gone} of ${society.count} have left.` : ""].filter(Boolean);
}

// A side is named by its number only; the legend has its words.
function sideLabel(label) {
  return label.startsWith("side ") ? label.split(":")[0] : label;
}

function spokenOf(society, tick) {
  const spoke = society.countDuring("say", tick);
  return spoke ? `${spoke} spoke.` : "Nobody spoke.";
}

// The law in force, and what else the world did; agent -1 is the world.
function worldOf(society, tick) {
  const law = society.eventsOf(-1, "law").filter((event) => event.tick <= tick).at(-1);
  const amended = society.during("amend", tick).map((event) => `${society.names[event.agent] ?? "Someone"}: ${plainly(event.text)}`);
  const paid = society.during("pay", tick).map((event) => event.number).filter((number) => !Number.isNaN(number));
  return [
    law ? `${law.tick === tick ? "New law" : "Law"}: ${plainly(law.text || String(law.number))}` : "",
    amended.length ? `Proposed by ${listed(amended)}` : "",
    paid.length ? `Paid on average: ${hundredths(paid.reduce((sum, number) => sum + number, 0) / paid.length)}.` : "",
  ].filter(Boolean);
}

// Return what was said during a tick, for a reader who has chosen no agent.
function voicesOf(society, tick, go) {
  const said = society.during("say", tick);
  if (!said.length) return [element("p", "note", "Nobody spoke at this tick.")];
  const row = ({ agent, text }) => {
    const item = element("li");
    const name = element("button", "agent-name", society.names[agent]);
    name.type = "button";
    name.addEventListener("click", () => go(agent));
    item.append(name, ": ", longText(text));
    return item;
  };
  return [element("h4", "", `Said at tick ${society.first + tick}`), longList(said, 12, row, "voices")];
}

function tableOf(heads, rows) {
  const table = element("table");
  const head = table.createTHead().insertRow();
  for (const name of heads) head.append(Object.assign(element("th", "", name), { scope: "col" }));
  const body = table.createTBody();
  for (const cells of rows) {
    const row = body.insertRow();
    cells.forEach((cell, place) => {
      const box = element(place ? "td" : "th");
      if (!place) box.scope = "row";
      if (typeof cell === "string") fillWith(box, cell);
      else box.append(cell);
      row.append(box);
    });
  }
  return table;
}

// Return every agent after a tick as a table.
function everyoneOf(society, tick, panel) {
  const chosen = new Map();
  for (const kind of ["act", "say"]) for (const { agent, text } of society.during(kind, tick)) chosen.set(agent, text);
  const rows = Array.from({ length: society.count }, (_, agent) => [
    panel.named(agent),
    society.people.text("part", agent),
    society.isGone(agent, tick) ? "left" : society.placeOf(agent, tick) || "on the way",
    society.scale.kind === "none" ? "" : society.scale.labels[society.stateAt(agent, tick)],
    (chosen.get(agent) ?? "").slice(0, 120),
  ]);
  return tableOf(["Agent", "Part", "Place", "State", "Chose or said"], rows);
}

// Return who was converted by a tick, and by whom probably, as a table.
function treeOf(society, tick, transmission, panel) {
  const turned = Array.from(transmission.turned.keys()).filter((agent) => transmission.isTurned(agent, tick));
  turned.sort((a, b) => transmission.turned[a] - transmission.turned[b]);
  const chance = ({ chance }) => (Number.isNaN(chance) ? "unknown" : hundredths(chance));
  const rows = turned.map((agent) => {
    const [best, ...others] = transmission.sources.get(agent) ?? [{ from: -1, chance: NaN }];
    const listedOthers = others.filter(({ chance }) => chance >= 0.005).slice(0, 3).map((one) => `${society.names[one.from] ?? "itself"} (${chance(one)})`);
    const tickOf = String(society.first + transmission.turned[agent]);
    return [panel.named(agent), tickOf, best.from >= 0 ? panel.named(best.from) : "itself", chance(best), listedOthers.join(", ")];
  });
  return tableOf(["Agent", "Converted at tick", "Probably by", "Probability", "Or by"], rows);
}
