"""Makes untrusted text, such as a model's output, safe to show on a terminal or in a table."""

import json
import os
import re
import shlex
from unicodedata import category

_UNSEEN = re.compile("C[cfso]|Z[lp]")  # control, format, surrogate, private; line and paragraph separators


def visible(text: str) -> str:
    """Return a text with each invisible or controlling character replaced by its code point, such as ⟨U+202E⟩."""
    return "".join(
        f"⟨U+{ord(character):04X}⟩" if _UNSEEN.match(category(character)) and character not in "\n\t" else character
        for character in text
    )


def escaped_in_json(text: str) -> str:
    """Return JSON in which each invisible or controlling character is escaped; its data stay the same."""
    return "".join(
        json.dumps(character)[1:-1] if _UNSEEN.match(category(character)) and character != "\n" else character
        for character in text
    )


def shown_command(text: object) -> str:
    """Return a command of Askew from an untrusted file, quoted so that a shell runs nothing but Askew.

    Args:
        text: The command.

    Returns:
        The command on one line; "askew --help" if the text is no command of Askew.
    """
    try:
        words = shlex.split(visible(str(text)))
    except ValueError:
        words = []
    return shlex.join(" ".join(word.split()) for word in words) if words[:1] == ["askew"] else "askew --help"


def could_be_path(text: str) -> bool:
    """Return whether a text can be looked up as a path: no part of it is too long for a disk or has a NUL."""
    return "\0" not in text and len(text) < 4096 and all(len(os.fsencode(part)) < 256 for part in text.split("/"))


def cut(text: str, characters: int) -> str:
    """Return a text, cut to a number of characters; a cut text ends in "…"."""
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def cut_middle(text: str, characters: int) -> str:
    """Return a text, cut to a number of characters; "…" stands for its middle, and most of its end is kept.

    The end of a path or a name tells it from its neighbours.
    """
    if len(text) <= characters:
        return text
    start = (characters - 1) // 3
    return f"{text[:start]}…{text[len(text) - (characters - 1 - start) :]}"
