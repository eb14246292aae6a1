// The island: land, places and agents on a canvas. The land is around all cells where anyone was, a place around its own.
const SHORE = 0.05; // of the map’s width: how far the land goes beyond the agents
const MAP_HEAD = 16; // pixels above the island, for the name of a place at its coast
const GOLDEN_ANGLE = 2.399963;

// Return the corners of the smallest convex shape around points (Andrew’s monotone chain).
function hullOf(points) {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const turns = ([ax, ay], [bx, by], [cx, cy]) => (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
  const half = (order) => {
    const found = [];
    for (const point of order) {
      while (found.length > 1 && turns(found.at(-2), found.at(-1), point) <= 0) found.pop();
      found.push(point);
    }
    return found.slice(0, -1);
  };
  return sorted.length < 3 ? sorted : [...half(sorted), ...half([...sorted].reverse())];
}

class SocietyMap {
  constructor(box, canvas, pick) {
    this.box = box;
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.land = document.createElement("canvas");
    this.pick = pick;
    this.pointed = -1;
    this.now = { tick: 0, part: 0, chosen: -1, tree: true, trust: true, names: false };
    box.addEventListener("click", (event) => this.pick(this.agentAt(event)));
    box.addEventListener("pointermove", (event) => this.point(event.pointerType === "mouse" ? this.agentAt(event) : -1));
    box.addEventListener("pointerleave", () => this.point(-1));
    new ResizeObserver(() => this.resize()).observe(canvas);
  }

  show(society, lines) {
    this.society = society;
    this.lines = lines;
    this.pointed = -1;
    this.shapes = shapesOf(society.people.texts.part.values);
    this.measure();
    this.resize();
  }

  // Find the extent of the island and the outlines of its places.
  measure() {
    const { society } = this;
    const cells = new Map([["", new Map()]]);
    const visit = (xs, ys, places) =>
      xs.forEach((x, at) => {
        const place = places[at % places.length];
        if (!cells.has(place)) cells.set(place, new Map());
        cells.get(place).set(`${x} ${ys[at]}`, [x, ys[at]]);
      });
    visit(society.people.numbers.x, society.people.numbers.y, society.homes);
    visit(society.x, society.y, society.at);
    const every = [...cells.values()].flatMap((points) => [...points.values()]);
    this.coast = hullOf(every);
    this.places = [...cells].map(([place, points]) => ({ name: society.placeNames[place] ?? "", hull: hullOf(points.values()) })).filter(({ name }) => name);
    const [left, top] = [0, 1].map((side) => Math.min(...this.coast.map((point) => point[side])));
    const [right, bottom] = [0, 1].map((side) => Math.max(...this.coast.map((point) => point[side])));
    const size = Math.max(right - left, bottom - top, 1);
    this.extent = { left, top, width: Math.max(right - left, size / 3), height: Math.max(bottom - top, size / 3) };
  }

  // Fit the island into the width; the height follows from its shape.
  resize() {
    const { clientWidth: width } = this.canvas;
    if (!this.society || !width) return;
    const { extent } = this;
    this.shore = Math.min(Math.max(SHORE * width, 18), 32);
    const [inside, around] = [width - 2 * this.shore, 2 * this.shore + MAP_HEAD];
    const height = Math.round(Math.min(Math.max((inside * extent.height) / extent.width + around, 280), 620));
    this.box.style.height = `${height}px`;
    this.width = width; // reading it from the canvas would lay the page out again
    this.density = Math.min(devicePixelRatio || 1, 2);
    for (const canvas of [this.canvas, this.land]) {
      canvas.width = Math.round(width * this.density);
      canvas.height = Math.round(height * this.density);
    }
    this.scale = Math.min(inside / extent.width, (height - around) / extent.height);
    this.left = (width - this.scale * extent.width) / 2 - this.scale * extent.left;
    this.top = (height + MAP_HEAD - this.scale * extent.height) / 2 - this.scale * extent.top;
    this.radius = Math.max(2.6, Math.min(8, 0.5 * this.scale));
    if (this.society.scale.kind === "roles") this.radius = Math.max(this.radius, 5.5);
    this.paint();
  }

  // Draw again in the colours of the theme.
  paint() {
    if (!this.society || !this.canvas.clientWidth) return;
    this.tones = tonesOf(this.box);
    this.pictures = new Map();
    this.drawLand();
    this.draw();
  }

  drawLand() {
    const { tones } = this;
    const pen = this.land.getContext("2d");
    pen.setTransform(this.density, 0, 0, this.density, 0, 0);
    pen.clearRect(0, 0, this.land.width, this.land.height);
    this.drawArea(pen, this.coast, this.shore - 1, tones.wash, tones.plain);
    for (const { hull } of this.places) this.drawArea(pen, hull, this.radius * 1.7, tones.paper, tones.rule);
  }

  // Draw the area around a hull, on a slightly larger one in the colour of its edge.
  drawArea(pen, hull, reach, inside, edge) {
    const trace = (width, tone) => {
      pen.beginPath();
      for (const point of hull) pen.lineTo(...this.onCanvas(...point));
      pen.closePath();
      pen.lineJoin = pen.lineCap = "round";
      pen.lineWidth = width;
      pen.strokeStyle = pen.fillStyle = tone;
      pen.stroke();
      pen.fill();
    };
    trace(2 * reach + 2, edge);
    trace(2 * reach, inside);
  }

  // Names of places stand above the agents.
  drawPlaceNames() {
    for (const { name, hull } of this.places) {
      const points = hull.map((point) => this.onCanvas(...point));
      const xs = points.map(([x]) => x);
      const top = Math.min(...points.map((point) => point[1])) - this.radius * 1.7 - 4;
      this.write(plainly(name), (Math.min(...xs) + Math.max(...xs)) / 2, top, { tone: this.tones.muted, weight: 400 });
    }
  }

  // Write a text above a spot, but inside the canvas. Texts are pictures, too.
  write(text, x, y, { tone, weight = 600 }) {
    const key = `text ${tone} ${weight} ${text}`;
    if (!this.pictures.has(key)) this.pictures.set(key, this.pictureOfText(text, tone, weight));
    const picture = this.pictures.get(key);
    const [width, height] = [picture.width / this.density, picture.height / this.density];
    const left = Math.min(Math.max(x - width / 2, 0), Math.max(this.width - width, 0));
    const [atX, atY] = [left, Math.max(y - height + 5, 0)].map((at) => Math.round(at * this.density) / this.density);
    this.pen.drawImage(picture, atX, atY, width, height);
  }

  // Letters have an edge in the colour of the land.
  pictureOfText(text, tone, weight) {
    const { tones, density } = this;
    const picture = document.createElement("canvas");
    const pen = picture.getContext("2d");
    const font = `${weight} 12.5px "Askew Sans", Helvetica, Arial, sans-serif`;
    pen.font = font;
    picture.width = Math.ceil((pen.measureText(text).width + 4) * density);
    picture.height = Math.ceil(19 * density);
    pen.scale(density, density);
    pen.font = font;
    pen.lineJoin = "round";
    pen.lineWidth = 3.5;
    pen.strokeStyle = tones.wash;
    pen.strokeText(text, 2, 14);
    pen.fillStyle = tone;
    pen.fillText(text, 2, 14);
    return picture;
  }

  onCanvas(x, y) {
    return [this.left + this.scale * x, this.top + this.scale * y];
  }

  // Return where an agent is drawn: a little beside its cell, always the same way, so that agents in one cell are apart.
  spot(agent) {
    const { society } = this;
    const { tick, part } = this.now;
    const here = tick * society.count + agent;
    const next = part && tick + 1 < society.ticks ? here + society.count : here;
    const beside = 0.28 * Math.sqrt((agent % 37) / 37);
    const angle = agent * GOLDEN_ANGLE;
    return this.onCanvas(
      society.x[here] + part * (society.x[next] - society.x[here]) + beside * Math.cos(angle),
      society.y[here] + part * (society.y[next] - society.y[here]) + beside * Math.sin(angle),
    );
  }

  draw() {
    const { pen, society, tones, now } = this;
    if (!society || !tones) return;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    pen.drawImage(this.land, 0, 0);
    pen.setTransform(this.density, 0, 0, this.density, 0, 0);
    this.spots = Array.from({ length: society.count }, (_, agent) => this.spot(agent));
    if (now.tree) this.lines.drawTree(pen, this);
    if (now.trust && now.chosen >= 0) this.lines.drawTrust(pen, this);
    const speaks = new Set(society.during("say", now.tick).map(({ agent }) => agent));
    for (let agent = 0; agent < society.count; agent += 1) this.drawAgent(agent, speaks.has(agent));
    this.drawPlaceNames();
    this.drawNames();
  }

  // Agents of one look are copies of one picture, at whole pixels, which is much faster than to draw each.
  drawAgent(agent, speaks) {
    const { society, now, density } = this;
    const isGone = society.isGone(agent, now.tick);
    const shape = this.shapes.get(society.people.text("part", agent));
    const mark = isGone ? "gone" : society.scale.marks[society.stateAt(agent, now.tick)];
    const key = `${shape} ${mark} ${speaks}`;
    if (!this.pictures.has(key)) this.pictures.set(key, this.pictureOf(shape, mark, speaks));
    const picture = this.pictures.get(key);
    const [x, y] = this.spots[agent].map((at) => Math.round(at * density - picture.width / 2) / density);
    this.pen.drawImage(picture, x, y, picture.width / density, picture.height / density);
  }

  // A thin ring is around whoever speaks during the tick, a cross stands for whoever left.
  pictureOf(shape, mark, speaks) {
    const { tones, radius, density } = this;
    const picture = document.createElement("canvas");
    picture.width = picture.height = 2 * Math.ceil((radius * 1.5 + 4) * density);
    const pen = picture.getContext("2d");
    pen.scale(density, density);
    pen.translate(picture.width / density / 2, picture.width / density / 2);
    pen.lineWidth = radius < 4 ? 1 : 1.3;
    if (mark !== "gone") drawMark(pen, tones, { shape, mark, x: 0, y: 0, radius });
    pen.strokeStyle = tones.muted;
    pen.beginPath();
    if (mark === "gone") {
      for (const way of [1, -1]) {
        pen.moveTo(-radius * 0.7, -way * radius * 0.7);
        pen.lineTo(radius * 0.7, way * radius * 0.7);
      }
    } else if (speaks) pen.arc(0, 0, radius * 1.35 + 2, 0, 2 * Math.PI);
    pen.lineWidth = mark === "gone" ? 1.3 : 1;
    pen.stroke();
    return picture;
  }

  drawNames() {
    const { society, tones, now, radius, pen } = this;
    const above = (agent) => [this.spots[agent][0], this.spots[agent][1] - radius * 1.5 - (agent === now.chosen ? 7 : 4)];
    if (now.names) for (let agent = 0; agent < society.count; agent += 1) this.write(society.names[agent], ...above(agent), { tone: tones.ink, weight: 400 });
    for (const agent of new Set([this.pointed, now.chosen])) if (agent >= 0) this.write(society.names[agent], ...above(agent), { tone: tones.ink });
    if (now.chosen < 0) return;
    pen.strokeStyle = tones.ink;
    pen.lineWidth = 2.2;
    pen.beginPath();
    pen.arc(...this.spots[now.chosen], radius * 1.6 + 3, 0, 2 * Math.PI);
    pen.stroke();
  }

  point(agent) {
    if (agent === this.pointed) return;
    this.pointed = agent;
    this.box.classList.toggle("pointing", agent >= 0);
    this.draw();
  }

  agentAt(event) {
    const { left, top } = this.canvas.getBoundingClientRect();
    const reach = event.pointerType === "touch" ? 26 : 14;
    return this.nearest(event.clientX - left, event.clientY - top, (distance) => distance <= Math.max(reach, this.radius + 4));
  }

  nearest(x, y, allows) {
    let [found, least] = [-1, Infinity];
    (this.spots ?? []).forEach(([ax, ay], agent) => {
      const distance = Math.hypot(ax - x, ay - y);
      if (distance < least && allows(distance)) [found, least] = [agent, distance];
    });
    return found;
  }

  // Return the next agent in a direction, by nearness and by how straight the way is.
  towards(agent, dx, dy) {
    const [x, y] = this.spots[agent];
    let [found, least] = [agent, Infinity];
    this.spots.forEach(([ax, ay], other) => {
      const ahead = (ax - x) * dx + (ay - y) * dy;
      const aside = Math.abs((ax - x) * dy) + Math.abs((ay - y) * dx);
      const cost = ahead + 2 * aside;
      if (other !== agent && ahead > 0.5 && aside <= 1.5 * ahead && cost < least) [found, least] = [other, cost];
    });
    return found;
  }
}
