// Connects the choice of a society, the slider, the map and the panel. A link with #society=NAME&tick=…&agent=… opens a moment.
const SOCIETY_MENUS = ["experiment", "condition", "topic", "k", "replicate"];
const READ_EVERY = 200; // ms between two fillings of the panel while it plays: nobody reads faster
const QUIET_AFTER = 400; // ms without a step, after which the tick is read out

class SocietyReplay {
  constructor(section, facts) {
    Object.assign(this, { section, facts, tick: 0, chosen: -1, playing: false, isWaiting: false, wasRead: 0 });
    this.slider = this.find(".ticks");
    this.form = this.find(".which");
    this.map = new SocietyMap(this.find(".island"), this.find(".island canvas"), (agent) => this.choose(agent));
    this.strip = new SocietyStrip(this.find(".strip"), (tick) => this.go(tick));
    this.offer();
    this.listen();
  }

  find(selector) {
    return this.section.querySelector(selector);
  }

  // Offer in each menu what the menus before it leave; menus with a single choice are hidden.
  offer(wanted = {}) {
    let left = this.facts;
    for (const name of SOCIETY_MENUS) {
      const menu = this.form.elements[name];
      const values = [...new Set(left.map((one) => String(one[name])))];
      const value = values.includes(wanted[name] ?? menu.value) ? (wanted[name] ?? menu.value) : values[0];
      menu.replaceChildren(...values.map((one) => new Option(plainly(one), one)));
      menu.value = value;
      menu.closest("label").hidden = new Set(this.facts.map((one) => String(one[name]))).size < 2;
      left = left.filter((one) => String(one[name]) === value);
    }
    return left[0];
  }

  listen() {
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("change", () => this.open(this.offer()));
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    this.find(".play").addEventListener("click", () => (this.playing ? this.pause() : this.play()));
    this.find(".step-back").addEventListener("click", () => this.go(this.tick - 1));
    this.find(".step-on").addEventListener("click", () => this.go(this.tick + 1));
    this.find("[name=agent]").addEventListener("change", (event) => this.choose(Number(event.target.value)));
    for (const name of ["tree", "trust", "names"]) this.find(`[name=${name}]`).addEventListener("change", () => this.draw());
    for (const details of this.section.querySelectorAll(".in-tables details")) details.addEventListener("toggle", () => this.fillTables());
    this.find(".copy-link").addEventListener("click", () => this.copyLink());
    this.find(".island").addEventListener("keydown", (event) => this.onKey(event));
    const repaint = () => this.paint();
    new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
    document.fonts.ready.then(repaint); // letters on a canvas are not drawn again by themselves
    addEventListener("beforeprint", () => this.print(true));
    addEventListener("afterprint", () => this.print(false));
    addEventListener("hashchange", (event) => this.follow(new URL(event.newURL).hash));
  }

