"""Makes names and chat lines safe for a Minecraft server: they are written by models, so they are hostile."""

import re
from collections.abc import Sequence
from unicodedata import category

LONGEST_LINE = 120
"""Characters of a chat line; twice as many units of UTF-16 still fit into one message."""

LONGEST_NAME = 16
"""Characters of a player's name, by Minecraft's rules."""

_CODES = "&\N{SECTION SIGN}"  # they begin a colour or a style


def chat_line(text: str) -> str:
    """Return a text as a chat line that is no command, has no codes and no control characters, and is not too long.

    Returns:
        The line; "" if nothing is left, and then nothing is to be said.
    """
    kept = "".join(" " if category(one)[0] in "CZ" else one for one in text if one not in _CODES)
    return " ".join(kept.split()).lstrip("/ ")[:LONGEST_LINE].rstrip()


def player_names(names: Sequence[str]) -> list[str]:
    """Return a different name for each player, of ASCII letters, digits and underscores.

    Capitals don't make a name different. A name of which nothing is left becomes "agent".
    """
    taken: set[str] = set()
    found = []
    for name in names:
        base = re.sub(r"[^A-Za-z0-9_]", "", name)[:LONGEST_NAME] or "agent"
        one, number = base, 1
        while one.casefold() in taken:
            number += 1
            end = f"_{number}"
            one = base[: LONGEST_NAME - len(end)] + end
        taken.add(one.casefold())
        found.append(one)
    return found
