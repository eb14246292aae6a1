"""A small grammar of phrases: templates with choices, slots and verb forms become sentences.

- `{often|now and then}` is one of its parts, chosen at random; parts may be empty, and choices may be nested.
- `<name>` is a filler of the slot of that name, itself a template. A slot that is bound has the same filler wherever it
  stands. Any other slot gets a filler that the text does not have yet, as long as there is one.
- `[have|has]` is the form of a verb for I and you, and the form for anybody else.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

_MARKS = re.compile(r"([{}\[\]|]|<[a-z_]+>)")
_VOWEL = re.compile(r"\b([Aa]) (?=[aeio]|hour|un(?!i)|up)")
_CLOSING = {"{": "}", "[": "]"}


@dataclass(frozen=True)
class _Node:
    """A piece of a template: a text, a slot, a choice or a verb with two forms.

    Attributes:
        kind: "text", "slot", "{" or "[".
        text: The text, or the name of the slot.
        parts: What is chosen from, each a sequence of nodes.
    """

    kind: str
    text: str = ""
    parts: tuple[tuple["_Node", ...], ...] = ()


class Phrases:
    """Makes the sentences of one text, and remembers which fillers the text has.

    Args:
        rng: The random generator.
        lists: The fillers of each slot.
        bound: Slots with one filler.
        third: Whether the text is about somebody other than the person who asks.
    """

    def __init__(
        self, rng: Random, lists: Mapping[str, Sequence[str]], bound: Mapping[str, str], *, third: bool
    ) -> None:
        self._rng = rng
        self._lists = lists
        self._bound = dict(bound)
        self._form = 1 if third else 0
        self._left: dict[str, list[str]] = {}

    def sentence(self, template: str) -> str:
        """Return a template as a sentence: filled, with a capital letter at its beginning."""
        text = self.words(template)
        return text[:1].upper() + text[1:]

    def words(self, template: str) -> str:
        """Return a template with its choices made, its slots filled and its verbs in the right form."""
        text = self._said(_nodes(template))
        if "<who" in template:
            # Named once, then by a pronoun.
            self._bound |= {f"who{end}": self._bound[by] for end, by in (("", "they"), ("m", "them"), ("se", "their"))}
        text = re.sub(r" +(?=[,.;:?!]|$)", "", re.sub(r" +", " ", text.strip()))
        return _VOWEL.sub(r"\1n ", text)

    def _said(self, nodes: Sequence[_Node]) -> str:
        return "".join(map(self._one, nodes))

    def _one(self, node: _Node) -> str:
        if node.kind == "text":
            return node.text
        if node.kind == "slot":
            return self._bound[node.text] if node.text in self._bound else self._said(_nodes(self._drawn(node.text)))
        return self._said(node.parts[self._form] if node.kind == "[" else self._rng.choice(node.parts))

    def _drawn(self, slot: str) -> str:
        if not self._left.get(slot):
            self._left[slot] = list(self._lists[slot])
        left = self._left[slot]
        return left.pop(self._rng.randrange(len(left)))


@cache
def _nodes(template: str) -> tuple[_Node, ...]:
    (nodes,) = _read(iter(_MARKS.split(template)), "")
    return nodes


def _read(marks: Iterator[str], closing: str) -> tuple[tuple[_Node, ...], ...]:
    """Return the parts up to a closing mark, or up to the end of the template."""
    parts: list[list[_Node]] = [[]]
    for mark in marks:
        if closing and mark == closing:
            break
        if mark in _CLOSING:
            parts[-1].append(_Node(mark, parts=_read(marks, _CLOSING[mark])))
        elif mark == "|" and closing:
            parts.append([])
        elif mark.startswith("<"):
            parts[-1].append(_Node("slot", mark[1:-1]))
        elif mark:
            parts[-1].append(_Node("text", mark))
    return tuple(map(tuple, parts))
