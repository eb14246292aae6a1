// Lines over the map: who probably passed the meme on to whom, and whom the chosen agent trusts.

const PLAIN_LINES = 80; // lines of a tree; if there are more, each is thinner

// Find out from whom each agent probably has what was passed on, and how sure that is.
class Transmission {
  constructor(society) {
    this.society = society;
    this.kind = society.has("convert") ? "convert" : society.has("adopt") ? "adopt" : "";
    this.turned = new Int32Array(society.count).fill(-1); // the tick at which each agent was converted
    this.sources = new Map(); // the sources of each of them, the most probable one first
    this.attributes = society.attributed.agent.length > 0;
    if (!this.kind) return;
    for (let tick = society.ticks - 1; tick >= 0; tick -= 1) for (const { agent } of society.during(this.kind, tick)) this.turned[agent] = tick;
    if (this.attributes) this.readAttributions();
    else this.takeLastExposures();
  }

  readAttributions() {
    const { agent, source, chance } = this.society.attributed;
    const sums = new Map();
    agent.forEach((one, row) => {
      if (!sums.has(one)) sums.set(one, new Map());
      const of = sums.get(one);
      of.set(source[row], (of.get(source[row]) ?? 0) + chance[row]);
    });
    for (const [one, of] of sums) {
      const heard = [...of].reduce((sum, [from, chance]) => sum + (from >= 0 ? chance : 0), 0);
      of.set(-1, Math.max(0, 1 - heard)); // by itself
      this.sources.set(one, [...of].sort((a, b) => b[1] - a[1]).map(([from, chance]) => ({ from, chance })));
    }
  }

  // Without attributions, the last exposure stands for the source, with an unknown probability.
  takeLastExposures() {
    const { society } = this;
    for (let tick = 0; tick < society.ticks; tick += 1) {
      for (const { agent, source } of society.during("expose", tick)) if (tick <= this.turned[agent] && source >= 0) this.sources.set(agent, [{ from: source, chance: NaN }]);
    }
  }

  // Return the probability that any hearing at all converted an agent.
  sumOf(agent) {
    return (this.sources.get(agent) ?? []).reduce((sum, { from, chance }) => sum + (from >= 0 ? chance : 0), 0);
  }

  isTurned(agent, tick) {
    return this.turned[agent] >= 0 && this.turned[agent] <= tick;
  }

  // Return the most probable source of an agent that is converted by a tick; null if it is not, or is so by itself.
  sourceOf(agent, tick) {
    const best = this.isTurned(agent, tick) ? this.sources.get(agent)?.[0] : null;
    return best && best.from >= 0 ? best : null;
  }

  // Return an agent, its source, the source of that one and so on.
  lineage(agent, tick) {
    const found = new Set();
    for (let one = agent; one >= 0 && !found.has(one); one = this.sourceOf(one, tick)?.from ?? -1) found.add(one);
    return found;
  }
}

class SocietyLines {
  constructor(society) {
    this.society = society;
    this.transmission = new Transmission(society);
  }

  // A solid line ends at an agent whose source has at least an even chance, a dashed one at others. The lines that lead to
  // and from the chosen agent are stronger. Lines of one kind are one path, and many are thinner rather than dashed: both
  // are much faster to draw.
  drawTree(pen, { spots, tones, now, radius }) {
    const { transmission, society } = this;
    const chosen = now.chosen >= 0 ? transmission.lineage(now.chosen, now.tick) : new Set();
    const paths = new Map();
    let count = 0;
    for (let agent = 0; agent < society.count; agent += 1) {
      const source = transmission.sourceOf(agent, now.tick);
      if (!source) continue;
      count += 1;
      const key = `${chosen.has(agent) || source.from === now.chosen ? "strong" : ""} ${source.chance >= 0.5 ? "sure" : ""}`;
      if (!paths.has(key)) paths.set(key, [new Path2D(), new Path2D()]);
      addArrow(...paths.get(key), spots[source.from], spots[agent], radius + 2);
    }
    for (const [key, [line, heads]] of paths) {
      const [isStrong, isSure, areFew] = [key.startsWith("strong"), key.endsWith("sure"), count <= PLAIN_LINES];
      pen.strokeStyle = pen.fillStyle = isStrong ? tones.ink : tones.plain;
      pen.lineWidth = isStrong ? 2 : areFew || isSure ? 1 : 0.4;
      pen.globalAlpha = isStrong || areFew ? 1 : 0.6;
      pen.setLineDash(isSure || !(isStrong || areFew) ? [] : [3, 3]);
      pen.stroke(line);
      pen.fill(heads);
    }
    pen.globalAlpha = 1;
    pen.setLineDash([]);
  }

  // A solid line leads to whom the chosen agent likes, a dashed one to whom it dislikes; the stronger, the thicker.
  drawTrust(pen, { spots, tones, now }) {
    const moods = this.society.moods(now.chosen, now.tick);
    for (const [other, mood] of moods) {
      if (!mood || this.society.isGone(other, now.tick)) continue;
      pen.strokeStyle = mood > 0 ? tones.ink : tones.accent;
      pen.lineWidth = 0.6 + 2.6 * Math.abs(mood);
      pen.setLineDash(mood > 0 ? [] : [6, 4]);
      pen.beginPath();
      pen.moveTo(...spots[now.chosen]);
      pen.lineTo(...spots[other]);
      pen.stroke();
    }
    pen.setLineDash([]);
  }
}

function addArrow(line, heads, [fromX, fromY], [toX, toY], short) {
  const length = Math.hypot(toX - fromX, toY - fromY);
  if (length < 2 * short) return;
  const [alongX, alongY] = [(toX - fromX) / length, (toY - fromY) / length];
  const [tipX, tipY] = [toX - alongX * short, toY - alongY * short];
  line.moveTo(fromX, fromY);
  line.lineTo(tipX, tipY);
  heads.moveTo(tipX, tipY);
  heads.lineTo(tipX - alongX * 6 + alongY * 2.6, tipY - alongY * 6 - alongX * 2.6);
  heads.lineTo(tipX - alongX * 6 - alongY * 2.6, tipY - alongY * 6 + alongX * 2.6);
  heads.closePath();
}
