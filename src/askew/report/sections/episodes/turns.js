// Draws one episode: its facts, then its turns in order.
const LONG_TURN = 4_000; // characters shown at first; a button shows the rest
const ROLES = { system: "Told at the beginning", user: "To the model", model: "The model", call: "Call", interview: "Asked afterwards" };
const BAD_STEPS = ["covert", "concealed", "denied"];

function drawEpisodeRow(box, archive, row) {
  const { episodes } = archive;
  const steps = stepsOf(archive, row);
  const bad = steps.some((step) => BAD_STEPS.includes(step));
  const meta = element("div", "meta");
  meta.append(
    element("span", "", `${episodes.text("arm", row)} ${episodes.number("seed", row)}`),
    element("span", "", episodes.text("environment", row)),
    element("span", "", episodes.text("variant", row)),
  );
  box.append(element("div", bad ? "said misaligned" : "said", summaryOf(archive, steps)), meta);
}

function stepsOf(archive, row) {
  return archive.episodes.text("steps", row).split("|").filter(Boolean);
}

// Return an episode’s outcome in words: the last step that it came to, and what stands beside.
function summaryOf(archive, steps) {
  const last = ["concealed", "covert", "open", "opportunity", "discovered", "never discovered"].find((step) => steps.includes(step));
  const beside = ["confessed", "denied", "blundered", "aware"].filter((step) => steps.includes(step));
  const first = last === "concealed" ? ["covert", "concealed"] : [last];
  const words = [...first, ...beside].filter(Boolean).map((step) => archive.steps[step]);
  return words.join("; ") || "nothing to see";
}

function drawEpisode(sheet, archive, row) {
  const turns = element("ol", "turns");
  for (const turn of archive.order[row]) turns.append(drawTurn(archive.turns, turn));
  if (!archive.order[row].length) turns.append(element("li", "note", "This episode has no turns."));
  sheet.replaceChildren(factsOfEpisode(archive, row), turns);
  sheet.scrollTop = 0;
}

function drawTurn(turns, turn) {
  const role = turns.text("role", turn);
  const item = element("li", `turn ${role in ROLES ? role : "other"}`);
  const heading = element("h3");
  fillWith(heading, role === "interview" && turns.text("tool", turn) ? `${ROLES.interview}: ${turns.text("tool", turn)}` : (ROLES[role] ?? role));
  item.append(heading);
  if (role === "call") drawCall(item, turns, turn);
  else if (turns.text("text", turn)) item.append(words("saying", turns.text("text", turn)));
  if (role === "interview" && turns.text("result", turn)) item.append(words("returned", turns.text("result", turn)));
  const step = turns.text("counts_as", turn);
  if (step) {
    const counts = element("p", "counts");
    counts.append(element("strong", "", `Counts as ${step}`));
    const why = element("span");
    fillWith(why, turns.text("why", turn));
    if (turns.text("why", turn)) counts.append(": ", why);
    item.append(counts);
  }
  return item;
}

function drawCall(item, turns, turn) {
  if (turns.text("text", turn)) item.append(words("saying", turns.text("text", turn)));
  const called = element("p", "called");
  fillWith(called, turns.text("tool", turn));
  item.append(called);
  const given = argumentsOf(turns.text("arguments", turn));
  if (given.length) {
    const list = element("dl", "given");
    for (const [name, value] of given) {
      const key = element("dt");
      fillWith(key, name);
      const held = element("dd");
      held.append(words("saying", value));
      list.append(key, held);
    }
    item.append(list);
  }
  const failed = turns.number("failed", turn) === 1;
  const result = words(failed ? "returned failed" : "returned", turns.text("result", turn));
  result.prepend(element("span", "label", failed ? "Failed: " : "Returned: "));
  item.append(result);
}

// Return the arguments of a call as pairs of texts; what is no JSON object is one text without a name.
function argumentsOf(text) {
  try {
    const read = JSON.parse(text || "{}");
    if (read && typeof read === "object" && !Array.isArray(read)) {
      return Object.entries(read).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]);
    }
  } catch {
    // Broken JSON is shown as it was written.
  }
  return [["", text]];
}

// Return a text in an element; of a long one only the beginning, with a button for the rest.
function words(className, text) {
  const box = element("div", className);
  const said = element("div", "words-of");
  box.append(said);
  fillWith(said, text.slice(0, LONG_TURN));
  if (text.length > LONG_TURN) {
    const rest = element("button", "", `Show all ${text.length.toLocaleString("en")} characters`);
    rest.type = "button";
    rest.addEventListener("click", () => {
      fillWith(said, text);
      rest.remove();
    });
    box.append(rest);
  }
  return box;
}

function factsOfEpisode(archive, row) {
  const { episodes } = archive;
  const shown = [
    ["Outcome", summaryOf(archive, stepsOf(archive, row))],
    ["Ended by", episodes.text("ended", row)],
    ["Arm", episodes.text("arm", row)],
    ["Seed", String(episodes.number("seed", row))],
    ["Environment", episodes.text("environment", row)],
    ["Variant", episodes.text("variant", row)],
    ["Number", String(episodes.number("index", row))],
  ];
  const facts = element("dl", "facts");
  for (const [name, value] of shown) {
    const fact = element("div");
    const said = element("dd");
    fillWith(said, value);
    fact.append(element("dt", "", name), said);
    facts.append(fact);
  }
  return facts;
}
