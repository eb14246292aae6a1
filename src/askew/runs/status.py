"""Tells from a run's folder how a run stands: from another terminal, or from another machine that sees the folder.

The run's process writes what it does to a status file (see `status_file`). Whether that process still lives is told by
the lock of the folder; where locks do not reach, as between some machines, by the age of the file.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from askew.base.errors import AskewError
from askew.base.json_objects import read_object
from askew.base.locks import is_locked
from askew.base.untrusted import shown_command, visible
from askew.runs.progress import duration
from askew.runs.status_file import FORMAT, STATUS, WRITTEN_EVERY, Snapshot, Stage, UnderWay, this_machine
from askew.runs.store import ANSWERS, ESTIMATES, STUDY, RunFolder

State = Literal["running", "finished", "stopped", "failed", "cut short", "silent"]

_SILENT_AFTER = 12 * WRITTEN_EVERY
_SWEEP = "sweep.json"


@dataclass(frozen=True)
class RunStatus:
    """The state of a run, with what is done and what is left of it.

    Attributes:
        folder: The run's folder.
        state: "running", "finished", "stopped" (by the user), "failed" (with `error`), "cut short" (its process was
            killed) or "silent" (no word for a minute from a process that cannot be seen from here).
        in_use: Whether a live process holds the folder; None if that cannot be told.
        yours: Whether this user made the run or adopted it.
        stages: The kinds of work; empty if they are not known.
        under_way: The pieces of work that are under way, or were when the run ended.
        failed: The names of the pieces of work that failed.
        doing: What is done besides pieces of work; "" for nothing.
        error: Why it failed; "" if it did not.
        seconds_left: About how long the rest takes; None if that is not known, or nothing runs.
        answers_per_second: The answers a second, over the last minute; None if none came, or nothing runs.
        answers: The answers that the session has had.
        began: When the session began, in seconds since 1970; None for a run of an older version.
        heard: When its process last wrote how it stands, in seconds since 1970; None for a run of an older version.
        command: The command that goes on with the run; "" if it is not known yet.
        counts: The pieces of work, by "pieces" (all), "done", "running", "failed" and "left".
    """

    folder: Path
    state: State
    in_use: bool | None
    yours: bool
    stages: Sequence[Stage] = ()
    under_way: Sequence[UnderWay] = ()
    failed: Sequence[str] = ()
    doing: str = ""
    error: str = ""
    seconds_left: float | None = None
    answers_per_second: float | None = None
    answers: int = 0
    began: float | None = None
    heard: float | None = None
    command: str = ""
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def trouble(self) -> str:
        """The reason for which a run does not go on by itself, and what to do, in one line; "" for other runs."""
        where, again = visible(str(self.folder)), f". Continue it with `{self.command}`" if self.command else ""
        done = f". {self.counts['done']} of {self.counts['pieces']} pieces of work are done" if self.stages else ""
        since = duration(max(0.0, time.time() - self.heard)) if self.heard else ""
        if self.state == "failed":
            return (
                f"the run in {where} failed {since} ago: {self.error.rstrip('.') or 'for no known reason'}{done}{again}"
            )
        if self.state == "cut short":
            heard = f"; it was last heard of {since} ago" if since else ""
            return f"the run in {where} was cut short: its process has ended{heard}{done}{again}"
        if self.state == "silent":
            return (
                f"no word from the run in {where} for {since}: its machine sleeps or is cut off from the folder, or "
                f"its process was killed{done}. If it was killed, continue it with `{self.command}`"
            )
        return ""


def run_status(folder: Path, now: float | None = None) -> RunStatus:
    """Return how a run stands. Nothing is computed or written.

    Args:
        folder: The run's folder.
        now: The time, in seconds since 1970; None for the present.

    Raises:
        AskewError: There is no such folder, it is no run's, or this version of Askew cannot read what another wrote.
    """
    _check_is_run(folder)
    store = RunFolder(folder)
    yours = store.ownership.is_ours
    if not yours:
        store.ownership.check_contents()
    snapshot = _snapshot(folder)
    in_use = is_locked(folder / ".lock")
    command = _command(store)
    if snapshot is None:
        return _without_snapshot(store, in_use, yours, command)
    age = (time.time() if now is None else now) - snapshot.written
    state = _state(snapshot, in_use, age)
    runs = state == "running"
    left = [stage.seconds_left for stage in snapshot.stages if stage.seconds_left is not None]
    stages = [stage if runs else stage.model_copy(update={"running": 0}) for stage in snapshot.stages]
    return RunStatus(
        folder=folder,
        state=state,
        in_use=True if runs else in_use,
        yours=yours,
        stages=stages,
        under_way=snapshot.under_way,
        failed=snapshot.failed,
        doing=snapshot.doing,
        error=" ".join(snapshot.error.split()),
        seconds_left=max(0.0, max(left) - max(0.0, age)) if runs and left else None,
        answers_per_second=snapshot.answers_per_second if runs else None,
        answers=round(snapshot.answers),
        began=snapshot.began,
        heard=snapshot.written,
        command=command,
        counts=_counts(stages, snapshot.failed),
    )


def as_data(status: RunStatus) -> dict[str, Any]:
    """Return the status of a run as plain data for `--json`."""
    return {
        "folder": str(status.folder),
        "state": status.state,
        "in_use": status.in_use,
        "yours": status.yours,
        **status.counts,
        "seconds_left": status.seconds_left,
        "answers_per_second": status.answers_per_second,
        "answers": status.answers,
        "doing": status.doing,
        "error": status.error,
        "began": status.began,
        "heard": status.heard,
        "command": status.command,
        "stages": [stage.model_dump() for stage in status.stages],
        "under_way": [one.model_dump() for one in status.under_way],
        "failed_pieces": [*status.failed],
    }


def _check_is_run(folder: Path) -> None:
    where = visible(str(folder))
    if not folder.exists():
        raise AskewError(f"there is no run in {where}: no such folder. Runs are in `runs/`, unless --out named another")
    if not folder.is_dir():
        raise AskewError(f"{where} is a file, and no run's folder")
    if (folder / STUDY).is_file() or (folder / STATUS).is_file():
        return
    if (folder / _SWEEP).is_file():
        raise AskewError(f"{where} is a sweep's folder: name one of its runs, such as {where}/runs/…")
    raise AskewError(f"{where} is not a run's folder: it has no {STUDY}")


def _snapshot(folder: Path) -> Snapshot | None:
    """Return the content of the status file; None for a run that has none, as an older version made it."""
    if not (folder / STATUS).is_file():
        return None
    found = read_object(folder / STATUS)
    if isinstance(written := found.get("format"), int) and written > FORMAT:
        by = visible(str(found.get("askew", "a newer version")))
        raise AskewError(
            f"the run in {visible(str(folder))} is one of Askew {by}, and this is {version('askew')}, which cannot "
            "read how it stands: use that version"
        )
    try:
        return Snapshot.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = visible(".".join(map(str, first["loc"])))
        raise AskewError(f"{folder / STATUS} is damaged at {where}: delete it; the run needs it for nothing") from None


def _command(store: RunFolder) -> str:
    """Return the command that goes on with a run; "" if it has no design yet."""
    if not (store / STUDY).is_file():
        return ""
    import shlex

    said = shown_command(store.study()["provenance"]["command"])
    return f"{said} --out {shlex.quote(visible(str(store.path)))}"


def _state(snapshot: Snapshot, in_use: bool | None, age: float) -> State:
    """Return the state of a run by what its process wrote last, and by whether it lives."""
    if snapshot.ended:
        return snapshot.ended
    if in_use:
        return "running"
    if snapshot.machine == this_machine():
        lives = in_use is None and _lives(snapshot.process)
        return "running" if lives else "cut short"
    # Its lock may not reach this machine.
    return "running" if age < _SILENT_AFTER else "silent"


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def _without_snapshot(store: RunFolder, in_use: bool | None, yours: bool, command: str) -> RunStatus:
    """Return the status of a run of an older version, by its manifest and its design."""
    finished = {ANSWERS, ESTIMATES} <= store.hashes().keys()
    state: State = "finished" if finished else "running" if in_use else "cut short"
    stages = () if finished else _planned(store)
    return RunStatus(store.path, state, in_use, yours, stages, command=command, counts=_counts(stages, ()))


def _planned(store: RunFolder) -> tuple[Stage, ...]:
    """Return the kinds of work of a run's design with what is finished of them; none if it cannot be planned here."""
    from askew.design.plan import Plan
    from askew.runs.work import by_kind, planned

    try:
        design = store.design()
    except AskewError as error:
        made = visible(str(store.study()["provenance"]["versions"].get("askew", "another version")))
        if made == version("askew"):
            raise
        raise AskewError(
            f"the run in {visible(str(store.path))} was made by Askew {made}, whose design this version, "
            f"{version('askew')}, cannot read: use that version"
        ) from error
    try:
        kinds = by_kind(planned(Plan(design)))
    except AskewError:  # a model or a file of the design is on another machine
        return ()
    finished = store.hashes()
    done = {kind: sum(all(one in finished for one in work.products) for work in works) for kind, works in kinds.items()}
    return tuple(Stage(name=kind.verb, pieces=len(works), done=done[kind], running=0) for kind, works in kinds.items())


def _counts(stages: Sequence[Stage], failed: Sequence[str]) -> dict[str, int]:
    """Return the numbers of pieces of work: in all, done, running, failed and left."""
    pieces, done = sum(stage.pieces for stage in stages), sum(stage.done for stage in stages)
    running = sum(stage.running for stage in stages)
    left = pieces - done - running - len(failed)
    return {"pieces": pieces, "done": done, "running": running, "failed": len(failed), "left": max(0, left)}
