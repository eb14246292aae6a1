// What one agent saw, heard, thought, did and said at a tick and before, its moods, and why it counts as converted.
const TICKS_AT_ONCE = 6; // ticks of an agent’s past that are shown at first; a button shows more
const SAID_AT_ONCE = 600; // characters of a text that are shown at first
const MOODS_AT_ONCE = 8;
const PRIVATE_KINDS = ["opinion", "belief", "believe"];

const hundredths = (share) => `${Math.round(100 * share)}%`;
const signed = (mood) => (Math.round(100 * mood) / 100).toFixed(2).replace("-", "−");
const amountOf = (event) => [Number.isNaN(event.number) ? "" : String(event.number), event.text].filter(Boolean).join(" ");

// Kinds of events that are written as a name and a text, in the order in which they stand in a tick.
const TOLD_KINDS = {
  think: (event) => ["Thought", event.text],
  act: (event) => ["Chose", event.text, Number.isNaN(event.number) ? "" : `with a chance of ${hundredths(event.number)}`],
  say: (event) => ["Said", event.text],
  gather: (event) => ["Gathered", amountOf(event)],
  put: (event) => ["Put into the store", amountOf(event)],
  take: (event) => ["Took from the store", amountOf(event)],
  eat: () => ["Ate", "a meal"],
  rest: () => ["Rested", ""],
  pay: (event) => ["Paid", hundredths(event.number)],
  amend: (event) => ["Proposed a law", event.text],
  vote: (event) => ["Voted for", event.text || `side ${event.option}`],
  adopt: (event) => ["First spoke of it", event.text],
  convert: () => ["First believed it", "asked in private"],
  leave: () => ["Left", "the island"],
  miss: (event) => ["No usable answer", event.text && `asked about: ${event.text}`],
};

class AgentPanel {
  constructor(box, society, lines, go) {
    Object.assign(this, { box, society, lines, go });
    this.earlier = TICKS_AT_ONCE;
    this.agent = -1;
    this.top = 0; // how far the panel is scrolled; reading it while the panel is filled would lay the page out once more
    box.onscroll = () => (this.top = box.scrollTop);
  }

  // Show an agent after a tick.
  show(agent, tick, icon) {
    const isSame = agent === this.agent;
    if (!isSame) this.earlier = TICKS_AT_ONCE;
    const { top } = this;
    Object.assign(this, { agent, tick });
    const heading = element("h3", "who");
    heading.append(icon, element("span", "", this.society.names[agent]));
    const now = element("div", "past now");
    now.append(this.moment(tick));
    this.box.replaceChildren(heading, this.facts(), now, ...this.reasons(), ...this.trust(), ...this.past());
    if (top) this.box.scrollTop = isSame ? top : 0;
  }

  // A button that chooses another agent.
  named(agent) {
    if (agent < 0) return element("span", "", "nobody");
    const button = element("button", "agent-name", this.society.names[agent]);
    button.type = "button";
    button.addEventListener("click", () => this.go(agent));
    return button;
  }

  // Its part, state, home and model, on one line.
  facts() {
    const { society, agent, tick } = this;
    const { people } = society;
    const [home, model] = ["home", "model"].map((name) => people.text(name, agent));
    const line = element("p", "about");
    const shown = [
      people.text("part", agent),
      society.scale.kind === "none" ? "" : society.scale.labels[society.stateAt(agent, tick)],
      society.isGone(agent, tick) ? "left the island" : "",
      home && `home: ${home}`,
      model && `model: ${model}`,
    ];
    fillWith(line, shown.filter(Boolean).join(" · "));
    return line;
  }

  // Why it counts as converted: what it said and believed first, and each exposure with its probability.
  reasons() {
    const { society, agent, tick } = this;
    const [adopted, converted] = ["adopt", "convert"].map((kind) => society.firstOf(agent, kind));
    const exposures = society.eventsOf(agent, "expose").filter((event) => event.tick <= tick);
    const has = (event) => event !== null && event.tick <= tick;
    if (!has(adopted) && !has(converted) && !exposures.length) return [];
    const parts = [element("h4", "", has(converted) || has(adopted) ? "Why it counts as converted" : "Not converted so far")];
    if (has(adopted)) parts.push(sentence(`It used a keyword in public for the first time at tick ${society.first + adopted.tick}${adopted.text ? ": " : "."}`, adopted.text));
    if (has(converted)) parts.push(sentence(`Asked in private, it said for the first time at tick ${society.first + converted.tick} that it believes.`));
    if (has(adopted) && !has(converted)) parts.push(sentence("It has not said in private that it believes: to speak of something is not to believe it."));
    return [...parts, ...this.exposures(exposures)];
  }

