// Shows a model’s text as text only. Characters that are invisible or reorder other characters (control, format,
// bidirectional, private, unpaired) are replaced by their names.
const UNSEEN = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;
const UNSEEN_RUNS = /((?:(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}])+)/u;

const CONTROLS = "NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US".split(" ");

function nameOf(character) {
  const code = character.codePointAt(0);
  if (code === 0x7f) return "DEL";
  return CONTROLS[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

// Put a text into an element, with each invisible character as a marked piece.
function fillWith(element, text) {
  const pieces = text.split(UNSEEN_RUNS).filter(Boolean).map((piece) => {
    if (!UNSEEN.test(piece)) return document.createTextNode(piece);
    const mark = document.createElement("span");
    mark.className = "hidden-character";
    mark.title = "This character is invisible in the answer.";
    mark.textContent = Array.from(piece, nameOf).join(" ");
    return mark;
  });
  element.replaceChildren(...pieces);
}
