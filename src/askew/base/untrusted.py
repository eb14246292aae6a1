"""What a model wrote, made fit to be shown where no script can name what is unseen: on a terminal, in a table."""

import re
from unicodedata import category

_UNSEEN = re.compile("C[cfso]|Z[lp]")  # control, format, surrogate, private; line and paragraph separators


def visible(text: str) -> str:
    """Write out by number what would not be seen in a text, or would reorder or steer what is seen."""
    return "".join(
        f"⟨U+{ord(character):04X}⟩" if _UNSEEN.match(category(character)) and character not in "\n\t" else character
        for character in text
    )


def cut(text: str, characters: int) -> str:
    """Return a text as it is, or its beginning if it is longer than so many characters."""
    return text if len(text) <= characters else f"{text[: characters - 1]}…"
