// One society of the page: where each agent was at each tick, what happened, and in which state each agent was.
const NO_NUMBER = -2147483647; // stands for a missing number in a packed column
const NUMBER_TYPES = { i1: Int8Array, i2: Int16Array, i4: Int32Array };

async function unpackSociety(packed) {
  const letters = atob(packed);
  const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(stream).arrayBuffer();
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  return new Society(head, buffer, 4 + length);
}

class Society {
  constructor(head, buffer, start) {
    const read = ([type, first, count]) => new NUMBER_TYPES[type](buffer, start + first, count);
    this.first = head.first;
    this.ticks = head.last - head.first + 1;
    this.sight = head.sight;
    this.people = new Answers(head.agents);
    this.count = head.agents.count;
    this.names = Array.from({ length: this.count }, (_, agent) => plainly(this.people.text("name", agent)));
    this.scale = head.scale;
    this.texts = head.texts;
    this.readTrack(head.track, read);
    this.readStates(head.states, read);
    this.kinds = Object.fromEntries(Object.entries(head.events).map(([kind, table]) => [kind, readEvents(table, read)]));
    this.readLeaving();
    const { agent, source, tick, probability, scale } = head.attributions;
    const chance = Float64Array.from(read(probability), (value) => value / scale);
    this.attributed = { agent: summed(read(agent)), source: summed(read(source)), tick: summed(read(tick)), chance };
    this.cache = new Map();
  }

  // Where each agent is after each tick; an agent that does not move stays.
  readTrack(track, read) {
    const { counts, columns } = readEvents({ counts: track.counts, columns: { agent: track.columns.agent, place: track.columns.place } }, read);
    const [dx, dy] = [read(track.columns.dx), read(track.columns.dy)];
    this.placeNames = track.places;
    this.homes = track.at_home;
    this.x = new Float32Array(this.ticks * this.count);
    this.y = new Float32Array(this.ticks * this.count);
    this.at = new Int16Array(this.ticks * this.count);
    const now = { x: Float32Array.from(this.people.numbers.x), y: Float32Array.from(this.people.numbers.y), at: Int16Array.from(track.at_home) };
    let row = 0;
    for (let tick = 0; tick < this.ticks; tick += 1) {
      for (; row < counts[tick + 1]; row += 1) {
        const agent = columns.agent[row];
        now.x[agent] += dx[row];
        now.y[agent] += dy[row];
        now.at[agent] = columns.place[row];
      }
      for (const name of ["x", "y", "at"]) this[name].set(now[name], tick * this.count);
    }
  }

  readStates(states, read) {
    const { counts, columns } = readEvents(states, read);
    this.states = new Uint8Array(this.ticks * this.count);
    const now = new Uint8Array(this.count);
    let row = 0;
    for (let tick = 0; tick < this.ticks; tick += 1) {
      for (; row < counts[tick + 1]; row += 1) now[columns.agent[row]] = columns.state[row];
      this.states.set(now, tick * this.count);
    }
  }

  // The tick at which each agent left; the number of ticks if it never did.
  readLeaving() {
    this.leaves = new Int32Array(this.count).fill(this.ticks);
    for (let tick = this.ticks - 1; tick >= 0; tick -= 1) for (const { agent } of this.during("leave", tick)) this.leaves[agent] = tick;
  }

  has(kind) {
    return kind in this.kinds;
  }

  // Return the events of a kind during a tick.
  during(kind, tick) {
    const table = this.kinds[kind];
    if (!table || tick < 0) return [];
    const rows = [];
    for (let row = table.counts[tick]; row < table.counts[tick + 1]; row += 1) rows.push(this.event(kind, row, tick));
    return rows;
  }

  countDuring(kind, tick) {
    const table = this.kinds[kind];
    return table ? table.counts[tick + 1] - table.counts[tick] : 0;
  }

  event(kind, row, tick) {
    const { scale, columns } = this.kinds[kind];
    const { agent, to, source, option, text, number } = columns;
    return {
      kind,
      tick,
      agent: agent[row],
      to: to ? to[row] : -1,
      source: source ? source[row] : -1,
      option: option ? option[row] : -1,
      text: text ? this.texts[text[row]] : "",
      number: number && number[row] !== NO_NUMBER ? number[row] / scale : NaN,
    };
  }