  // On the map, arrows go to the next agent that way, and space plays.
  onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (way) this.choose(this.chosen < 0 ? this.map.nearest(...this.map.onCanvas(this.map.extent.left, this.map.extent.top), () => true) : this.map.towards(this.chosen, ...way));
    else if (event.key === " ") this.find(".play").click();
    else if (event.key === "Escape") this.choose(-1);
    else if (event.key === "," || event.key === ".") this.go(this.tick + (event.key === "." ? 1 : -1));
    else return;
    event.preventDefault();
  }

  // Unpack a society and show its beginning, or the moment that is wanted.
  async open(fact, tick = 0, agent = -1) {
    this.pause();
    this.fact = fact;
    const society = await this.unpacked(fact);
    if (fact !== this.fact) return; // another one was chosen in the meantime
    this.find(".stage").hidden = society === null;
    if (society === null) return;
    this.society = society;
    this.lines = new SocietyLines(society);
    this.panel = new AgentPanel(this.find(".sheet"), society, this.lines, (one) => this.choose(one, true));
    this.chosen = agent;
    this.tick = Math.min(Math.max(tick, 0), society.ticks - 1);
    this.slider.max = society.ticks - 1;
    this.offerAgents();
    this.offerLines();
    this.find(".ended").textContent = endOf(fact, society);
    this.map.show(society, this.lines);
    this.strip.show(society);
    this.paint();
    this.go(this.tick);
  }

  // Return a society of the page; null if it is damaged, which is said in its place.
  async unpacked(fact) {
    try {
      return await unpackSociety(document.getElementById(`packed-society-${fact.place}`).textContent.trim());
    } catch (error) {
      this.find(".ended").textContent = `This society cannot be unpacked (${error.message}): the file is damaged. ${ALL_EVENTS}`;
      return null;
    }
  }

  offerAgents() {
    const { names, people } = this.society;
    const usual = (agent) => ["agent", "good"].includes(people.text("part", agent));
    const label = (agent) => (usual(agent) ? names[agent] : `${names[agent]} (${plainly(people.text("part", agent))})`);
    const order = [...names.keys()].sort((a, b) => usual(a) - usual(b) || names[a].localeCompare(names[b], "en", { numeric: true }));
    const menu = this.find("[name=agent]");
    menu.replaceChildren(new Option("nobody", -1), ...order.map((agent) => new Option(label(agent), agent)));
    menu.value = this.chosen;
  }

  // Lines that a society doesn’t have are not offered; trust is shown at first where nothing is passed on.
  offerLines() {
    const has = { tree: this.lines.transmission.kind !== "", trust: this.society.has("feel"), names: true };
    for (const [name, there] of Object.entries(has)) this.find(`[name=${name}]`).closest("label").hidden = !there;
    this.find("[name=tree]").checked = has.tree;
    this.find("[name=trust]").checked = has.trust && !has.tree;
    this.find(".who-from").hidden = !has.tree;
  }

  // Draw all in the colours of the theme.
  paint() {
    if (!this.society) return;
    this.map.paint();
    this.strip.paint();
    this.drawLegend();
    if (this.chosen >= 0) this.read();
  }

  drawLegend() {
    const { society, map } = this;
    const { labels, marks, kind } = society.scale;
    const parts = society.people.texts.part.values;
    const item = (shape, mark, text, line = null) => {
      const box = element("li");
      box.append(markIcon(map.tones, shape, mark), ...(line ? [line] : []), element("span", "", plainly(text)));
      return box;
    };
    const usual = map.shapes.get(parts.includes("good") ? "good" : parts.includes("agent") ? "agent" : parts[0]);
    const items = parts.length > 1 ? parts.map((part) => item(map.shapes.get(part), "hollow", part)) : [];
    if (kind !== "none") items.push(...labels.map((label, state) => item(usual, marks[state], label, this.strip.icon(state, map.tones))));
    const texts = kind === "none" ? [] : ["lines above the slider: how many agents of all are in a state"];
    texts.push("thin ring: speaks now");
    if (society.has("leave")) texts.push("×: left the island");
    if (this.lines.transmission.kind) texts.push(this.lines.transmission.attributes ? "arrow: from the likeliest source; dashed or thinner below 50%" : "dashed arrow: from the last exposure, for want of probabilities");
    if (society.has("feel")) texts.push("line from the chosen agent: solid, likes; dashed, dislikes");
    this.find(".legend").replaceChildren(...items, ...texts.map((text) => element("li", "", text)));
  }

  // Go to a tick. While it plays nothing is read out, and tables wait.
  go(tick) {
    if (!this.society) return;
    this.tick = Math.min(Math.max(tick, 0), this.society.ticks - 1);
    this.slider.value = this.tick;
    const summary = tickInWords(this.society, this.tick);
    const { first, ticks } = this.society;
    this.slider.setAttribute("aria-valuetext", `tick ${first + this.tick} of ${first + ticks - 1}`);
    this.find(".tick").textContent = `${first + this.tick} / ${first + ticks - 1}`;
    this.find(".step-back").disabled = this.tick === 0;
    this.find(".step-on").disabled = this.tick === ticks - 1;
    this.find(".happened").textContent = summary;
    this.find(".now-line").style.left = `${(100 * this.tick) / Math.max(ticks - 1, 1)}%`;
    this.draw();
    if (!this.playing || performance.now() > this.wasRead + READ_EVERY) this.readSoon();
    if (this.playing) return;
    clearTimeout(this.saying);
    this.saying = setTimeout(() => (this.find(".spoken-summary").textContent = summary), QUIET_AFTER);
  }

  // Fill the panel and the tables after the map has been drawn, once for all steps of the slider until then.
  readSoon() {
    if (this.isWaiting) return;
    this.isWaiting = true;
    requestAnimationFrame(() =>
      setTimeout(() => {
        this.isWaiting = false;
        this.read();
        if (!this.playing) this.fillTables();
      }),
    );
  }

  draw(part = 0) {
    if (!this.society) return;
    const shown = Object.fromEntries(["tree", "trust", "names"].map((name) => [name, this.find(`[name=${name}]`).checked]));
    this.map.now = { tick: this.tick, part, chosen: this.chosen, ...shown };
    this.map.draw();
  }

  choose(agent, isFocused = false) {
    if (!this.society) return;
    this.chosen = agent;
    this.find("[name=agent]").value = agent;
    this.find(".copied").textContent = "";
    this.draw();
    this.read();
    if (isFocused) this.find(".sheet").focus();
    const { society, tick } = this;
    const state = agent >= 0 && society.scale.kind !== "none" ? `, ${society.scale.labels[society.stateAt(agent, tick)]}` : "";
    if (!this.playing) this.find(".spoken-summary").textContent = agent < 0 ? "No agent is chosen." : `${society.names[agent]}, ${society.placeOf(agent, tick) || "on the way"}${state}.`;
  }

  // Fill the panel.
  read() {
    this.wasRead = performance.now();
    const sheet = this.find(".sheet");
    const { society, chosen, tick } = this;
    if (chosen < 0) {
      sheet.replaceChildren(element("p", "note", "Choose an agent, on the map or in the menu, to read what it heard, thought and said."), ...voicesOf(society, tick, (agent) => this.choose(agent, true)));
      return;
    }
    const mark = society.isGone(chosen, tick) ? "speck" : society.scale.marks[society.stateAt(chosen, tick)];
    this.panel.show(chosen, tick, markIcon(this.map.tones, this.map.shapes.get(society.people.text("part", chosen)), mark));
  }

  fillTables() {
    if (!this.society) return;
    const make = {
      everyone: () => everyoneOf(this.society, this.tick, this.panel),
      "who-from": () => treeOf(this.society, this.tick, this.lines.transmission, this.panel),
    };
    for (const [name, table] of Object.entries(make)) {
      const details = this.find(`.${name}`);
      if (details.open) details.querySelector(".scroll").replaceChildren(table());
    }
  }

  play() {
    if (this.tick === this.society.ticks - 1) this.go(0);
    this.playing = true;
    this.labelPlay();
    const moves = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    let start = null;
    const frame = (now) => {
      if (!this.playing) return;
      start ??= now;
      const gone = ((now - start) / 1000) * Number(this.find("[name=speed]").value);
      if (gone >= 1) {
        start = now;
        this.go(this.tick + 1);
        if (this.tick === this.society.ticks - 1) return this.pause();
      } else if (moves) this.draw(gone);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.labelPlay();
    this.go(this.tick);
  }

  labelPlay() {
    this.find(".play").textContent = this.playing ? "Pause" : "Play";
  }

  // On paper there is the tick on the screen, in the light colours.
  print(isPrinting) {
    this.section.style.colorScheme = isPrinting ? "light" : "";
    this.paint();
  }

  async copyLink() {
    const moment = { society: this.fact.society, tick: this.society.first + this.tick };
    if (this.chosen >= 0) moment.agent = this.society.people.number("agent", this.chosen);
    const fragment = `#${new URLSearchParams(moment)}`;
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

  // Open the moment of a link; without one, the first society unless one is open.
  async follow(fragment) {
    const asked = new URLSearchParams(fragment.slice(1));
    const fact = this.facts.find((one) => one.society === asked.get("society"));
    this.find(".lost").hidden = !asked.has("society") || fact !== undefined;
    if (!fact) return this.fact ? undefined : this.open(this.offer());
    this.offer(Object.fromEntries(SOCIETY_MENUS.map((name) => [name, String(fact[name])])));
    await this.open(fact, Number(asked.get("tick")) - fact.first || 0);
    const { people } = this.society;
    if (!this.society) return undefined;
    const agent = asked.has("agent") ? people.numbers.agent.indexOf(Number(asked.get("agent"))) : -1;
    if (agent >= 0) this.choose(agent);
    this.section.scrollIntoView();
  }
}
