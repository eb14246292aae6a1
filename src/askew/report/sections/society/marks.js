// The mark of an agent on the map: its shape is the agent’s part, what is inside is its state. No mark differs by colour alone.
const SHAPES = { agent: "circle", good: "circle", bent: "diamond", priest: "triangle", influencer: "square", manager: "star" };
const OTHER_SHAPES = ["hexagon", "square", "triangle", "diamond", "star"];
const CORNERS = { diamond: [4, 0], triangle: [3, 0], square: [4, 0.5], hexagon: [6, 0], star: [5, 0] };
const TONES = ["paper", "wash", "ink", "muted", "rule", "plain", "accent"];

// Return the shape of each part of a society; a part without one of its own gets one that is left.
function shapesOf(parts) {
  const known = parts.filter((part) => Object.hasOwn(SHAPES, part)).map((part) => [part, SHAPES[part]]);
  const left = OTHER_SHAPES.filter((shape) => !known.some(([, taken]) => taken === shape));
  const others = parts.filter((part) => !Object.hasOwn(SHAPES, part)).map((part, place) => [part, left[place % left.length]]);
  return new Map([...known, ...others]);
}

// Return the colours of the page as the theme of the moment has them.
function tonesOf(box) {
  const probe = element("i");
  probe.hidden = true;
  box.append(probe);
  const found = TONES.map((tone) => {
    probe.style.color = `var(--${tone})`;
    return [tone, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(found);
}

function traceShape(pen, shape, x, y, radius) {
  pen.beginPath();
  if (shape === "circle") {
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    return;
  }
  const [corners, turn] = CORNERS[shape];
  const points = shape === "star" ? 2 * corners : corners;
  // Shapes with corners are a little larger, so that all look equally large.
  const reach = radius * { diamond: 1.25, triangle: 1.35, square: 1.25, hexagon: 1.1, star: 1.45 }[shape];
  for (let corner = 0; corner < points; corner += 1) {
    const angle = (2 * Math.PI * (corner + turn)) / points - Math.PI / 2;
    const away = shape === "star" && corner % 2 ? reach * 0.5 : reach;
    pen.lineTo(x + away * Math.cos(angle), y + away * Math.sin(angle));
  }
  pen.closePath();
}

function drawMark(pen, tones, { shape, mark, x, y, radius }) {
  if (mark === "speck") {
    traceShape(pen, shape, x, y, radius * 0.5);
    pen.fillStyle = tones.plain;
    pen.fill();
    return;
  }
  traceShape(pen, shape, x, y, radius);
  pen.fillStyle = mark === "full" ? tones.accent : tones.paper;
  pen.fill();
  pen.strokeStyle = mark === "full" ? tones.accent : tones.ink;
  pen.stroke();
  const inside = { dotted: [0.3, tones.ink], core: [0.6, tones.accent] }[mark];
  if (inside) {
    traceShape(pen, shape, x, y, radius * inside[0]);
    pen.fillStyle = inside[1];
    pen.fill();
  } else if (mark.length === 1) {
    pen.fillStyle = tones.ink;
    pen.font = `600 ${Math.round(radius * 1.3)}px "Askew Sans", Helvetica, Arial, sans-serif`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(mark, x, y + radius * 0.08);
  }
}

// Return a canvas with one mark, for the legend and beside a name.
function markIcon(tones, shape, mark) {
  const [icon, pen] = iconOf(18, "mark-icon");
  pen.lineWidth = 1.3;
  drawMark(pen, tones, { shape, mark, x: 9, y: shape === "triangle" ? 10 : 9, radius: 5.6 });
  return icon;
}

function iconOf(width, name) {
  const icon = element("canvas", name);
  const density = Math.max(devicePixelRatio, 2);
  [icon.width, icon.height] = [width * density, 18 * density];
  icon.setAttribute("aria-hidden", "true");
  const pen = icon.getContext("2d");
  pen.scale(density, density);
  return [icon, pen];
}
