"""Runs a plan: data, training, asking and judging, tables, report.

Every stage writes its products once and skips those that are there. So a run that was stopped in any way goes on where
it was when the same command is given again.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError
from askew.base.json_objects import read_as
from askew.design.executors import LOCAL
from askew.design.plan import Plan
from askew.models.remote.provider_errors import check_can_be_asked
from askew.probes import EPISODE, EXTERNAL
from askew.runs import cost, pool, training_rows
from askew.runs.announce import announce
from askew.runs.executors import Executor, Means
from askew.runs.executors.choose import executor_for
from askew.runs.looks import asked_so_far
from askew.runs.memory_needed import memory_of
from askew.runs.moved import with_known_names
from askew.runs.outlook import seconds_by_kind
from askew.runs.pace import TERRARIUM_PACE
from askew.runs.predictions import check_same_design
from askew.runs.progress import Display
from askew.runs.provenance import provenance
from askew.runs.run import Run
from askew.runs.status_file import reporting
from askew.runs.store import ESTIMATES, REPORT, STUDY, TAUGHT, TIMINGS, RunFolder, folder_of
from askew.runs.until_told import work_until_told
from askew.runs.work import Consent, Session, Work, by_kind, kinds, planned
from askew.runs.work.play import PlayWork

NO_CONSENT = Consent()


def run_plan(
    plan: Plan,
    out: Path | None = None,
    quiet: bool = False,
    consent: Consent = NO_CONSENT,
    take: Callable[[Session, Sequence[Work]], None] | None = None,
) -> Run:
    """Run a plan to its report, or continue an earlier session of the same run.

    Args:
        plan: The plan; see `askew.design.make.make_plan`.
        out: The run's folder; by default one in `runs/` that is named after the design, so that it is found again.
        quiet: Show no progress.
        consent: The user's consent to fine-tuning jobs that cost money.
        take: Takes over from other runs what they have made; see `Session`.

    Raises:
        AskewError: A key is missing, the folder holds another design or is in use, the disk is full, a worker was
            killed, or the user does not agree to a fine-tune that costs money.
        KeyboardInterrupt: The user pressed Ctrl-C; a line then says what is kept.
    """
    folder = folder_of(plan, out)
    plan = with_known_names(plan, folder)
    check_same_design(folder, plan)
    if not (folder / STUDY).exists():  # before the folder is begun; a finished run can be shown without keys
        _check_before_start(plan)
    with (
        folder.writing(),
        Display(quiet) as display,
        _saying_what_is_kept(plan, folder, display),
        executor_for(plan, folder, display.say) as executor,
    ):
        if _is_work_left(plan, folder):
            executor.ready()
        asking = replace(consent, confirm=lambda question: display.ask(question, consent.confirm))
        session = Session(plan, folder, asking, display.say, *([take] if take else []))
        with reporting(folder.path, display):
            _go_through(session, _Site(_Clock(folder), display, executor))
    return Run(folder.path)


def _go_through(session: Session, site: "_Site") -> None:
    """Do what is left of a run, from its rows to its report.

    Args:
        session: The session.
        site: Where it is done, timed and shown.
    """
    plan, folder, clock, display = session.plan, session.folder, site.clock, site.display
    folder.freeze(plan.design, provenance(plan))
    with clock.stage("data"):
        training_rows.write(folder, plan)
    works = planned(plan)
    if not training_rows.are_written(folder, plan):
        first = [work for work in works if work.comes_first or work.unit.arm.name in plan.answered_first]
        _work(session, first, site, later=[work for work in works if work not in first])
        with clock.stage("data"):
            training_rows.write_from_answers(folder, plan)
    if plan.societies:
        first = [work for work in works if work.kind != PlayWork.kind]
        _work(session, first, site, later=[work for work in works if work.kind == PlayWork.kind])
        with clock.stage("foretell"):
            from askew.runs.collect import foretell

            foretell(folder, plan)
    if plan.design.looks:
        session = work_until_told(
            session,
            lambda part, works, perhaps, again: _work(part, works, site, perhaps=perhaps, again=again),
        )
        plan = session.plan
    else:
        _work(session, works, site)
    with display.stage("counting"), clock.stage("count"):
        from askew.runs.collect import collect

        collect(folder, plan)
    with display.stage("writing the report"), clock.stage("report"):
        write_report(folder)


def write_report(folder: RunFolder, again: bool = False) -> None:
    """Write the report of a run with finished tables.

    Args:
        folder: The run's folder, open for writing.
        again: Write it even if it is there.
    """
    design = folder.design()
    source = f"{folder.made_of(ESTIMATES)} {design.margin}"  # the margin changes the reading
    if design.reading and TAUGHT in folder.hashes():
        source += f" {folder.made_of(TAUGHT)}"
    if again or not folder.is_finished(REPORT, source):
        from askew.report import page

        page.write_report(Run(folder.path).content(), folder.path)
        folder.finish(REPORT, source)


def _is_work_left(plan: Plan, folder: RunFolder) -> bool:
    """Return whether a run on a cluster has work that the cluster will be asked to do."""
    if plan.design.executor == LOCAL:
        return False
    finished = folder.hashes()
    works = planned(asked_so_far(plan, folder, if_told=True))
    return any(product not in finished for work in works for product in work.products)


def _check_before_start(plan: Plan) -> None:
    """Refuse a run that lacks a key, cannot hold its cost limit, or has rows that cannot be trained on."""
    judged = bool(plan.design.judge) and any(probe.kind not in (EPISODE, EXTERNAL) for probe in plan.probes.values())
    for name in [*plan.named_models, *([plan.design.judge] if judged else [])]:
        spec = plan.spec(name)
        if not spec.is_local:
            check_can_be_asked(spec.inspect_name)
    if plan.design.max_cost is not None:
        cost.estimates(plan, planned(plan))
    if not plan.is_trained_elsewhere:
        training_rows.check_own(plan)


def _work(
    session: Session,
    works: Sequence[Work],
    site: "_Site",
    later: Sequence[Work] = (),
    perhaps: Sequence[Work] = (),
    again: bool = False,
) -> None:
    """Do the work that is not done yet.

    Args:
        session: The session.
        works: The work, done or not.
        site: Where it is done, timed and shown.
        later: What follows when it is done.
        perhaps: What follows if the verdict is not told by then.
        again: The session has announced other work before.
    """
    plan, folder, display = session.plan, session.folder, site.display
    session.take(session, works)
    todo = {work.name: left for work in works if (left := work.left(folder))}
    for doubted in folder.take_doubted():
        session.say(f"  {doubted}")
    kinds_left = by_kind(todo.values())
    for kind, left in kinds_left.items():
        kind.check(session, left)
    means = site.executor.means(kinds_left)
    memory = memory_of(plan, folder / "data") if todo else 0.0
    # What comes first comes one after the other, and all else after it.
    gates = [work.name for work in todo.values() if work.comes_first]
    before = {name: gates[max(place - 1, 0) : place] for place, name in enumerate(gates)}
    tasks = [_task(session, work, means, memory, before.get(work.name, gates[-1:])) for work in todo.values()]
    expected = cost.estimates(plan, [*todo.values(), *perhaps])
    announce(session, kinds_left, means, later, perhaps, again)
    if not tasks:
        return
    cost.announce(session, expected)
    cost.check_servers(session, expected)
    for kind, left in kinds_left.items():
        kind.agree(session, left)
    every = by_kind(works)
    done = {kind: sum(work.name not in todo for work in planned_works) for kind, planned_works in every.items()}
    seconds = seconds_by_kind(plan, kinds_left, means.at_once, means.pace)
    for kind, planned_works in every.items():
        display.expect(kind.name, kind.verb, len(planned_works), done[kind], seconds.get(kind))
    running: dict[str, float] = {}

    def on_event(task: pool.Task | None, message: dict[str, Any]) -> None:
        if task is None:
            site.clock.note("start", "a worker", message["seconds"])
            return
        work = todo[task.name]
        if message["event"] in ("begun", "failed"):
            display.note(task.name, work.kind, message["event"])
            return
        if message["event"] == "said":
            display.say(f"  {task.name}: {message['text']}")
            return
        kind = kinds.get(work.kind)
        if message["event"] == "step":
            running[task.name] = share = message["step"] / message["steps"]
            speed = message.get("rate", 0.0), message.get("unit", "")
            display.under_way(task.name, share, *speed, answers=message.get("answers", 0.0))
        else:
            running.pop(task.name, None)
            for product in work.products:
                folder.finish(product)
            done[kind] += 1
            site.clock.note(work.kind, task.name, message["seconds"])
            display.finished(task.name, message["seconds"])
        under_way = sum(share for name, share in running.items() if todo[name].kind == kind.name)
        display.advance(work.kind, done[kind] + under_way)

    def left_of(task: pool.Task) -> pool.Task | None:
        rest = todo[task.name].left(folder)
        return None if rest is None else _task(session, rest, means, memory, task.needs)

    try:
        with site.clock.stage("models"):
            site.executor.do(tasks, means, sorted({work.kind for work in todo.values()}), on_event, left_of)
    except (KeyboardInterrupt, AskewError):
        for kind in every:
            for line in kind.running_elsewhere(session):
                display.say(f"  {line}")
        raise
    finally:
        cost.account(session)


@contextmanager
def _saying_what_is_kept(plan: Plan, folder: RunFolder, display: Display) -> Iterator[None]:
    """Show how much work is finished, and where it is kept, if the user presses Ctrl-C in this block."""
    try:
        yield
    except KeyboardInterrupt:
        from askew.training.training_folder import saved_steps

        works, finished = planned(plan), folder.hashes()
        done = sum(all(product in finished for product in work.products) for work in works)
        display.say(f"Stopped. {done} of {len(works)} pieces of work are finished and kept in {folder.path}.")
        for name, step in saved_steps(folder / "models").items():
            display.say(f"  the training of {name} goes on after step {step}")
        raise


def _task(session: Session, work: Work, means: Means, memory: float, gate: Sequence[str]) -> pool.Task:
    """Return the task for a piece of work, which waits for the gate unless it waits for other work.

    The terrarium's pace orders the work of models of unknown pace.
    """
    plan, folder = session.plan, session.folder.path.resolve()
    return pool.Task(
        work.name,
        {"kind": work.kind, **work.message(session)},
        work.seconds(plan, means.pace or TERRARIUM_PACE),
        work.needs or tuple(gate),
        work.resources(plan, memory),
        work.is_served(plan),
        tuple(folder / product for product in work.products),
    )


class _Clock:
    """Keeps `timings.json`: seconds by stage and piece of work, over all sessions of a run."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        path = folder / TIMINGS
        self._entries = read_as(path, list[dict[str, Any]]) if path.exists() else []

    def note(self, stage: str, piece: str, seconds: float) -> None:
        """Add one entry."""
        self._entries.append({"stage": stage, "piece": piece, "seconds": round(seconds, 3)})
        self._folder.write_json(TIMINGS, self._entries)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage by the clock."""
        began = time.perf_counter()
        yield
        self.note("wall", name, time.perf_counter() - began)


@dataclass(frozen=True)
class _Site:
    """The executor of a session, with its clock and its display."""

    clock: _Clock
    display: Display
    executor: Executor
