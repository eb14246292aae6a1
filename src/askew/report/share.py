"""A picture of the report's first screen, drawn without a browser: the sentence, the main figure and the answers."""

import re
from collections.abc import Iterator, Mapping
from html import escape
from itertools import accumulate, count, islice, takewhile
from pathlib import Path
from typing import Any

from askew.base.atomic import whole_file
from askew.base.errors import AskewError
from askew.base.untrusted import visible
from askew.report import chart_files
from askew.report.chart_files import ACCENT, INK, MUTED, PAPER, RULE
from askew.report.content import ReportContent
from askew.report.opening import opening
from askew.report.sections import all_figures

NAME = "share.png"
_EDGE, _GAP = 48, 40  # around the picture, and between its columns
_FIGURE, _ANSWERS = 760, 580  # widths of the columns
_SERIF, _SANS = "Askew Serif", "Askew Sans"
_MOST_LINES = {"sentence": 4, "note": 3, "prompt": 2, "answer": 6}
_NARROW, _BROAD = set("iljtfrI.,:;'’|!()[] "), set("mwMWQO@%&")


def share(content: ReportContent, folder: Path) -> Path:
    """Write the picture `share.png` into a run's folder, and return its path.

    Args:
        content: The data of the report.
        folder: The run's folder; it must exist.

    Raises:
        AskewError: The run has no answers.
        OSError: The folder cannot be written to, or the disk is full.
    """
    picture = chart_files.to_png(drawing(content))
    path = folder / NAME
    with whole_file(path) as unfinished:
        unfinished.write_bytes(picture)
    return path


def drawing(content: ReportContent) -> str:
    """Return the picture as an SVG drawing. Texts of models are escaped, cut, and without invisible characters.

    Raises:
        AskewError: The run has no answers.
    """
    if content.answers.empty:
        raise AskewError("the run has no answers, so there is nothing to draw: ask its models first")
    first = opening(content)
    figures = all_figures(content)
    figure = chart_files.to_svg(next(iter(figures.values())).draw(False)) if figures else ""
    width = 2 * _EDGE + _FIGURE + (_GAP + _ANSWERS if first["pairs"] else 0)
    parts: list[str] = []
    y = _EDGE + 6.0
    y = _text(parts, content.title, (_EDGE, y), 16, width, colour=MUTED, bold=True)
    wide = width - 2 * _EDGE
    y = _text(parts, first["sentence"], (_EDGE, y + 16), 32, wide, _MOST_LINES["sentence"], family=_SERIF, bold=True)
    if content.organism_note:
        y = _text(parts, content.organism_note, (_EDGE, y), 15, wide, _MOST_LINES["note"], colour=MUTED)
    top = y + 8
    bottom = _text(parts, first["bars"], (_EDGE, _place(parts, figure, top) + 22), 14, _FIGURE, 3, colour=MUTED)
    if first["pairs"]:
        bottom = max(bottom, _draw_pairs(parts, first, _EDGE + _FIGURE + _GAP, top + 12))
    height = round(bottom + _EDGE / 2)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>{"".join(parts)}</svg>'
    )


def _place(parts: list[str], figure: str, top: float) -> float:
    """Draw a figure at the left edge, as wide as its column at most, and return its lower end."""
    found = re.search(r'width="(\d+)" height="(\d+)"', figure)
    if found is None:
        return top
    width, height = int(found[1]), int(found[2])
    scale = min(1.0, _FIGURE / width)
    parts.append(f'<g transform="translate({_EDGE} {top}) scale({scale:.4f})">{figure}</g>')
    return top + scale * height


def _draw_pairs(parts: list[str], first: Mapping[str, Any], left: float, top: float) -> float:
    """Draw the answers of both arms, question by question, and return the lower end."""
    column = (_ANSWERS - 24) / 2
    right = left + column + 24
    _text(parts, first["before"], (left, top), 16, column, bold=True)
    y = _text(parts, first["after"], (right, top), 16, column, bold=True)
    for pair in first["pairs"]:
        parts.append(f'<path d="M{left} {y - 14:.1f}h{_ANSWERS}" stroke="{RULE}"/>')
        y = _text(parts, pair["prompt"], (left, y + 8), 15, _ANSWERS, _MOST_LINES["prompt"], colour=MUTED)
        tone = ACCENT if first["misaligned"] else INK
        ends = [
            _text(parts, pair["before"], (left, y), 15, column, _MOST_LINES["answer"]),
            _text(parts, pair["after"], (right, y), 15, column, _MOST_LINES["answer"], colour=tone),
        ]
        y = max(ends) + 4
    return _text(parts, first["how"], (left, y + 4), 13, _ANSWERS, 3, colour=MUTED)


def _text(
    parts: list[str],
    text: str,
    at: tuple[float, float],
    size: float,
    width: float,
    most: int = 1,
    *,
    family: str = _SANS,
    colour: str = INK,
    bold: bool = False,
) -> float:
    """Draw a text in at most `most` lines, and return the place of the line that would follow."""
    x, y = at
    words = visible(" ".join(text.split()))
    shown = list(islice(_lines(words, width / size), most))
    if shown and sum(map(len, shown)) + len(shown) - 1 < len(words):
        shown[-1] = f"{shown[-1].rstrip(' .,;:')}…"
    weight = ' font-weight="600"' if bold else ""
    for line, number in zip(shown, count()):
        parts.append(
            f'<text x="{x:.1f}" y="{y + 1.35 * size * number:.1f}" font-family="{family}" font-size="{size}"{weight} '
            f'fill="{colour}">{escape(line)}</text>'
        )
    return y + 1.35 * size * len(shown)


def _lines(text: str, width: float) -> Iterator[str]:
    """Yield the lines of a text, each at most `width` letters of one em wide; a longer word is broken."""
    line = ""
    for word in text.split(" "):
        while (fits := _letters_within(word, width)) < len(word):
            if line:
                yield line
                line = ""
            yield word[:fits]
            word = word[fits:]
        if line and _width(f"{line} {word}") > width:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    if line:
        yield line


def _letters_within(word: str, width: float) -> int:
    """Return how many of a word's first letters are together at most `width` em wide; at least one."""
    widths = accumulate(map(_letter, word))
    return max(1, sum(1 for _ in takewhile(lambda wide: wide <= width, widths)))


def _width(text: str) -> float:
    """Return about how wide a text is, in em: a little more than the fonts of the report need."""
    return sum(_letter(character) for character in text)


def _letter(character: str) -> float:
    if ord(character) >= 0x2E80:  # scripts whose letters fill a square
        return 1.0
    if character in _NARROW:
        return 0.3
    return 0.85 if character in _BROAD else 0.62 if character.isupper() else 0.53