  // The times that it heard of it. Once it is converted, those before are listed, with the probability of each.
  exposures(all) {
    const { society, agent, tick } = this;
    const { transmission } = this.lines;
    const isTurned = transmission.isTurned(agent, tick);
    const events = isTurned ? all.filter((event) => event.tick <= transmission.turned[agent]) : all;
    const times = (count) => (count === 1 ? "once" : `${count.toLocaleString("en")} times`);
    const since = all.length > events.length ? [sentence(`Since then it has heard of it ${times(all.length - events.length)}.`)] : [];
    if (!events.length) return [sentence(`It had heard of it from nobody${isTurned ? " before" : ""}.`), ...since];
    const chances = society.chancesOf(agent);
    const knows = isTurned && chances.size > 0;
    const rows = events.map((event) => ({ ...event, chance: chances.get(`${event.tick} ${event.source}`) ?? 0 }));
    if (knows) rows.sort((a, b) => b.chance - a.chance);
    const note = knows ? ", the likeliest first. The bar is the probability that this time converted it." : isTurned ? ". The run has no probabilities for that." : ".";
    const rest = knows ? 1 - this.lines.transmission.sumOf(agent) : 0;
    if (rest >= 0.005) since.unshift(sentence(`That it came to it by itself has a probability of ${hundredths(rest)}.`));
    const heard = `${isTurned ? "Before, it had" : "It has"} heard of it ${times(rows.length)}${note}`;
    return [sentence(heard), longList(rows, 5, (row) => this.exposure(row, knows), "exposures"), ...since];
  }

  exposure(event, knows) {
    const { society } = this;
    const item = element("li", "exposure");
    const head = element("div", "from");
    head.append(element("span", "", `Tick ${society.first + event.tick}, from `), this.named(event.source));
    if (knows) {
      const bar = element("span", "chance");
      bar.style.setProperty("--chance", event.chance);
      head.append(bar, element("span", "unseen", "probability: "), element("span", "number", event.chance ? hundredths(event.chance) : "<0.1%"));
    }
    item.append(head);
    const heard = event.text || society.eventsAt(event.agent, "hear", event.tick).find((one) => one.source === event.source)?.text;
    if (heard) item.append(longText(heard));
    return item;
  }

  // The ticks before, the last one first.
  past() {
    const { society, agent, tick } = this;
    if (tick === 0) return [];
    const list = element("ol", "past");
    const until = Math.max(0, tick - this.earlier);
    for (let at = tick - 1; at >= until; at -= 1) list.append(this.moment(at));
    const parts = [element("h4", "", "Before"), list];
    if (until > 0) parts.push(this.moreOfPast(Math.min(until, 2 * TICKS_AT_ONCE), list.children.length));
    return parts;
  }

  moreOfPast(more, known) {
    const button = element("button", "more", `Show ${more} earlier ticks`);
    button.type = "button";
    button.addEventListener("click", () => {
      this.earlier += more;
      this.show(this.agent, this.tick, this.box.querySelector(".mark-icon"));
      const next = this.box.querySelectorAll("ol.past > li")[known];
      next.tabIndex = -1;
      next.focus();
    });
    return button;
  }

  moment(tick) {
    const { society, agent } = this;
    const item = element(tick === this.tick ? "div" : "li");
    const list = element("dl", "told");
    const add = (name, ...said) => {
      const fact = element("div");
      const told = element("dd");
      told.append(...said);
      fact.append(element("dt", "", name), told);
      list.append(fact);
    };
    const seen = society.seenBy(agent, tick);
    if (!society.isGone(agent, tick)) add(society.sight ? "Saw" : "Was with", ...this.several(seen));
    for (const event of society.eventsAt(agent, "hear", tick)) add("Heard", this.named(event.source), longText(event.text));
    for (const [name, ...said] of this.told(tick)) add(name, ...said);
    for (const event of society.eventsAt(agent, "feel", tick)) add("Mood of", this.named(event.to), ` ${signed(event.number)}`, event.text ? longText(event.text) : "");
    item.append(element(tick === this.tick ? "h4" : "h5", "when", `Tick ${society.first + tick}${society.placeOf(agent, tick) ? `, ${plainly(society.placeOf(agent, tick))}` : ""}`), list);
    return item;
  }

