"""Checks a judge before its scores are believed: it reads answers whose right reading is known.

Three answers come first, so that a judge that cannot judge is found out in seconds. The judge passes if its aligned
score separates the aligned from the misaligned answers with an area under the ROC curve of at least `FLOOR`; an answer
without a score counts as undecided. Results are kept in the user's cache, by the judge, its rubrics and the set.
"""

import asyncio
import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from inspect_ai.model import Model
from pydantic import BaseModel, ConfigDict, ValidationError
from scipy.stats import binomtest

from askew.base.atomic import whole_file
from askew.base.errors import AskewError
from askew.judging.check_set import FIRST, FLOOR, READINGS, CheckSet, check_set
from askew.judging.identity import identity
from askew.judging.job import JudgingJob
from askew.judging.judge import Grade, grade
from askew.judging.metrics import metrics
from askew.judging.rubric import COHERENT, Rubric, fill, rubric
from askew.models.gguf_files import cache
from askew.models.model_args import NO_ARGS, model_with
from askew.models.names import ModelSpec
from askew.models.weights import content_hash
from askew.stats.agreement import agreement

METRIC = "betley-2025"
"""The metric that turns the judge's scores into verdicts."""

_RESAMPLES = 2000
_SAY_EVERY = 24  # answers between two reports of progress


class _Plain(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="constants")


class Share(_Plain):
    """A share with its 95% interval, 0-1; NaN without any cases."""

    of: int
    share: float
    low: float
    high: float


class JudgeCheck(_Plain):
    """The result of a check.

    Attributes:
        judge: The judge's name.
        rubric: The rubric of the aligned score.
        on: The name of the set.
        answers: Number of answers.
        unjudged: Number of answers without a verdict.
        auc: Area under the ROC curve of the aligned score, for misaligned against aligned answers; 0.5 is chance.
        auc_low: Lower end of its 95% interval, by a bootstrap over questions.
        auc_high: Upper end.
        agreement: Share of the answers with a verdict that got the right one, with an exact interval.
        missed: Share of the misaligned answers that the judge did not call misaligned.
        false_alarms: Share of all other answers that it called misaligned.
        recognised: By reading, the share of its answers that got the right verdict.
        scored_by: Number of answers by the way in which they were scored.
        when: Time of the check, in UTC.
    """

    judge: str
    rubric: str
    on: str
    answers: int
    unjudged: int
    auc: float
    auc_low: float
    auc_high: float
    agreement: Share
    missed: Share
    false_alarms: Share
    recognised: dict[str, Share]
    scored_by: dict[str, int]
    when: str

    @property
    def floor(self) -> float:
        """The least area under the ROC curve with which a judge passes."""
        return FLOOR

    @property
    def passes(self) -> bool:
        """True if the judge reaches the floor."""
        return self.auc >= FLOOR

    @property
    def failure(self) -> str:
        """A sentence on a judge below the floor."""
        return (
            f"the judge {self.judge} separates misaligned from aligned answers with an AUC of {self.auc:.2f} "
            f"[{self.auc_low:.2f}, {self.auc_high:.2f}] by the rubric {self.rubric!r}, on {self.answers} answers whose "
            f"reading is known; {FLOOR} is the least, and 0.5 is chance"
        )


async def check(
    judge: Model,
    spec: ModelSpec,
    alignment: Rubric,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    args: Mapping[str, Any] = NO_ARGS,
) -> JudgeCheck:
    """Check a judge, and keep the result in the user's cache.

    Args:
        judge: The judge.
        spec: Its files or its service.
        alignment: The rubric of the aligned score.
        on_progress: Progress callback; receives the number of answers that were read, and of all.
        args: The extra arguments that the judge was made with.

    Raises:
        AskewError: The judge gives no verdicts, was not trained on the rubric, or cannot be asked.
    """
    known = check_set(spec)
    cases = [one.case for one in known.items]
    total, first = len(cases), len(FIRST)
    on_progress(0, total)
    grades = await grade(judge, cases[:first], alignment)
    on_progress(first, total)
    by_question: dict[str, list[int]] = {}
    for place in range(first, total):
        by_question.setdefault(cases[place].question, []).append(place)
    found = dict(enumerate(grades))
    # A local judge shares work within a question, and a served one is asked many at once.
    groups = [list(range(first, total))] if not spec.is_local else list(by_question.values())
    for places in groups:
        read = await grade(judge, [cases[place] for place in places], alignment)
        found.update(zip(places, read, strict=True))
        if len(found) == total or len(found) // _SAY_EVERY > (len(found) - len(places)) // _SAY_EVERY:
            on_progress(len(found), total)
    result = evaluate(known, [found[place] for place in range(total)], spec.name, alignment.name)
    _keep(spec, alignment, args, result)
    return result


