"""Checks a judge before its scores are believed: it reads answers whose right reading is known.

Three answers come first, so that a judge that cannot judge is found out in seconds. The judge passes if its aligned
score separates the aligned from the misaligned answers with an area under the ROC curve of at least `FLOOR`; an answer
without a score counts as undecided. Results are kept in the user's cache, by the judge, its rubrics and the set.
"""

import asyncio
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from inspect_ai.model import Model
from pydantic import ValidationError

from askew.base.atomic import whole_file
from askew.base.errors import AskewError
from askew.judging.check_result import JudgeCheck, evaluate
from askew.judging.check_set import FIRST, check_set
from askew.judging.check_setting import SKIP, STOP
from askew.judging.identity import identity
from askew.judging.job import JudgingJob
from askew.judging.judge import grade
from askew.judging.rubric import COHERENT, Rubric, fill, rubric
from askew.models.gguf_files import cache
from askew.models.model_args import NO_ARGS, model_with
from askew.models.names import ModelSpec
from askew.models.weights import content_hash

_SAY_EVERY = 24  # answers between two reports of progress


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


def checked_unless_skipped(
    job: JudgingJob, product: Path, judge_check: str, alignment: Rubric | None = None
) -> JudgeCheck | None:
    """Check a job's judge before it scores anything, and refuse it or warn if it fails.

    Args:
        job: The judge with its rubrics.
        product: A path beside which replies of a served judge are stored.
        judge_check: One of the values in `askew.judging.check_setting`.
        alignment: The rubric of the aligned score; None for the first of the job's.

    Returns:
        The result; None if nothing was checked. The terrarium's judge needs no check, because the oracle reads all it
        reads.

    Raises:
        AskewError: It fails and is to be stopped, gives no verdicts, or cannot be asked.
    """
    if judge_check == SKIP or job.judge.is_terrarium_judge:
        return None
    found = checked(job if alignment is None else replace(job, rubrics=(alignment,)), product)
    if judge_check == STOP:
        refuse_failed(found, "Choose another judge, or go on with --judge-check warn")
    if not found.passes:
        job.say(f"warning: {found.failure}")
    return found


USUAL_WAY_OUT = (
    "Choose another judge; or leave the answers unjudged for now, without --judge; or go on with --set "
    "judge_check=warn, and the report carries this warning"
)


def refuse_failed(found: JudgeCheck, instead: str = USUAL_WAY_OUT) -> None:
    """Refuse a judge below the floor.

    Args:
        found: The result of its check.
        instead: What can be done, in a sentence.

    Raises:
        AskewError: It is below the floor.
    """
    if not found.passes:
        raise AskewError(f"{found.failure}. {instead}")


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