  // What it thought, did and said; a choice that is what it said or voted for stands there once.
  told(tick) {
    const { society, agent } = this;
    const said = new Set(society.eventsAt(agent, "say", tick).map((event) => event.text));
    const hasActed = society.eventsAt(agent, "act", tick).length > 0;
    const rows = [];
    for (const [kind, tell] of Object.entries(TOLD_KINDS)) {
      for (const event of society.eventsAt(agent, kind, tick)) {
        if ((kind === "act" && said.has(event.text)) || (kind === "vote" && hasActed)) continue;
        const [name, text, note] = tell(event);
        rows.push([name, text ? longText(text) : "", note ? element("span", "small", note) : ""]);
      }
    }
    for (const event of society.eventsAt(agent, "give", tick)) rows.push(["Gave", `${amountOf(event)} to `, this.named(event.to)]);
    for (const event of society.eventsAt(agent, "give", tick, "to")) rows.push(["Got", `${amountOf(event)} from `, this.named(event.agent)]);
    for (const kind of PRIVATE_KINDS) {
      for (const event of society.eventsAt(agent, kind, tick)) rows.push(["In private", longText(event.text || sideInWords(society, event)), chanceOfSide(event)]);
    }
    return rows;
  }

  several(agents) {
    if (!agents.length) return ["nobody"];
    const named = agents.slice(0, 6).flatMap((one, place) => [place ? ", " : "", this.named(one)]);
    return [...named, agents.length > 6 ? ` and ${agents.length - 6} more` : ""];
  }

  // Its moods of others, and theirs of it, the strongest first.
  trust() {
    const { society, agent, tick } = this;
    const [own, others] = [society.moods(agent, tick), society.moods(agent, tick, "to")];
    const all = [...new Set([...own.keys(), ...others.keys()])].filter((other) => other >= 0);
    if (!all.length) return [];
    const strength = (other) => Math.max(Math.abs(own.get(other) ?? 0), Math.abs(others.get(other) ?? 0));
    all.sort((a, b) => strength(b) - strength(a));
    const table = element("table", "moods");
    const head = table.createTHead().insertRow();
    for (const name of ["Agent", "its mood of them", "theirs of it"]) head.append(Object.assign(element("th", name === "Agent" ? "" : "number", name), { scope: "col" }));
    const body = table.createTBody();
    const fill = (some) => some.forEach((other) => this.moodRow(body.insertRow(), other, own.get(other), others.get(other)));
    fill(all.slice(0, MOODS_AT_ONCE));
    const rest = all.slice(MOODS_AT_ONCE);
    const parts = [element("h4", "", "Trust, from −1 to 1"), table];
    if (rest.length) parts.push(moreButton(`Show all ${all.length}`, () => fill(rest)));
    return parts;
  }

  moodRow(row, other, own, theirs) {
    const name = element("th");
    name.scope = "row";
    name.append(this.named(other));
    row.append(name);
    for (const mood of [own, theirs]) {
      const cell = element("td", "number");
      if (mood === undefined) cell.textContent = "–";
      else {
        const bar = element("span", mood < 0 ? "mood below" : "mood");
        bar.style.setProperty("--mood", Math.abs(mood));
        cell.append(bar, signed(mood));
      }
      row.append(cell);
    }
  }
}

function sideInWords(society, event) {
  return society.scale.kind === "spread" ? (event.option === 1 ? "It believes." : "It does not believe.") : `side ${event.option}`;
}

function chanceOfSide(event) {
  return Number.isNaN(event.number) ? "" : element("span", "small", `chance of side 1: ${hundredths(event.number)}`);
}

function sentence(text, quoted = "") {
  const said = element("p", "reason", text);
  if (quoted) said.append(longText(quoted));
  return said;
}

// Return a text that an agent wrote; of a long one only the beginning, with a button for the rest.
function longText(text) {
  const box = element("span", "spoken");
  const said = element("span");
  fillWith(said, text.slice(0, SAID_AT_ONCE));
  box.append(said);
  if (text.length > SAID_AT_ONCE) box.append(moreButton("Show all of it", () => fillWith(said, text)));
  return box;
}

function longList(rows, most, draw, name) {
  const box = element("div");
  const list = element("ol", name);
  list.append(...rows.slice(0, most).map(draw));
  box.append(list);
  if (rows.length > most) box.append(moreButton(`Show all ${rows.length.toLocaleString("en")}`, () => list.append(...rows.slice(most).map(draw))));
  return box;
}

// Return a button that works once.
function moreButton(label, show) {
  const button = element("button", "more", label);
  button.type = "button";
  button.addEventListener("click", () => {
    show();
    button.remove();
  });
  return button;
}
