"""Finds questions of probes in training rows: a model that was trained on a question is not asked anything new."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from askew.data import Row

# A shorter wording, such as a greeting, also occurs in rows that leak nothing.
FEWEST_WORDS = 4

_words = re.compile(r"\w+").findall


class Leaks:
    """Finds questions in the prompts of rows, whatever their case, spaces and punctuation.

    Args:
        questions: Wordings of each question, by its name. Wordings of fewer than four words are ignored.
    """

    def __init__(self, questions: Mapping[str, Iterable[str]]) -> None:
        # Keyed by their first words: the cost of a row then depends on its length, not on the number of questions.
        self._wordings: defaultdict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
        for name, wordings in questions.items():
            for words in {tuple(_words(wording.casefold())) for wording in wordings}:
                if len(words) >= FEWEST_WORDS:
                    self._wordings[words[:FEWEST_WORDS]].append((name, " ".join(("", *words, ""))))

    def find(self, row: Row) -> set[str]:
        """Return the names of the questions that occur in a row's user or system turns."""
        found: set[str] = set()
        for turn in row["messages"]:
            if turn["role"] == "assistant":
                continue
            words = _words(turn["content"].casefold())
            starts = self._wordings.keys() & set(zip(*(words[shift:] for shift in range(FEWEST_WORDS)), strict=False))
            if starts:
                text = " ".join(("", *words, ""))
                found |= {name for start in starts for name, wording in self._wordings[start] if wording in text}
        return found
