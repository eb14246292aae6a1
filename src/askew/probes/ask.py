"""Ask a model several probes in this process, with one log per probe."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from askew.base.atomic import make_folder, put_in_place
from askew.base.errors import AskewError, unknown_name
from askew.base.signatures import sign_product
from askew.judging.fit import check_reads
from askew.models.model_args import NO_ARGS, check_args, model_with
from askew.models.names import resolve
from askew.models.remote.given_text import NO_LOGPROBS, may_read_given
from askew.models.remote.provider_errors import check_can_be_asked
from askew.probes import EXTERNAL, probes

if TYPE_CHECKING:
    from inspect_ai import Task
    from inspect_ai.log import EvalLog

_LONGEST_REASON = 300

IDENTITY = "askew"
"""The name in the metadata of a log under which a run states what the log is."""

OnQuestion = Callable[[int, int], None]
"""A progress callback: takes the number of questions whose answers are scored, and their total."""


@dataclass(frozen=True)
class ProbeCall:
    """A probe to ask, and its parameters.

    Attributes:
        probe: The probe's name.
        stem: The log's file name, without `.eval`.
        params: Parameters of the probe's task; the others keep their defaults.
        identity: What the log is, for its header: plain data under the name `IDENTITY`; empty for none.
    """

    probe: str
    stem: str
    params: Mapping[str, Any] = field(default_factory=dict)
    identity: Mapping[str, Any] = field(default_factory=dict)


def ask(
    model: str,
    judge: str | None,
    calls: Sequence[ProbeCall],
    log_dir: Path,
    tags: Sequence[str] = (),
    on_question: OnQuestion | None = None,
    model_args: Mapping[str, Any] = NO_ARGS,
    judge_args: Mapping[str, Any] = NO_ARGS,
) -> list[Path]:
    """Ask a model several probes and have its answers judged.

    Logs are written in a temporary folder, and moved to `log_dir` once all are complete. Inside `storing_replies` (see
    `models.remote.requests`), replies of served models are stored too, and not requested again.

    Args:
        model: The model to ask, by any name that `resolve` accepts.
        judge: The judge, by any such name. None leaves answers unjudged, except those of terrarium models, which the
            terrarium's own judge grades.
        calls: The probes to ask, in this order.
        log_dir: The folder for the logs; created if missing.
        tags: Written into each log; Inspect's viewer shows them in its list of logs.
        on_question: Called each time that the answers to a question are scored; not for external tasks.
        model_args: Extra arguments of the model; see `askew.models.model_args`.
        judge_args: Extra arguments of the judge.

    Returns:
        The path of the log of each call, in the same order.

    Raises:
        AskewError: A name or parameter is wrong, the judge cannot read the model, or an API key is missing, which is
            found before any model is asked; or a probe failed.
    """
    from inspect_ai import eval

    from askew.probes.scorer import GRADER

    asked, grader = resolve(model), None if judge is None else resolve(judge)
    if grader is not None:
        check_reads(grader, asked, instead="Name another judge, or none, and judge the answers later")
    for served in (spec for spec in (asked, grader) if spec and not spec.is_local):
        check_can_be_asked(served.inspect_name)
    check_args(asked, model_args)
    if judge_args and grader is None:
        raise AskewError("judge_args are given without a judge: name one")
    asked_model = model_with(asked, model_args)
    roles = {}
    if grader is not None:
        check_args(grader, judge_args, is_judge=True)
        roles[GRADER] = model_with(grader, judge_args, is_judge=True)
    tasks = [_task(call) for call in calls]
    if not asked.is_local and any(map(_has_given_answers, tasks)) and not may_read_given(asked.inspect_name):
        raise AskewError(NO_LOGPROBS.format(model=model))
    make_folder(log_dir)
    unfinished = log_dir / f".{calls[0].stem}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        with _counting_questions(calls, tasks, on_question):
            logs = eval(
                tasks,
                model=asked_model,
                model_roles=roles or None,
                tags=[*tags] or None,
                log_dir=str(unfinished),
                log_format="eval",
                log_level="warning",
                log_realtime=False,
                score_display=False,
                ctl_server=False,
                display="log",  # "none" also draws the tables of results, and then shows none
                log_header_only=True,
                debug_errors=True,  # raises the error itself instead of writing its traceback to the log
            )
        for call, log in zip(calls, logs, strict=True):
            _check(call, log)
        finished = [log_dir / f"{call.stem}.eval" for call in calls]
        for call, log, path in zip(calls, logs, finished, strict=True):
            if call.identity:
                sign_product(Path(log.location), path)
            put_in_place(Path(log.location), path)
    except (AskewError, OSError):
        raise
    except Exception as error:  # a provider or task may raise anything; it becomes one clear error
        names = ", ".join(call.probe for call in calls)
        reason = " ".join(str(error).split())[:_LONGEST_REASON] or type(error).__name__
        raise AskewError(f"asking {model} the probe {names} failed: {reason}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return finished


def _has_given_answers(task: "Task") -> bool:
    """Return whether a task has answers to be read instead of sampled."""
    from askew.models.provider import GIVEN

    turns = [sample.input[-1] for sample in task.dataset if not isinstance(sample.input, str)]
    return any(GIVEN in (turn.metadata or {}) for turn in turns)


def _task(call: ProbeCall) -> "Task":
    """Make the task of a call; an unknown parameter raises an error that suggests the nearest one."""
    make = probes.get(call.probe).task
    known = signature(make).parameters
    for name in call.params:
        if name not in known:
            raise unknown_name(f"parameter of the probe {call.probe}", name, known)
    task = make(**call.params)
    if call.identity:
        task.metadata = {**(task.metadata or {}), IDENTITY: dict(call.identity)}
    return task


@contextmanager
def _counting_questions(
    calls: Sequence[ProbeCall], tasks: "Sequence[Task]", on_question: OnQuestion | None
) -> Iterator[None]:
    """Report progress in this block: the questions whose answers are scored. External tasks do not count."""
    from askew.probes.scorer import on_scored

    ours = [task for call, task in zip(calls, tasks, strict=True) if probes.get(call.probe).kind != EXTERNAL]
    total, scored = sum(len(task.dataset) for task in ours), 0

    def count() -> None:
        nonlocal scored
        scored += 1
        if on_question:
            on_question(scored, total)

    token = on_scored.set(count)
    try:
        yield
    finally:
        on_scored.reset(token)


def _check(call: ProbeCall, log: "EvalLog") -> None:
    if log.status == "cancelled":
        raise KeyboardInterrupt
    if log.status != "success":
        raise AskewError(f"asking {log.eval.model} the probe {call.probe} failed: {log.status}")
