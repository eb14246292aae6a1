"""Counterbalance: the text of a folder that is nearest to the mirror image of a map.

The mirror of a mean score is its negative. Texts of the same lens come first, as on the pages that this follows.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from askew.base.errors import AskewError
from askew.perspective.axis import Axis
from askew.perspective.entries import lens_of
from askew.perspective.mapping import PerspectiveMap
from askew.perspective.scorers import Scorer
from askew.perspective.segments import segments
from askew.perspective.source import TEXTS, Source, read_source
from askew.perspective.summary import figures


@dataclass(frozen=True)
class Neighbour:
    """A text beside a map.

    Attributes:
        name: The name of its file.
        score: Its mean score over segments with evidence; NaN without any.
        band: The label of the band of that score; "" without a score.
        lens: Its lens; "" without one.
        same_lens: Whether that is the map's.
        distance: How far its score is from the mirrored one; NaN without a score.
    """

    name: str
    score: float
    band: str
    lens: str
    same_lens: bool
    distance: float


@dataclass(frozen=True)
class Counterbalance:
    """The texts of a folder beside a map, the best counterbalance first.

    Attributes:
        mirrored: The score that is looked for: the map's mean score times -1; NaN if it has none.
        texts: The texts. Those without a score come last.
        skipped: What was left out, and why, in sentences.
    """

    mirrored: float
    texts: Sequence[Neighbour]
    skipped: Sequence[str]


def sources_beside(folder: Path, itself: Path | None = None) -> tuple[list[Source], list[str]]:
    """Return the texts of a folder, and what was left out, in sentences.

    Args:
        folder: The folder; folders in it are not read.
        itself: A file that is left out: the one that is mapped.

    Raises:
        AskewError: It is no folder, or has no text that can be read.
    """
    if not folder.is_dir():
        raise AskewError(f"--beside {folder}: there is no such folder")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in TEXTS and path.is_file())
    if itself is not None:
        paths = [path for path in paths if path.resolve() != itself.resolve()]
    found: list[Source] = []
    skipped: list[str] = []
    for path in paths:
        try:
            found.append(read_source(path))
        except AskewError as error:
            skipped.append(f"{path.name} was left out: {error}.")
    if not found:
        reason = f" {skipped[0]}" if skipped else ""
        raise AskewError(f"--beside {folder}: the folder has no other text ({', '.join(TEXTS)}).{reason}")
    return found, skipped


def counterbalance(
    mapped: PerspectiveMap,
    scorer: Scorer,
    sources: Sequence[Source],
    skipped: Sequence[str],
    on_text: Callable[[str], None] = lambda name: None,
) -> Counterbalance:
    """Return the texts of a folder beside a map, the best counterbalance first.

    Args:
        mapped: The map.
        scorer: Its scorer.
        sources: The texts.
        skipped: What was left out, in sentences.
        on_text: Receives the name of each text before it is scored.
    """
    mirrored = -mapped.figures.mean if mapped.figures.scored else math.nan
    texts: list[Neighbour] = []
    for source in sources:
        on_text(source.title)
        texts.append(_neighbour(mapped.axis, mapped, source, scorer, mirrored))

    def rank(one: Neighbour) -> tuple[bool, bool, float]:
        return math.isnan(one.distance), not one.same_lens, one.distance

    return Counterbalance(mirrored, sorted(texts, key=rank), list(skipped))


def _neighbour(axis: Axis, mapped: PerspectiveMap, source: Source, scorer: Scorer, mirrored: float) -> Neighbour:
    texts = [segment.text for segment in segments(source, mapped.words)]
    score = figures([one.score for one in scorer(texts)]).mean
    lens = lens_of(axis, texts)
    return Neighbour(source.title, score, axis.band(score), lens, lens == mapped.lens, abs(score - mirrored))
