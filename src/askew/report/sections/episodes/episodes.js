// Connects the filters, the list and the open episode. A link with #episode=NAME opens an episode.
const EPISODES_PRINTED = 10;

class EpisodeReader extends Desk {
  invitation = "Choose an episode to read it turn by turn.";

  constructor(section, archive) {
    super(section, (box, row) => drawEpisodeRow(box, archive, row), "episode");
    this.archive = archive;
    this.offer();
    this.listen();
    this.refresh();
    this.follow(location.hash);
  }

  offer() {
    const { episodes, steps } = this.archive;
    for (const name of ["arm", "environment", "variant"]) this.fillMenu(name, episodes.texts[name].values);
    this.fillMenu("seed", [...new Set(episodes.numbers.seed)].sort((a, b) => a - b));
    const found = new Set(episodes.texts.steps.values.flatMap((value) => value.split("|")));
    const known = Object.entries(steps).filter(([step]) => found.has(step));
    this.form.elements.step.append(...known.map(([step, said]) => new Option(said, step)));
  }

  listen() {
    super.listen();
    this.find(".opened").addEventListener("keydown", (event) => this.onKey(event));
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
    this.show(rows, ` of ${this.archive.episodes.count.toLocaleString("en")} episodes`);
  }

  open(row) {
    this.begin(row);
    drawEpisode(this.find(".sheet"), this.archive, row);
    if (this.hidesList) this.desk.scrollIntoView({ behavior: "instant" });
  }

  nameOf(row) {
    const { episodes } = this.archive;
    const texts = ["arm", "environment", "variant"].map((name) => episodes.text(name, row));
    return [...texts, episodes.number("seed", row), episodes.number("index", row)].join(".");
  }

  link() {
    return { episode: this.nameOf(this.row) };
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
