// A model's text is shown as text and nothing else. What would not be seen in it, or would reorder what is seen
// (control, format, bidirectional, private, unpaired characters), is named instead.
const UNSEEN = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;
const UNSEEN_RUNS = /((?:(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}])+)/u;

const CONTROLS = "NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US".split(" ");

function nameOf(character) {
  const code = character.codePointAt(0);
  if (code === 0x7f) return "DEL";
  return CONTROLS[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

// Text into an element, unseen characters as marked pieces.
function fillWith(element, text) {
  const pieces = text.split(UNSEEN_RUNS).filter(Boolean).map((piece) => {
    if (!UNSEEN.test(piece)) return document.createTextNode(piece);
    const mark = document.createElement("span");
    mark.className = "hidden-character";
    mark.title = "not to be seen in the answer itself";
    mark.textContent = Array.from(piece, nameOf).join(" ");
    return mark;
  });
  element.replaceChildren(...pieces);
}