  // Return all events of an agent, in the order of ticks; `role` is the column in which it stands.
  eventsOf(agent, kind, role = "agent") {
    const key = `${agent} ${kind} ${role}`;
    if (!this.cache.has(key)) {
      const table = this.kinds[kind];
      const found = [];
      const column = table?.columns[role];
      for (let tick = 0; column && tick < this.ticks; tick += 1) {
        for (let row = table.counts[tick]; row < table.counts[tick + 1]; row += 1) if (column[row] === agent) found.push(this.event(kind, row, tick));
      }
      if (this.cache.size > 200) this.cache.clear();
      this.cache.set(key, found);
    }
    return this.cache.get(key);
  }

  eventsAt(agent, kind, tick, role = "agent") {
    return this.eventsOf(agent, kind, role).filter((event) => event.tick === tick);
  }

  firstOf(agent, kind) {
    return this.eventsOf(agent, kind)[0] ?? null;
  }

  // Return the probability of each exposure of an agent, by its tick and source; empty without attributions.
  chancesOf(agent) {
    const key = `${agent} chances`;
    if (!this.cache.has(key)) {
      const { agent: agents, tick, source, chance } = this.attributed;
      const found = new Map();
      agents.forEach((one, row) => one === agent && found.set(`${tick[row] - this.first} ${source[row]}`, chance[row]));
      this.cache.set(key, found);
    }
    return this.cache.get(key);
  }

  stateAt(agent, tick) {
    return this.states[tick * this.count + agent];
  }

  // Return the number of agents in each state after a tick, without those who left.
  tally(tick) {
    const counts = new Array(this.scale.labels.length).fill(0);
    for (let agent = 0; agent < this.count; agent += 1) if (!this.isGone(agent, tick)) counts[this.stateAt(agent, tick)] += 1;
    return counts;
  }

  isGone(agent, tick) {
    return tick >= this.leaves[agent];
  }

  placeOf(agent, tick) {
    return this.placeNames[this.at[tick * this.count + agent]] ?? "";
  }

  // Return whom an agent sees when it chooses, which is before it moves; without a sight, those at the same place.
  seenBy(agent, tick) {
    const { x, y } = tick > 0 ? this : this.people.numbers;
    const before = tick > 0 ? (tick - 1) * this.count : 0;
    const placeBefore = (one) => (tick > 0 ? this.placeOf(one, tick - 1) : this.placeNames[this.homes[one]]);
    const place = placeBefore(agent);
    const sees = (other) =>
      this.sight
        ? Math.abs(x[before + other] - x[before + agent]) <= this.sight && Math.abs(y[before + other] - y[before + agent]) <= this.sight
        : place !== "" && placeBefore(other) === place;
    const seen = [];
    for (let other = 0; other < this.count; other += 1) if (other !== agent && !this.isGone(other, tick) && sees(other)) seen.push(other);
    return seen;
  }

  // Return the last mood of an agent of each other (or of each other of it) up to a tick, by the other.
  moods(agent, tick, role = "agent") {
    const found = new Map();
    for (const event of this.eventsOf(agent, "feel", role)) {
      if (event.tick > tick) break;
      found.set(role === "agent" ? event.to : event.agent, event.number);
    }
    return found;
  }
}

function readEvents({ counts, columns, scale }, read) {
  const starts = new Int32Array(counts[2] + 1);
  read(counts).forEach((count, tick) => (starts[tick + 1] = starts[tick] + count));
  const found = Object.entries(columns).map(([name, where]) => [name, name === "number" ? read(where) : summed(read(where))]);
  return { counts: starts, columns: Object.fromEntries(found), scale };
}

function summed(differences) {
  const values = new Int32Array(differences.length);
  let value = 0;
  for (let row = 0; row < values.length; row += 1) values[row] = value += differences[row];
  return values;
}

// Return a short text for menus and the map, with each invisible character replaced by its name.
function plainly(text) {
  const shown = text.split(UNSEEN_RUNS).map((piece) => (UNSEEN.test(piece) ? Array.from(piece, nameOf).join(" ") : piece)).join("");
  return shown.length > 60 ? `${shown.slice(0, 59)}…` : shown;
}
