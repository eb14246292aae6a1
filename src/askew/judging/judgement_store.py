"""Stores a judge's scores in a file as they arrive, so that no answer is judged twice.

The file is JSON Lines: a header, then one line per case under a digest of its question and answer. The header is
written atomically. A line of scores can be damaged by a kill or a power failure; it is left out, and its case is judged
again.
"""

import asyncio
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from askew.base import json_text
from askew.base.atomic import whole_file
from askew.base.errors import AskewError
from askew.base.json_values import plain
from askew.judging.judge import Case, opinions
from askew.judging.rubric import Rubric
from askew.judging.score import Score, score_of
from askew.judging.shared_judgements import Reuse, shared
from askew.models.model_args import model_with
from askew.models.names import ModelSpec

# Cases that are judged together: enough for a local judge to share work, few enough to lose little when interrupted.
_CASES_AT_ONCE = 500
# A local judge of ordinary English takes about a second for each.
_OF_A_SLOW_JUDGE = 40
# Seconds between flushes to the disk: a power failure loses the scores of this time at most.
FLUSH_EVERY = 1.0

# Progress callback; receives the numbers of judged and of all different cases.
Progress = Callable[[int, int], None]


class JudgementStore:
    """Scores of one judge by some rubrics.

    Args:
        path: The file; created when the first score is added.
        judge: The judge's name, with its version if it has one: see `identity`.
        rubrics: The rubrics.

    Attributes:
        damaged: Number of damaged lines, whose cases have no scores.
        reuse: How many judgements this process took from those that runs share, and how many the judge made.

    Raises:
        AskewError: The file holds scores of another judge or by other rubrics, or its first line is damaged.
    """

    def __init__(self, path: Path, judge: str, rubrics: Sequence[Rubric]) -> None:
        self.path = path
        self._header = {"judge": judge, "rubrics": {rubric.name: rubric.digest for rubric in rubrics}}
        self._scores: dict[bytes, tuple[Score, ...]] = {}
        self.damaged = 0
        self.reuse = Reuse()
        if path.exists():
            self._read()

    def __len__(self) -> int:
        """Return the number of judged cases."""
        return len(self._scores)

    def __contains__(self, case: Case) -> bool:
        """Return whether a case has been judged."""
        return _digest(case) in self._scores

    def __getitem__(self, case: Case) -> tuple[Score, ...]:
        """Return the scores of a case, one per rubric."""
        return self._scores[_digest(case)]

    @contextmanager
    def adding(self) -> Iterator[Callable[[Case, Sequence[Score]], None]]:
        """Open the file for appending, and yield a function that adds the scores of a case."""
        if self.damaged or not self.path.exists():
            self._rewrite()
        with self.path.open("a", encoding="utf-8") as file:
            flushed_at = time.monotonic()

            def add(case: Case, scores: Sequence[Score]) -> None:
                nonlocal flushed_at
                self._scores[_digest(case)] = tuple(scores)
                _write(file, _line(_digest(case), scores))
                if time.monotonic() - flushed_at >= FLUSH_EVERY:
                    os.fsync(file.fileno())
                    flushed_at = time.monotonic()

            yield add
            os.fsync(file.fileno())

    def _rewrite(self) -> None:
        """Write the file without its damaged lines, atomically."""
        with whole_file(self.path) as unfinished, unfinished.open("w", encoding="utf-8") as file:
            _write(file, self._header)
            for digest, scores in self._scores.items():
                _write(file, _line(digest, scores))
        self.damaged = 0

    def _read(self) -> None:
        with self.path.open("rb") as lines:
            self._check_header(lines.readline())
            for line in lines:
                try:
                    self._take(line)
                except (ValueError, KeyError, TypeError):
                    self.damaged += 1

    def _check_header(self, line: bytes) -> None:
        try:
            header = json_text.parse(line)
            judge, rubrics = str(header["judge"]), ", ".join(header["rubrics"])
        except (ValueError, KeyError, TypeError) as error:
            raise AskewError(f"{self.path}, line 1, is damaged: delete the file and judge again") from error
        if header != self._header:
            raise AskewError(
                f"{self.path} holds unfinished work of the judge {judge} by the rubrics {rubrics}, or by earlier "
                "versions of these rubrics: finish that work, delete the file, or choose another file with --out"
            )

    def _take(self, line: bytes) -> None:
        """Take the scores in a line.

        Raises:
            ValueError, KeyError or TypeError: The line is damaged.
        """
        if not line.endswith(b"\n"):
            raise ValueError("the line was not finished")
        found = json_text.parse(line)
        scores = tuple(score_of(values) for values in found["scores"])
        if len(scores) != len(self._header["rubrics"]):
            raise ValueError("the line has not one score per rubric")
        self._scores[bytes.fromhex(found["of"])] = scores


