"""Looks up words and phrases of an axis in a text, and tells from them which field the text is about."""

import re
from collections.abc import Mapping, Sequence

from askew.perspective.axis import Axis, Entry

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


class Entries:
    """Words and phrases that are looked up word by word.

    Args:
        values: A value for each entry. `*` at an end of a word stands for any ending or beginning.
    """

    def __init__(self, values: Mapping[Entry, float]) -> None:
        exact: dict[str, list[tuple[tuple[str, ...], float]]] = {}
        self._open: list[tuple[tuple[str, ...], float]] = []  # entries whose first word has a star
        for entry, value in values.items():
            words = tuple(entry.split())
            (self._open if "*" in words[0] else exact.setdefault(words[0], [])).append((words, value))
        self._exact = exact
        self._known: dict[str, list[tuple[tuple[str, ...], float]]] = {}  # the entries by first word, as they are met

    def beginning(self, word: str) -> list[tuple[tuple[str, ...], float]]:
        """Return the entries whose first word is a word, the longest first."""
        found = self._known.get(word)
        if found is None:
            matching = [one for one in self._open if _matches(one[0][0], word)]
            found = sorted([*self._exact.get(word, []), *matching], key=lambda one: -len(one[0]))
            self._known[word] = found
        return found

    def found(self, words: Sequence[str]) -> list[tuple[int, int, float]]:
        """Return the place, the number of words and the value of the longest entry at each place that has one."""
        known, matches = self._known, []
        for place, word in enumerate(words):
            # Most words begin no entry, and are looked up once.
            if (known[word] if word in known else self.beginning(word)) and (hit := self.at(words, place)):
                matches.append((place, *hit))
        return matches

    def at(self, words: Sequence[str], place: int) -> tuple[int, float] | None:
        """Return the number of words and the value of the longest entry at a place in a text; None without one."""
        for entry, value in self.beginning(words[place]):
            rest = words[place + 1 : place + len(entry)]
            if len(rest) == len(entry) - 1 and all(map(_matches, entry[1:], rest)):
                return len(entry), value
        return None


def spans_of_words(text: str) -> list[tuple[int, int]]:
    """Return where each word of a text begins and ends; a hyphen parts two words."""
    return [match.span() for match in _WORD.finditer(text)]


def words_at(text: str, spans: Sequence[tuple[int, int]]) -> list[str]:
    """Return the words at some places of a text, in lower case and with straight apostrophes."""
    return [text[start:end].lower().replace("’", "'") for start, end in spans]


def lens_of(axis: Axis, texts: Sequence[str]) -> str:
    """Return the lens of some texts: that with most of its words, each word counted once per text; "" without any.

    Args:
        axis: The axis, with its lenses.
        texts: The segments of a source.
    """
    counts = dict.fromkeys(axis.lenses, 0)
    known = {name: Entries(dict.fromkeys(words, 1.0)) for name, words in axis.lenses.items()}
    for text in texts if known else ():
        words = words_at(text, spans_of_words(text))
        for name, entries in known.items():
            counts[name] += len({words[place] for place, _, _ in entries.found(words)})
    best = max(counts, key=lambda name: counts[name], default="")
    return best if best and counts[best] else ""


def _matches(pattern: str, word: str) -> bool:
    """Return whether a word is that of an entry, which may have stars at its ends."""
    core = pattern.strip("*")
    if pattern.startswith("*"):
        return core in word if pattern.endswith("*") else word.endswith(core)
    return word.startswith(core) if pattern.endswith("*") else word == pattern
