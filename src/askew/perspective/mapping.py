"""Makes the perspective map of a source: segments, scores, figures, markers, and what is known about the scorer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from askew.perspective.axis import Axis
from askew.perspective.entries import lens_of
from askew.perspective.planted import AXIS
from askew.perspective.scorers import Evidence, Scorer, Setting, scorers
from askew.perspective.segments import WORDS, Segment, segments
from askew.perspective.source import Source, language_of
from askew.perspective.summary import (
    NO_EVIDENCE_BAND,
    SEGMENT_COLUMNS,
    Figures,
    Markers,
    Stability,
    by_part,
    figures,
    markers,
    stability,
)
from askew.perspective.validation import Comparison, Validation

_SENTENCE_ENDS = re.compile(r"[.!?…](?=\s|$)")
_LEAST_ENDS = 0.01  # ends of sentences per word; below it a text has no punctuation to speak of


@dataclass(frozen=True)
class PerspectiveMap:
    """The perspective map of a source.

    Attributes:
        title: The source's name.
        axis: The axis.
        scorer: The scorer's name.
        method: How the scorer works, in sentences.
        words: About how many words a segment has.
        table: One row per segment, with the columns of `SEGMENT_COLUMNS`.
        evidence: The words that moved each segment's score.
        figures: The figures over segments with a score.
        as_zero: The same with segments without evidence counted as 0.
        markers: The segments that are marked.
        parts: The figures of each part, with the columns part and those of `Figures`.
        lens: The field that the source is about; "" if the axis has none that fits.
        stability: How the map changes if segments are cut elsewhere; None if this was not tried.
        notes: What a reader should know before believing it, in sentences.
    """

    title: str
    axis: Axis
    scorer: str
    method: str
    words: int
    table: pd.DataFrame
    evidence: Sequence[Sequence[Evidence]]
    figures: Figures
    as_zero: Figures
    markers: Markers
    parts: pd.DataFrame
    lens: str
    stability: Stability | None
    notes: Sequence[str]

    @property
    def leaning(self) -> str:
        """The map in one sentence: the band of its median, and its lens."""
        band = self.axis.band(self.figures.median)
        if not band:
            return f"No evidence on the axis “{self.axis.title}”."
        return f"{band} leaning{f', mostly in the {self.lens} lens' if self.lens else ''}."


@dataclass(frozen=True)
class Checks:
    """The checks of a scorer.

    Attributes:
        validation: How well it reads planted stance; None if this was not tried.
        comparison: How far it agrees with another scorer; None if this was not tried.
    """

    validation: Validation | None = None
    comparison: Comparison | None = None


def make_map(
    source: Source, name: str, scorer: Scorer, setting: Setting, words: int = WORDS, checks: Checks | None = None
) -> PerspectiveMap:
    """Return the map of a source.

    Args:
        source: The source.
        name: The scorer's name.
        scorer: The scorer, made for the setting.
        setting: Its setting.
        words: About how many words a segment has.
        checks: What is known about the scorer, for the notes; None for nothing.

    Raises:
        AskewError: The scorer's model fails.
    """
    axis, kind = setting.axis, scorers.get(name)
    cut = segments(source, words)
    found = scorer([segment.text for segment in cut])
    scores = [one.score for one in found]
    table = _table(axis, cut, scores, [one.evidence for one in found])
    return PerspectiveMap(
        title=source.title,
        axis=axis,
        scorer=name,
        method=kind.method(setting),
        words=words,
        table=table,
        evidence=[one.evidence for one in found],
        figures=figures(scores),
        as_zero=figures(scores, as_zero=True),
        markers=markers(scores),
        parts=by_part(table),
        lens=lens_of(axis, [segment.text for segment in cut]),
        stability=stability(source, scorer, words, cut, scores) if kind.is_quick else None,
        notes=[*source.notes, *_notes(source, axis, name, table, checks or Checks())],
    )


def can_validate(axis: Axis) -> bool:
    """Return whether there are planted texts for an axis."""
    return axis.name == AXIS


def _table(
    axis: Axis, cut: Sequence[Segment], scores: Sequence[float], evidence: Sequence[Sequence[Evidence]]
) -> pd.DataFrame:
    """Return the table of a map."""
    rows = [
        [
            number,
            segment.part,
            segment.start,
            segment.end,
            segment.first,
            segment.words,
            len(segment.text),
            score,
            axis.band(score) or NO_EVIDENCE_BAND,
            "; ".join(_worded(segment.text, one) for one in of_one),
            segment.text,
        ]
        for number, (segment, score, of_one) in enumerate(zip(cut, scores, evidence, strict=True), start=1)
    ]
    return pd.DataFrame(rows, columns=SEGMENT_COLUMNS)


def _worded(text: str, one: Evidence) -> str:
    """Return a word of evidence with its weight, such as "risk -1 (attributed)"."""
    return f"{text[one.start : one.end]} {one.weight:+g}{f' ({one.why})' if one.why else ''}"


def _notes(source: Source, axis: Axis, name: str, table: pd.DataFrame, checks: Checks) -> list[str]:
    """Return what a reader should know before believing a map."""
    notes: list[str] = []
    if len(table) == 1:
        notes.append(
            f"The text is a single segment of {table['words'].iloc[0]:,} words: its map has no arc, and its spread is "
            "that of one number."
        )
    if not table["score"].notna().any():
        notes.append("No segment has evidence on this axis, so the map says nothing about the text.")
    language = language_of(source)
    if language and language != axis.language:
        notes.append(
            f"The text seems to be in the language {language}, and the axis is in {axis.language}: scores that rest on "
            "its words mean little."
        )
    ends = sum(len(_SENTENCE_ENDS.findall(part.text)) for part in source.parts)
    if ends < _LEAST_ENDS * int(table["words"].sum()) and len(table) > 1:
        notes.append(
            "The text has hardly any punctuation: who says what, and what is denied, is told by nearness only."
        )
    if checks.validation is not None:
        notes += [checks.validation.warning] if checks.validation.warning else []
    elif not can_validate(axis):
        notes.append(f"The planted texts are about the axis {AXIS}: how well {axis.name} is read was not checked.")
    else:
        notes.append(f"How well the scorer {name} reads stance was not checked here; --validate does that.")
    return notes
