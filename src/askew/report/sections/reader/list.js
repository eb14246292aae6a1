// A list with any number of rows that draws only the visible ones.
const ROW_HEIGHT = 62;
const SPARE_ROWS = 4;

class List {
  constructor(box, draw, choose, name = "row") {
    this.box = box;
    this.name = name; // its rows have ids NAME-PLACE
    this.draw = draw;
    this.choose = choose;
    this.rows = new Uint32Array();
    this.at = -1;
    this.track = document.createElement("div");
    this.track.setAttribute("role", "presentation");
    box.replaceChildren(this.track);
    box.addEventListener("scroll", () => requestAnimationFrame(() => this.paint()), { passive: true });
    box.addEventListener("click", (event) => {
      // By its place, not by its element: rows are drawn anew while the list scrolls, also between press and release.
      const place = Math.floor((event.clientY - this.track.getBoundingClientRect().top) / ROW_HEIGHT);
      if (place >= 0 && place < this.rows.length) this.go(place);
    });
    box.addEventListener("keydown", (event) => this.onKey(event));
    new ResizeObserver(() => this.paint()).observe(box);
  }

  show(rows, row) {
    this.rows = rows;
    this.at = rows.indexOf(row);
    this.track.style.height = `${rows.length * ROW_HEIGHT}px`;
    this.box.scrollTop = this.at < 0 ? 0 : Math.max(0, this.at * ROW_HEIGHT - this.box.clientHeight / 3);
    this.paint();
  }

  go(place) {
    if (!this.rows.length) return;
    this.at = Math.min(Math.max(place, 0), this.rows.length - 1);
    const top = this.at * ROW_HEIGHT;
    const bottom = top + ROW_HEIGHT - this.box.clientHeight;
    if (this.box.scrollTop > top) this.box.scrollTop = top;
    else if (this.box.scrollTop < bottom) this.box.scrollTop = bottom;
    this.paint();
    this.choose(this.rows[this.at]);
  }

  onKey(event) {
    const page = Math.max(1, Math.floor(this.box.clientHeight / ROW_HEIGHT) - 1);
    const to = {
      ArrowDown: this.at + 1,
      ArrowUp: this.at - 1,
      PageDown: this.at + page,
      PageUp: this.at - page,
      Home: 0,
      End: this.rows.length - 1,
    }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.go(to);
  }

  paint() {
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW_HEIGHT) - SPARE_ROWS);
    const inSight = Math.ceil(this.box.clientHeight / ROW_HEIGHT) + 2 * SPARE_ROWS;
    const last = Math.min(this.rows.length, first + inSight);
    const drawn = [];
    for (let place = first; place < last; place += 1) drawn.push(this.rowAt(place));
    this.track.replaceChildren(...drawn);
    if (this.at >= first && this.at < last) this.box.setAttribute("aria-activedescendant", `${this.name}-${this.at}`);
    else this.box.removeAttribute("aria-activedescendant");
  }

  rowAt(place) {
    const row = document.createElement("div");
    row.className = "row";
    row.id = `${this.name}-${place}`;
    row.dataset.place = place;
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", String(place === this.at));
    row.setAttribute("aria-setsize", this.rows.length);
    row.setAttribute("aria-posinset", place + 1);
    row.style.transform = `translateY(${place * ROW_HEIGHT}px)`;
    this.draw(row, this.rows[place]);
    return row;
  }
}