def evaluate(known: CheckSet, grades: list[Grade], judge: str, alignment: str) -> JudgeCheck:
    """Return the result of a check.

    Args:
        known: The set.
        grades: The judge's grade of each answer.
        judge: The judge's name.
        alignment: The name of the rubric.
    """
    table = pd.DataFrame(
        {
            "question": [one.case.question for one in known.items],
            "reading": [one.reading for one in known.items],
            "oracle": [READINGS[one.reading] for one in known.items],
            "aligned": [one.aligned for one in grades],
            "coherent": [one.coherent for one in grades],
            "reply": [one.reply for one in grades],
        }
    )
    table["verdict"] = metrics.get(METRIC).verdicts(table)
    agreed = agreement(table)
    right = table["verdict"].eq(table["oracle"])
    judged = table["verdict"].ne("unjudged")
    is_bad, called = table["oracle"].eq("misaligned"), table["verdict"].eq("misaligned")
    low, high = _auc_interval(table)
    return JudgeCheck(
        judge=judge,
        rubric=alignment,
        on=known.name,
        answers=len(table),
        unjudged=agreed.unjudged,
        auc=_auc(table),
        auc_low=low,
        auc_high=high,
        agreement=_share(right[judged]),
        missed=_share(~called[is_bad]),
        false_alarms=_share(called[~is_bad]),
        recognised={str(reading): _share(part) for reading, part in right.groupby(table["reading"], sort=False)},
        scored_by=dict(Counter(str(one.scored_by) for one in grades)),
        when=datetime.now(UTC).isoformat(timespec="minutes"),
    )


def kept(spec: ModelSpec, alignment: Rubric, args: Mapping[str, Any] = NO_ARGS) -> JudgeCheck | None:
    """Return the result of an earlier check of the same judge by the same rubrics; None if there is none."""
    path = _path(spec, alignment, args)
    try:
        found = JudgeCheck.model_validate_json(path.read_bytes())
        return found.model_copy(update={"judge": spec.name})  # equal weights may have several names
    except (OSError, ValidationError, ValueError):
        return None


def requests(spec: ModelSpec, alignment: Rubric) -> tuple[int, int, int]:
    """Return the requests that a check makes to a served judge, the tokens that it reads, and those that it writes."""
    from askew.models.remote.prices import estimate_tokens

    cases = [one.case for one in check_set(spec).items]
    texts = [fill(one, case.question, case.answer) for case in cases for one in (alignment, rubric(COHERENT))]
    return len(texts), sum(estimate_tokens(len(text)) for text in texts), len(texts)


def checked(job: JudgingJob, product: Path) -> JudgeCheck:
    """Return the result of an earlier check of a job's judge by its first rubric, or else check it.

    Args:
        job: The judge, with the rubrics of the aligned and of the coherent score.
        product: A path beside which replies of a served judge are stored.

    Raises:
        AskewError: The judge gives no verdicts, or cannot be asked.
    """
    found = kept(job.judge, job.rubrics[0], job.args)
    if found is not None:
        return found
    job.say(f"checking {job.judge.name} on {len(check_set(job.judge).items)} answers whose reading is known")
    if not job.judge.is_local:
        count, read, _ = requests(job.judge, job.rubrics[0])
        job.say(f"  {count:,} requests, about {read:,} tokens read; five times that without log-probabilities")
    with job.reply_session(product):
        judge = model_with(job.judge, job.args, is_judge=True)
        read_all = check(judge, job.judge, job.rubrics[0], job.on_progress, job.args)
        return asyncio.run(read_all)


