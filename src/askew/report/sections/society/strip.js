// The number of agents in each state over all ticks, above the slider and in line with it.
const STRIP_DASHES = [[], [5, 3], [2, 3], [8, 3, 2, 3]];

class SocietyStrip {
  constructor(canvas, go) {
    this.canvas = canvas;
    canvas.addEventListener("click", (event) => this.society && go(this.tickAt(event)));
    new ResizeObserver(() => this.paint()).observe(canvas);
  }

  show(society) {
    this.society = society;
    this.tallies = Array.from({ length: society.ticks }, (_, tick) => society.tally(tick));
    this.paint();
  }

  tickAt(event) {
    const { left, width } = this.canvas.getBoundingClientRect();
    return Math.round(((event.clientX - left) / width) * (this.society.ticks - 1));
  }

  // Return how the line of a state is drawn; null if it has none. The full state is first; that in which all begin has none.
  styleOf(state, tones) {
    const { marks } = this.society.scale;
    const order = marks.map((mark, place) => [place, mark === "full"]).slice(1).sort((a, b) => b[1] - a[1] || b[0] - a[0]);
    const place = order.findIndex(([one]) => one === state);
    if (place < 0 || place >= STRIP_DASHES.length) return null;
    const leads = marks[state] === "full";
    return { tone: leads ? tones.accent : tones.plain, width: leads ? 2 : 1.3, dash: STRIP_DASHES[place] };
  }

  // Return the line of a state for the legend; null if it has none.
  icon(state, tones) {
    const style = this.styleOf(state, tones);
    if (!style) return null;
    const [icon, pen] = iconOf(24, "dash-icon");
    this.stroke(pen, style, [[0, 9], [24, 9]]);
    return icon;
  }

  stroke(pen, { tone, width, dash }, points) {
    pen.beginPath();
    for (const point of points) pen.lineTo(...point);
    pen.strokeStyle = tone;
    pen.lineWidth = width;
    pen.setLineDash(dash);
    pen.stroke();
    pen.setLineDash([]);
  }

  // Draw the lines, in the colours of the theme.
  paint() {
    const { canvas, society } = this;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!society || !width) return;
    this.tones = tonesOf(canvas.parentElement);
    const density = Math.min(devicePixelRatio || 1, 2);
    canvas.width = Math.round(width * density);
    canvas.height = Math.round(height * density);
    const pen = canvas.getContext("2d");
    pen.scale(density, density);
    const x = (at) => 1 + (at / Math.max(society.ticks - 1, 1)) * (width - 2);
    const y = (count) => height - 2 - (count / society.count) * (height - 6);
    pen.strokeStyle = this.tones.rule;
    pen.strokeRect(0.5, y(society.count) - 1.5, width - 1, height - y(society.count) + 0.5);
    society.scale.labels.forEach((_, state) => {
      const style = this.styleOf(state, this.tones);
      if (style) this.stroke(pen, style, this.tallies.map((counts, at) => [x(at), y(counts[state])]));
    });
  }
}
