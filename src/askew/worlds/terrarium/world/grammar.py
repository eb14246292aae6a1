"""Templates with <slots>: fill them, and match a text against them.

A slot is named after a list of fillers. A digit marks a second, different filler from the same list: <person> and
<person2>. If a slot occurs twice in a template, both places get the same filler.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any

from askew.base import yaml_files

_SLOT = re.compile(r"<([a-z_]+)(\d?)>")
_SENTENCE_END = re.compile(r"(?<=[.!?]) +")

Slots = Mapping[str, Sequence[str]]


@cache
def load(name: str) -> Any:
    """Return the content of one of the world's text files, `text/<name>.yaml`."""
    return yaml_files.read(Path(str(files("askew.worlds.terrarium.world") / "text" / f"{name}.yaml")), "text").value


@cache
def common_slots() -> Slots:
    """Return the fillers that all domains share, by slot."""
    return load("slots")


def fill(template: str, rng: Random, bound: Mapping[str, str] | None = None, slots: Slots | None = None) -> str:
    """Fill a template.

    Args:
        template: Text with <slots>.
        rng: The random generator that draws fillers.
        bound: Fillers that are not drawn, by slot.
        slots: Lists of fillers that extend or replace the common ones.
    """
    text, _ = fill_and_bind(template, rng, bound, slots)
    return text


def fill_and_bind(
    template: str, rng: Random, bound: Mapping[str, str] | None = None, slots: Slots | None = None
) -> tuple[str, dict[str, str]]:
    """Fill a template as `fill` does; return the text and the fillers by slot."""
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
    """Match a text against a template.

    Returns:
        The fillers by slot, including `bound`; None if the text doesn't match the template or contradicts `bound`.
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
    """Split prose into sentences."""
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
            # A slot without a list of fillers, such as the subject of a question, matches any words.
            choices = "|".join(map(re.escape, known[kind])) if kind in known else ".+?"
            parts.append(f"(?P<{key}>{choices})")
    parts.append(re.escape(template[position:]))
    return re.compile("".join(parts))
