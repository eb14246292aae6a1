// Connects the filters, the list and the open episode. A link with #episode=NAME opens an episode.
const EPISODES_PRINTED = 10;

class EpisodeReader {
  constructor(section, archive) {
    this.section = section;
    this.archive = archive;
    this.row = -1;
    this.desk = this.find(".desk");
    this.form = this.find(".filters");
    const draw = (box, row) => drawEpisodeRow(box, archive, row);
    this.list = new List(this.find(".list"), draw, (row) => this.open(row), "episode");
    this.offer();
    this.listen();
    this.refresh();
    this.follow(location.hash);
  }

  find(selector) {
    return this.section.querySelector(selector);
  }

  // Fill the menus with their choices, and hide a menu that has only one.
  offer() {
    const { episodes, steps } = this.archive;
    for (const name of ["arm", "environment", "variant"]) this.fillMenu(name, episodes.texts[name].values);
    this.fillMenu("seed", [...new Set(episodes.numbers.seed)].sort((a, b) => a - b));
    const found = new Set(episodes.texts.steps.values.flatMap((value) => value.split("|")));
    const known = Object.entries(steps).filter(([step]) => found.has(step));
    this.form.elements.step.append(...known.map(([step, said]) => new Option(said, step)));
  }

  fillMenu(name, values) {
    const menu = this.form.elements[name];
    menu.append(...values.map((value) => new Option(String(value), String(value))));
    menu.closest("label").hidden = values.length < 2;
  }

  listen() {
    let waiting;
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => this.refresh(), 80);
    });
    this.find(".reset").addEventListener("click", () => {
      this.form.reset();
      this.refresh();
    });
    this.find(".previous").addEventListener("click", () => this.step(-1));
    this.find(".next").addEventListener("click", () => this.step(1));
    this.find(".back").addEventListener("click", () => this.close());
    this.find(".copy-link").addEventListener("click", () => this.copyLink());
    this.find(".opened").addEventListener("keydown", (event) => this.onKey(event));
    addEventListener("beforeprint", () => this.print());
    addEventListener("hashchange", (event) => this.follow(new URL(event.newURL).hash));
  }

  onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by) this.step(by);
    else if (event.key === "Escape") this.close();
  }

  step(by) {
    this.list.go(this.list.at + by);
  }

  wanted() {
    return Object.fromEntries(EPISODE_FIELDS.map((name) => [name, this.form.elements[name].value.trim()]));
  }

  refresh() {
    const rows = selectEpisodes(this.archive, this.wanted());
    if (this.row >= 0 && !rows.includes(this.row)) this.forget();
    this.list.show(rows, this.row);
    this.find(".nothing").hidden = rows.length > 0;
    const total = element("strong", "", rows.length.toLocaleString("en"));
    this.find(".count").replaceChildren(total, ` of ${this.archive.episodes.count.toLocaleString("en")} episodes`);
  }

  open(row) {
    this.row = row;
    this.desk.classList.add("reading");
    drawEpisode(this.find(".sheet"), this.archive, row);
    this.find(".previous").disabled = this.list.at <= 0;
    this.find(".next").disabled = this.list.at >= this.list.rows.length - 1;
    this.find(".copied").textContent = "";
    this.find(".copy-link").hidden = false;
    // On a phone the episode takes the place of the list, which may be scrolled half out of sight.
    if (getComputedStyle(this.list.box).display === "none") this.desk.scrollIntoView({ behavior: "instant" });
  }

  // Empty the sheet, because the filters exclude the episode that was open.
  forget() {
    this.row = -1;
    this.desk.classList.remove("reading");
    this.find(".sheet").replaceChildren(element("p", "note", "Choose an episode to read it turn by turn."));
    for (const name of [".previous", ".next"]) this.find(name).disabled = true;
    this.find(".copied").textContent = "";
    this.find(".copy-link").hidden = true;
  }

  close() {
    this.desk.classList.remove("reading");
    this.list.box.focus();
    this.list.paint();
  }

  nameOf(row) {
    const { episodes } = this.archive;
    const texts = ["arm", "environment", "variant"].map((name) => episodes.text(name, row));
    return [...texts, episodes.number("seed", row), episodes.number("index", row)].join(".");
  }

  async copyLink() {
    const fragment = `#${new URLSearchParams({ episode: this.nameOf(this.row) })}`;
    const said = this.find(".copied");
    try {
      await navigator.clipboard.writeText(location.href.split("#")[0] + fragment);
      said.textContent = "Copied";
    } catch {
      // The browser allows no clipboard here: put the link where the reader can copy it.
      history.replaceState(null, "", fragment);
      said.textContent = "The link is in the address bar";
    }
  }

  follow(fragment) {
    const name = new URLSearchParams(fragment.slice(1)).get("episode");
    if (name === null) return;
    const rows = this.archive.order.length;
    let row = 0;
    while (row < rows && this.nameOf(row) !== name) row += 1;
    this.find(".lost").hidden = row < rows;
    this.form.reset();
    this.row = row < rows ? row : -1;
    this.refresh();
    if (this.row >= 0) this.open(this.row);
    (this.row < 0 ? this.section : this.desk).scrollIntoView();
  }

  // Put the first episodes of the list on paper, the open one first, and say which are left out.
  print() {
    const chosen = this.row >= 0 ? [this.row, ...this.list.rows.filter((row) => row !== this.row)] : [...this.list.rows];
    const printed = chosen.slice(0, EPISODES_PRINTED);
    const count = (number) => number.toLocaleString("en");
    const note = `Printed: ${count(printed.length)} of the ${count(chosen.length)} episodes that match the filters. All turns are in episodes.parquet.`;
    const articles = printed.map((row) => {
      const article = element("article");
      drawEpisode(article, this.archive, row);
      return article;
    });
    this.find(".printed").replaceChildren(element("p", "note", note), ...articles);
  }
}

async function startEpisodes(section) {
  const packed = document.getElementById("packed-episodes");
  const state = section.querySelector(".state");
  const where = "They are all in episodes.parquet, in the same folder as this page.";
  state.hidden = false;
  if (typeof DecompressionStream === "undefined") {
    state.textContent = `This browser cannot unpack the episodes. ${where}`;
    return;
  }
  let data;
  try {
    data = await unpack(packed.textContent.trim());
    data = { ...data, episodes: new Answers(data.episodes), turns: new Answers(data.turns) };
  } catch (error) {
    state.textContent = `The episodes in this page cannot be unpacked (${error.message}): the file is damaged. ${where}`;
    return;
  }
  section.querySelector(".whole").hidden = false;
  state.hidden = true;
  new EpisodeReader(section, data);
  section.dataset.ready = "yes";
}

// Wait for the first paint: the page above can be read while the episodes are unpacked.
requestAnimationFrame(() => setTimeout(() => startEpisodes(document.getElementById("episodes"))));
