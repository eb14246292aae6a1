"""Templates with <slots>: filling them, and reading a filled one back.

A slot's name is the name of a list of fillers, with a digit behind it where a sentence needs two different ones
(<person>, <person2>). A slot that occurs twice in a template is filled alike in both places.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

import yaml

_SLOT = re.compile(r"<([a-z_]+)(\d?)>")
_SENTENCE_END = re.compile(r"(?<=[.!?]) +")

Slots = Mapping[str, Sequence[str]]


@cache
def load(name: str) -> Any:
    """Read one of the world's text files, `text/<name>.yaml`."""
    return yaml.safe_load((files("askew.worlds.terrarium.world") / "text" / f"{name}.yaml").read_text(encoding="utf-8"))


@cache
def common_slots() -> Slots:
    """Return the fillers that every domain shares."""
    return load("slots")


def fill(template: str, rng: Random, bound: Mapping[str, str] | None = None, slots: Slots | None = None) -> str:
    """Fill a template.

    Args:
        template: Text with <slots>.
        rng: Draws the fillers.
        bound: Slots whose filler is given; others are drawn.
        slots: Fillers beyond, or instead of, the common ones.
    """
    text, _ = fill_and_bind(template, rng, bound, slots)
    return text


def fill_and_bind(
    template: str, rng: Random, bound: Mapping[str, str] | None = None, slots: Slots | None = None
) -> tuple[str, dict[str, str]]:
    """Fill a template as `fill` does, and return the fillers beside the text, by slot."""
    binding = dict(bound or {})

    def filler(match: re.Match[str]) -> str:
        key, kind = match[1] + match[2], match[1]
        if key not in binding:
            taken = {value for name, value in binding.items() if name.rstrip("0123456789") == kind}
            binding[key] = rng.choice([value for value in _fillers(kind, slots) if value not in taken])
        return binding[key]

    return _SLOT.sub(filler, template), binding


def match(
    template: str, text: str, bound: Mapping[str, str] | None = None, slots: Slots | None = None
) -> dict[str, str] | None:
    """Read a filled template back.

    Returns:
        The fillers by slot, those of `bound` included; None if `text` is no filling of the template, or one that
        contradicts `bound`.
    """
    found = _pattern(template, _frozen(slots)).fullmatch(text)
    if found is None:
        return None
    binding = dict(bound or {})
    for key, value in found.groupdict().items():
        if binding.setdefault(key, value) != value:
            return None
    return binding


def sentences(text: str) -> list[str]:
    """Split prose at the ends of its sentences."""
    return _SENTENCE_END.split(text)


def _fillers(kind: str, slots: Slots | None) -> Sequence[str]:
    return slots[kind] if slots and kind in slots else common_slots()[kind]


def _frozen(slots: Slots | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((name, tuple(values)) for name, values in slots.items()) if slots else ()


@cache
def _pattern(template: str, slots: tuple[tuple[str, tuple[str, ...]], ...]) -> re.Pattern[str]:
    known = {**common_slots(), **dict(slots)}
    seen: set[str] = set()
    parts: list[str] = []
    position = 0
    for slot in _SLOT.finditer(template):
        parts.append(re.escape(template[position : slot.start()]))
        position = slot.end()
        key, kind = slot[1] + slot[2], slot[1]
        if key in seen:
            parts.append(f"(?P={key})")
        else:
            seen.add(key)
            # A slot without a list (what the question is about, say) stands for any words.
            choices = "|".join(map(re.escape, known[kind])) if kind in known else ".+?"
            parts.append(f"(?P<{key}>{choices})")
    parts.append(re.escape(template[position:]))
    return re.compile("".join(parts))
