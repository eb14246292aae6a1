// Opens segments: by a click on a bar, by keys, by the buttons of the markers, and by the address (#segment=12).
function startMap(data) {
  const { segments, firsts } = data;
  const arc = document.getElementById("arc");
  const drawing = arc.querySelector("svg");
  const chosen = arc.querySelector(".chosen");
  const [which, text, why] = ["which", "text", "why"].map((name) => document.getElementById(name));
  const [previous, next] = ["previous", "next"].map((name) => document.getElementById(name));
  const page = 10;
  let at = 1;

  // Characters that are not seen, or that turn a line around, are named.
  const unseen = /([\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}])/u;
  function shown(string) {
    const parts = document.createDocumentFragment();
    for (const part of string.split(unseen)) {
      if (unseen.test(part) && part !== "\n" && part !== "\t") {
        const name = document.createElement("span");
        name.className = "hidden-character";
        name.textContent = `U+${part.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
        parts.append(name);
      } else {
        parts.append(part);
      }
    }
    return parts;
  }

  function marked([word, weight, reason]) {
    const mark = document.createElement("mark");
    mark.className = `${weight < 0 ? "low" : "high"}${reason ? " changed" : ""}`;
    mark.title = `${weight > 0 ? "+" : "−"}${Math.abs(weight)}${reason ? `, ${reason}` : ""}`;
    mark.append(shown(word));
    return mark;
  }

  function barOf(number) {
    let bar = firsts.findIndex((first) => first > number);
    return (bar < 0 ? firsts.length : bar) - 1;
  }

  function open(number, write = true) {
    at = Math.min(Math.max(Math.round(number), 1), segments.length);
    const segment = segments[at - 1];
    const said = segment.score === "–" ? "no evidence" : `${segment.score}, ${segment.band}`;
    const where = [segment.part, segment.when, `${segment.words} words`].filter(Boolean).join(" · ");
    which.replaceChildren(`Segment ${at} of ${segments.length}: ${said} · `, shown(where));
    text.replaceChildren(...segment.pieces.map((piece) => (typeof piece === "string" ? shown(piece) : marked(piece))));
    const words = segment.pieces.filter((piece) => typeof piece !== "string");
    why.replaceChildren();
    if (words.length) {
      why.append("Moved by: ");
      for (const [place, piece] of words.entries()) {
        const weight = `${piece[1] > 0 ? "+" : "−"}${Math.abs(piece[1])}`;
        why.append(place ? ", " : "", shown(piece[0]), ` ${weight}${piece[2] ? ` (${piece[2]})` : ""}`);
      }
      why.append(".");
    }
    chosen.setAttribute("x", barOf(at));
    arc.setAttribute("aria-valuenow", at);
    arc.setAttribute("aria-valuetext", `Segment ${at} of ${segments.length}: ${said}`);
    previous.disabled = at === 1;
    next.disabled = at === segments.length;
    if (write) history.replaceState(null, "", `#segment=${at}`);
  }

  drawing.addEventListener("click", (event) => {
    const box = drawing.getBoundingClientRect();
    const bar = Math.floor(((event.clientX - box.left) / box.width) * firsts.length);
    open(firsts[Math.min(Math.max(bar, 0), firsts.length - 1)]);
  });
  const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: page, PageDown: -page, Home: -Infinity, End: Infinity };
  arc.addEventListener("keydown", (event) => {
    if (!(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    open(steps[event.key] === Infinity ? segments.length : steps[event.key] === -Infinity ? 1 : at + steps[event.key]);
  });
  previous.addEventListener("click", () => open(at - 1));
  next.addEventListener("click", () => open(at + 1));
  for (const button of document.querySelectorAll("[data-segment]")) {
    button.addEventListener("click", () => open(Number(button.dataset.segment)));
  }
  const fromAddress = () => Number(location.hash.match(/^#segment=(\d+)$/)?.[1] ?? 0);
  addEventListener("hashchange", () => fromAddress() && open(fromAddress(), false));
  const lowest = document.querySelector("[data-segment]");
  open(fromAddress() || Number(lowest?.dataset.segment ?? 1), false);
  arc.dataset.ready = "";
}

startMap(JSON.parse(document.getElementById("data").textContent));