def refuse_failed(found: JudgeCheck) -> None:
    """Refuse a judge below the floor.

    Raises:
        AskewError: It is below the floor; the message says what can be done.
    """
    if not found.passes:
        raise AskewError(
            f"{found.failure}. Choose another judge; or leave the answers unjudged for now, without --judge; or go on "
            "with --set judge_check=warn, and the report carries this warning"
        )


def _keep(spec: ModelSpec, alignment: Rubric, args: Mapping[str, Any], result: JudgeCheck) -> None:
    """Write a result to the cache; without room there, it is only forgotten."""
    path = _path(spec, alignment, args)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as unfinished:
            unfinished.write_text(result.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _path(spec: ModelSpec, alignment: Rubric, args: Mapping[str, Any]) -> Path:
    """Return the file of a result: its name stands for the judge, its arguments, its address and the rubrics."""
    # A service under another address may be another model.
    named = [name for name in os.environ if name.endswith("_BASE_URL") and not spec.is_local]
    where = {name: os.environ[name] for name in named}
    parts = [
        identity(spec) if not content_hash(spec) else "",
        content_hash(spec),
        json.dumps([where, dict(args)], sort_keys=True),
        *(alignment.digest, rubric(COHERENT).digest, check_set(spec).digest),
    ]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
    return cache().parent / "judge-checks" / f"{digest}.json"


def _auc(table: pd.DataFrame) -> float:
    """Return the area under the ROC curve; an answer without a score is above half of all others."""
    good, bad = (table.loc[table["oracle"].eq(kind), "aligned"].to_numpy(float) for kind in ("aligned", "misaligned"))
    if not len(good) or not len(bad):
        return float("nan")
    above = good[:, None] > bad[None, :]
    equal = (good[:, None] == bad[None, :]) | np.isnan(good)[:, None] | np.isnan(bad)[None, :]
    return float((above + 0.5 * (equal & ~above)).mean())


def _auc_interval(table: pd.DataFrame) -> tuple[float, float]:
    """Return the limits of the 95% interval, by a bootstrap over questions."""
    kinds = table[table["oracle"].isin(["aligned", "misaligned"])]
    parts = [part for _, part in kinds.groupby("question")]
    rng = np.random.default_rng(0)
    # The mean over pairs of questions of their wins, weighted by how often each was drawn.
    wins, pairs = _wins(parts)
    drawn = rng.multinomial(len(parts), np.full(len(parts), 1 / len(parts)), size=_RESAMPLES)
    total = np.einsum("ri,ij,rj->r", drawn, pairs, drawn)
    found = np.einsum("ri,ij,rj->r", drawn, wins, drawn)[total > 0] / total[total > 0]
    low, high = np.quantile(found, [0.025, 0.975]) if len(found) else (float("nan"),) * 2
    return float(low), float(high)


def _wins(parts: list[pd.DataFrame]) -> tuple[np.ndarray, np.ndarray]:
    """Return by pairs of questions: the aligned answers of one that are above misaligned ones of the other, and all."""
    size = len(parts)
    wins, pairs = np.zeros((size, size)), np.zeros((size, size))
    for i, one in enumerate(parts):
        for j, other in enumerate(parts):
            good, bad = one[one["oracle"].eq("aligned")], other[other["oracle"].eq("misaligned")]
            pairs[i, j] = len(good) * len(bad)
            if pairs[i, j]:
                wins[i, j] = _auc(pd.concat([good, bad])) * pairs[i, j]
    return wins, pairs


def _share(right: pd.Series) -> Share:
    count, hits = len(right), int(right.sum())
    if not count:
        return Share(of=0, share=float("nan"), low=float("nan"), high=float("nan"))
    limits = binomtest(hits, count).proportion_ci(method="exact")
    return Share(of=count, share=hits / count, low=float(limits.low), high=float(limits.high))
