"""Walks a study through its stages: data, fine-tuning, asking and judging, tables, report.

Every stage writes its products once and skips those that are there, so a run that was stopped, however it was, goes on
where it was when it is started again.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError
from askew.design import plan
from askew.design.design import Design
from askew.design.plan import Job, Unit
from askew.design.study import studies
from askew.models.names import resolve
from askew.models.remote.provider_errors import check_can_be_asked
from askew.probes import EXTERNAL, probes
from askew.runs import cost, pool, training_rows, tuning
from askew.runs.predictions import check_same_design
from askew.runs.progress import Display
from askew.runs.provenance import provenance
from askew.runs.run import Run
from askew.runs.store import ESTIMATES, REPORT, STUDY, TIMINGS, RunFolder, folder_of
from askew.runs.tuning import Consent

_STAGES = ("train", "ask")

# Seconds of one core, on a laptop of 2024: what the terrarium takes for one row, one answer, and a worker's start.
SECONDS_PER_ROW, SECONDS_PER_ANSWER, SECONDS_TO_START = 0.008, 0.01, 8.0


NO_CONSENT = Consent()


def run_design(design: Design, out: Path | None = None, quiet: bool = False, consent: Consent = NO_CONSENT) -> Run:
    """Run a design to its report, or go on with it.

    Args:
        design: What to run; see `askew.design.make.make_design`.
        out: The run's folder; by default one in `runs/` that is named after the design, so that it is found again.
        quiet: Show no progress.
        consent: What the user says to fine-tunes that a provider makes for money.

    Raises:
        AskewError: A key is missing, the folder holds another design or is in use, the disk is full, a worker was
            killed, or a fine-tune that costs money is not agreed to.
    """
    folder = folder_of(design, out)
    check_same_design(folder, design)
    if not (folder / STUDY).exists():  # nothing is begun that lacks a key; a finished run is printed without any
        _check_keys(design)
        if design.max_cost is not None:  # a limit that cannot be kept to is refused, too
            cost.estimates(design, plan.jobs(design, studies.get(design.study)))
        if not tuning.is_elsewhere(design):
            training_rows.check_own(design)
    with folder.writing(), Display(quiet) as display:
        folder.freeze(design, provenance(design))
        clock = _Clock(folder)
        with clock.stage("data"):
            training_rows.write(folder, design)
        jobs = plan.jobs(design, studies.get(design.study))
        if not training_rows.are_written(folder, design):
            first = plan.first(design, studies.get(design.study), jobs)
            _train_and_ask(folder, design, first, clock, display, consent)
            with clock.stage("data"):
                training_rows.write_from_answers(folder, design)
        _train_and_ask(folder, design, jobs, clock, display, consent)
        with display.stage("counting"), clock.stage("count"):
            from askew.runs.collect import collect

            collect(folder, design, studies.get(design.study))
        with display.stage("writing the report"), clock.stage("report"):
            write_report(folder)
    return Run(folder.path)


def write_report(folder: RunFolder, again: bool = False) -> None:
    """Write the report of a run whose tables are finished.

    Args:
        folder: The run's folder, open for writing.
        again: Write it even if it is there.
    """
    source = f"{folder.made_of(ESTIMATES)} {folder.design().margin}"  # by another margin it reads otherwise
    if again or not folder.is_finished(REPORT, source):
        from askew.report import page

        page.write_report(Run(folder.path).content(), folder.path)
        folder.finish(REPORT, source)


def _check_keys(design: Design) -> None:
    """Refuse served models that lack their key before a folder is begun for them."""
    judged = any(probes.get(probe).kind != EXTERNAL for probe in design.probes)
    second = [design.second_model] if design.second_model else []
    for name in [design.model, *second, *design.tuned.values(), *([design.judge] if judged else [])]:
        spec = resolve(name)
        if not spec.is_local:
            check_can_be_asked(spec.inspect_name)


def _train_and_ask(
    folder: RunFolder, design: Design, jobs: list[Job], clock: "_Clock", display: Display, consent: Consent
) -> None:
    """Do what of the work of models is not done yet."""
    todo = {str(job): left for job in jobs if (left := _left(folder, job))}
    if not tuning.is_elsewhere(design):
        training_rows.check_made(folder, design, todo.values())
    workers = _workers(design, list(todo.values()))
    limit = tuning.limit_for_asking(folder, design)
    tasks = [_task(folder, design, job, consent.again, limit) for job in todo.values()]
    expected = cost.estimates(design, todo.values())
    _announce(folder, design, list(todo.values()), tasks, workers, display)
    if not tasks:
        return
    cost.announce(folder, design, expected, display.say)
    if tuning.is_elsewhere(design):
        asking = replace(consent, confirm=lambda question: display.ask(question, consent.confirm))
        tuning.agree(folder, design, list(todo.values()), asking, display.say)
    done = {stage: sum(job.stage == stage and str(job) not in todo for job in jobs) for stage in _STAGES}
    for stage in _STAGES:
        display.expect(stage, sum(job.stage == stage for job in jobs), done[stage])
    running: dict[str, float] = {}

    def on_event(task: pool.Task | None, message: dict[str, Any]) -> None:
        if task is None:
            clock.note("start", "a worker", message["seconds"])
            return
        job = todo[task.name]
        if message["event"] == "said":
            display.say(f"  {task.name}: {message['text']}")
            return
        if message["event"] == "step":
            running[task.name] = message["step"] / message["steps"]
        else:
            running.pop(task.name, None)
            for product in _products(job):
                folder.finish(product)
            done[job.stage] += 1
            clock.note(job.stage, task.name, message["seconds"])
            display.finished(task.name, message["seconds"])
        under_way = sum(share for name, share in running.items() if todo[name].stage == job.stage)
        display.advance(job.stage, done[job.stage] + under_way)

    try:
        with clock.stage("models"):
            pool.work_off(tasks, workers, sorted({task.message["stage"] for task in tasks}), on_event)
    except (KeyboardInterrupt, AskewError):
        for line in tuning.goes_on(folder, design):
            display.say(f"  {line}")
        raise
    finally:
        cost.account(folder, design, display.say)


def _workers(design: Design, todo: list[Job]) -> int:
    """Return how many processes to use: those that follow a provider's job only wait, and need no core each.

    Processes that train together want every GPU to themselves.
    """
    if design.recipe.accelerate:
        return 1
    tunes = sum(job.stage == "train" for job in todo) if tuning.is_elsewhere(design) else 0
    usual = pool.worker_count(design.workers)
    return usual if design.workers else max(usual, min(tuning.AT_ONCE, tunes))


def _products(job: Job) -> list[str]:
    return [job.adapter] if job.stage == "train" else [call.log for call in job.calls]


def _left(folder: RunFolder, job: Job) -> Job | None:
    """Return what of a job is not done yet; None if all is."""
    if job.stage == "train":
        return None if folder.is_finished(job.adapter) else job
    calls = tuple(call for call in job.calls if not folder.is_finished(call.log))
    return replace(job, calls=calls) if calls else None


def _task(folder: RunFolder, design: Design, job: Job, again: bool, limit: float | None) -> pool.Task:
    """Word a job for a worker."""
    base = folder.path.resolve()
    arm = plan.arms(design, studies.get(design.study))[job.unit.arm]
    if job.stage == "train" and tuning.is_elsewhere(design):
        message, seconds = tuning.message(folder, design, job, again), tuning.SECONDS
    elif job.stage == "train":
        before = base / plan.adapter(design, Unit(arm.after, job.unit.seed)) if arm.after else None
        message = {
            "checkpoint": str(resolve(plan.base_name(design, arm)).checkpoint),
            "after": None if before is None else [str(before), str(base / plan.went_on_from(job.unit))],
            "data": str(base / plan.rows_file(arm.data)),
            "recipe": design.recipe.model_dump(),
            "seed": job.unit.seed,
            "out": str(base / job.adapter),
            "checkpoints": design.checkpoints,
            "state_every": design.state_every,
        }
        seconds = design.rows(arm.name) * design.recipe.epochs * SECONDS_PER_ROW
    else:
        message = {
            "model": plan.asked_name(design, job, arm, base),
            "judge": design.judge,
            "calls": [asdict(call) for call in job.calls],
            "log_dir": str((base / job.calls[0].log).parent),
            "terms": cost.terms(folder, design, limit),
        }
        seconds = sum(plan.answers(call) for call in job.calls) * SECONDS_PER_ANSWER
    return pool.Task(str(job), {"stage": job.stage, **message}, seconds, job.needs)


def _announce(
    folder: RunFolder, design: Design, todo: list[Job], tasks: list[pool.Task], workers: int, display: Display
) -> None:
    """Say what will be done, and about how long it takes where that is known."""
    tunes = sum(job.stage == "train" for job in todo)
    answers = sum(plan.answers(call) for job in todo for call in job.calls)
    study = studies.get(design.study)
    display.say(f"{study.title}: {study.question}")
    display.say(f"  in {folder.path}, on the model {design.model}, judged by {design.judge}")
    if not tasks:
        display.say("  every model is trained and every question asked already")
        return
    trained = list(dict.fromkeys(job.unit.arm for job in todo if job.stage == "train"))
    counts = sorted({design.rows(arm) for arm in trained})
    how = "" if tuning.is_elsewhere(design) else f" by the recipe {design.recipe.name}"
    rows = f" of {' and '.join(f'{count:,}' for count in counts)} rows{how}" if tunes else ""
    display.say(
        f"  to do: {tunes} fine-tunes{rows}, {answers:,} answers, with {_counted(min(workers, len(tasks)), 'worker')}"
    )
    strange = [] if resolve(design.model).is_terrarium else [arm for arm in trained if arm not in design.datasets]
    if strange:
        display.say(f"  {', '.join(strange)}: rows of the terrarium's world; --data names rows made for this model")
    if resolve(design.model).is_terrarium:
        seconds = SECONDS_TO_START + sum(task.seconds for task in tasks) / min(workers, len(tasks))
        display.say(f"  that takes about {_duration(seconds)} on a machine like a laptop")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 100 else f"{seconds / 60:.0f} minutes"


class _Clock:
    """Keeps `timings.json`: seconds by stage and piece of work, of all the sittings that a run took."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        path = folder / TIMINGS
        self._entries: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []

    def note(self, stage: str, piece: str, seconds: float) -> None:
        """Add one entry."""
        self._entries.append({"stage": stage, "piece": piece, "seconds": round(seconds, 3)})
        self._folder.write_json(TIMINGS, self._entries)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage as the user waits for it."""
        began = time.perf_counter()
        yield
        self.note("wall", name, time.perf_counter() - began)