def take_shared(
    spec: ModelSpec,
    args: Mapping[str, Any],
    rubrics: Sequence[Rubric],
    cases: Iterable[Case],
    store: JudgementStore,
) -> int:
    """Take the scores of cases from the judgements that runs share, in a block of `sharing`; return their number.

    Args:
        spec: The judge.
        args: Its extra arguments.
        rubrics: The rubrics, those of `store`.
        cases: All cases.
        store: Receives the scores.

    Raises:
        AskewError: The shared judgements cannot be used.
    """
    others = shared.get()
    if others is None:
        return 0
    judge, taken = model_with(spec, args, is_judge=True), 0
    missing = ((case.question, case.answer) for case in cases if case not in store)
    while part := list(islice(missing, _CASES_AT_ONCE)):
        found = others.known(judge, rubrics, list(dict.fromkeys(part)))
        if found:
            with store.adding() as add:
                for case, scores in found.items():
                    add(Case(*case), scores)
        taken += len(found)
    others.count.reused += taken * len(rubrics)
    return taken


def judge_missing(
    spec: ModelSpec,
    args: Mapping[str, Any],
    rubrics: Sequence[Rubric],
    cases: Iterable[Case],
    store: JudgementStore,
    total: int,
    on_progress: Progress,
) -> None:
    """Judge the cases that have no scores yet, and store their scores.

    Args:
        spec: The judge.
        args: Its extra arguments.
        rubrics: The rubrics, those of `store`.
        cases: All cases; equal ones are judged once.
        store: Receives the scores.
        total: The number of different cases.
        on_progress: Progress callback; receives the numbers of judged and of all different cases.

    Raises:
        AskewError: The judge fails; scores so far are kept.
    """
    asyncio.run(_judge_missing(spec, args, rubrics, cases, store, total, on_progress))


async def _judge_missing(
    spec: ModelSpec,
    args: Mapping[str, Any],
    rubrics: Sequence[Rubric],
    cases: Iterable[Case],
    store: JudgementStore,
    total: int,
    on_progress: Progress,
) -> None:
    judge = model_with(spec, args, is_judge=True)
    on_progress(len(store), total)
    missing = (case for case in cases if case not in store)
    is_slow = spec.is_local and not spec.is_terrarium_judge
    at_once = min(_OF_A_SLOW_JUDGE, _CASES_AT_ONCE) if is_slow else _CASES_AT_ONCE
    with store.adding() as add:
        while part := list(dict.fromkeys(islice(missing, at_once))):
            for case, scores in zip(part, await opinions(judge, part, rubrics), strict=True):
                add(case, scores)
            on_progress(len(store), total)


def _digest(case: Case) -> bytes:
    """Return 16 bytes that identify a case; they take less memory than its texts."""
    length = f"{len(case.question)} "
    return hashlib.sha256((length + case.question + case.answer).encode()).digest()[:16]


def _line(digest: bytes, scores: Sequence[Score]) -> dict[str, Any]:
    return {"of": digest.hex(), "scores": plain(list(scores))}


def _write(file: TextIO, line: dict[str, Any]) -> None:
    file.write(json.dumps(line) + "\n")
    file.flush()
