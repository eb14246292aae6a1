// Marks the text of an answer that its model may have copied: five or more words in a row that the training rows have too.
const NOTE_ON_MARKS = "Underlined: at least five words in a row that are in the training rows, too.";

// Return the places of copied text as pairs of characters: the first, and the one after the last.
function copiedAt(answers, row) {
  const places = answers.text("copied_at", row).split(" ").filter(Boolean);
  return places.map((place) => place.split("-").map(Number)).filter(([from, to]) => from < to);
}

// Put an answer into an element up to `most` characters, with its copied text marked.
function fillWithMarks(box, text, places, most) {
  if (!places.length) {
    fillWith(box, text.slice(0, most));
    return;
  }
  const characters = Array.from(text); // places count whole characters, also those of two halves
  const end = Array.from(text.slice(0, most)).length;
  const pieces = [];
  const add = (from, to, tag) => {
    if (from >= Math.min(to, end)) return;
    const piece = element(tag, tag === "mark" ? "from-rows" : "");
    fillWith(piece, characters.slice(from, Math.min(to, end)).join(""));
    if (tag === "mark") {
      piece.title = "The training rows have these words, too.";
      piece.prepend(element("span", "heard", "[copied: "));
      piece.append(element("span", "heard", "]"));
      pieces.push(piece);
    } else pieces.push(...piece.childNodes);
  };
  let at = 0;
  for (const [from, to] of places) {
    add(at, from, "span");
    add(from, to, "mark");
    at = to;
  }
  add(at, characters.length, "span");
  box.replaceChildren(...pieces);
}
