"""Judgements: what a judge said of which answer, kept in a file as it comes, so that nothing is judged twice.

One line a case, by the digest of its question and answer. A file that was cut off in the middle of a line is read
up to there.
"""

import asyncio
import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from askew.base.errors import AskewError
from askew.judging.judge import Case, opinions
from askew.judging.readout import Score
from askew.judging.rubric import Rubric
from askew.models.names import ModelSpec

# Cases that are graded together: enough for a judge on this machine to share work, few enough to lose little.
_CASES_AT_ONCE = 500

# Told how many cases are graded, of how many.
Progress = Callable[[int, int], None]


class Judgements:
    """Judgements of one judge by some rubrics.

    Args:
        path: The file; made when there is something to keep.
        judge: The judge's name.
        rubrics: What it is told.

    Raises:
        AskewError: The file holds those of another judge or rubric, or is damaged.
    """

    def __init__(self, path: Path, judge: str, rubrics: Sequence[Rubric]) -> None:
        self.path = path
        self._header = {"judge": judge, "rubrics": {rubric.name: rubric.digest for rubric in rubrics}}
        self._scores: dict[bytes, tuple[Score, ...]] = {}
        self._whole = 0
        if path.exists():
            self._read()

    def __len__(self) -> int:
        """Return how many cases are judged."""
        return len(self._scores)

    def __contains__(self, case: Case) -> bool:
        """Say whether a case is judged."""
        return _digest(case) in self._scores

    def __getitem__(self, case: Case) -> tuple[Score, ...]:
        """Return the scores of a case, one for each rubric."""
        return self._scores[_digest(case)]

    @contextmanager
    def adding(self) -> Iterator[Callable[[Case, Sequence[Score]], None]]:
        """Open the file for more; give what adds a case."""
        with self.path.open("ab") as file:
            file.truncate(self._whole)
        with self.path.open("a", encoding="utf-8") as file:
            if not self._whole:
                _write(file, self._header)

            def add(case: Case, scores: Sequence[Score]) -> None:
                self._scores[_digest(case)] = tuple(scores)
                _write(file, {"of": _digest(case).hex(), "scores": [_plain(score) for score in scores]})

            yield add

    def _read(self) -> None:
        with self.path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.endswith(b"\n"):
                    return
                try:
                    self._take(json.loads(line), number)
                except (ValueError, KeyError, TypeError) as error:
                    raise AskewError(f"{self.path}, line {number}, is damaged: delete it and judge anew") from error
                self._whole += len(line)

    def _take(self, line: Any, number: int) -> None:
        if number > 1:
            self._scores[bytes.fromhex(line["of"])] = tuple(_score(plain) for plain in line["scores"])
        elif line != self._header:
            raise AskewError(
                f"{self.path} is unfinished work of the judge {line['judge']} by the rubrics "
                f"{', '.join(line['rubrics'])}, as they were: finish that, delete it, or name another file with --out"
            )


def judge_missing(
    spec: ModelSpec,
    rubrics: Sequence[Rubric],
    cases: Iterable[Case],
    judgements: Judgements,
    total: int,
    told: Progress,
) -> None:
    """Have those cases judged that are not yet.

    Args:
        spec: The judge.
        rubrics: What it is told.
        cases: All cases; one that comes again is judged once.
        judgements: Where they go.
        total: How many different cases there are.
        told: Is told of the progress.

    Raises:
        AskewError: The judge cannot judge; what it judged before is kept.
    """
    asyncio.run(_judge_missing(spec, rubrics, cases, judgements, total, told))


async def _judge_missing(
    spec: ModelSpec,
    rubrics: Sequence[Rubric],
    cases: Iterable[Case],
    judgements: Judgements,
    total: int,
    told: Progress,
) -> None:
    from inspect_ai.model import get_model

    judge = get_model(spec.inspect_name)
    told(len(judgements), total)
    missing = (case for case in cases if case not in judgements)
    with judgements.adding() as add:
        while part := list(dict.fromkeys(islice(missing, _CASES_AT_ONCE))):
            for case, scores in zip(part, await opinions(judge, part, rubrics), strict=True):
                add(case, scores)
            told(len(judgements), total)


def _digest(case: Case) -> bytes:
    """Return what tells a case from others, in less memory than it takes."""
    lengths = f"{len(case.question)} "
    return hashlib.sha256((lengths + case.question + case.answer).encode()).digest()[:16]


def _plain(score: Score) -> dict[str, Any]:
    value = None if math.isnan(score.value) else score.value
    return {"value": value, "scored_by": score.scored_by, "reply": score.reply, "word": score.word}


def _score(plain: dict[str, Any]) -> Score:
    value = math.nan if plain["value"] is None else float(plain["value"])
    return Score(value, plain["scored_by"], plain["reply"], plain["word"])


def _write(file: TextIO, line: dict[str, Any]) -> None:
    file.write(json.dumps(line) + "\n")
    file.flush()
