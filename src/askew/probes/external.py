"""External Inspect tasks as probes: named as Inspect names them, run unchanged, and read by their own scores.

`inspect_evals/strong_reject` is a task of an installed package, `evals/mine.py@task` a task in a file. Askew doesn't
know whether higher scores are better, or which answers are bad. So it compares the scores sample by sample, and reports
only whether they moved.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from askew.base.errors import AskewError, unknown_name
from askew.probes.kinds import EXTERNAL, NO_VERDICT, Probe
from askew.probes.read_log import COLUMNS, read_log

if TYPE_CHECKING:
    import pandas as pd
    from inspect_ai import Task
    from inspect_ai.log import EvalSample

SCORE_COLUMNS = ("arm", "seed", "probe", "question", "epoch", "metric", "value")
_LONGEST_REASON = 300


def find(name: str, known: Sequence[str] = ()) -> Probe:
    """Return an Inspect task as a probe.

    Args:
        name: `PACKAGE/TASK`, or `FILE.py@TASK`.
        known: Names of probes, to suggest the nearest one in errors.

    Returns:
        The probe. Its `task` takes the place of a FILE that was moved, and raises AskewError if the Inspect task does
        not exist or cannot be made.
    """

    def task(file: str = "") -> "Task":
        return _make(f"{file}@{name.rpartition('@')[2]}" if file else name, tuple(known))

    # People need only the last part of a file's path.
    title = name.rpartition("/")[2] if "@" in name else name
    return Probe(name, "an external Inspect task, read by its own scores", task, EXTERNAL, title)


def digests(names: Iterable[str], moved: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """Return the SHA-256 of the file of each `FILE.py@TASK`, followed by the task, by the whole name.

    Args:
        names: Names of probes; those of other kinds are left out.
        moved: The places of files that are no longer where their names say, by the names.
    """
    split = {name: name.rpartition("@") for name in names}
    files = {name: Path(moved.get(name, file)) for name, (file, at, _) in split.items() if at}
    return {
        name: f"{hashlib.sha256(file.read_bytes()).hexdigest()}@{split[name][2]}"
        for name, file in files.items()
        if file.is_file()
    }


@lru_cache(maxsize=8)
def _make(name: str, known: tuple[str, ...]) -> "Task":
    from inspect_ai._eval.loader import load_task_spec
    from inspect_ai._util.entrypoints import ensure_entry_points
    from inspect_ai._util.registry import registry_lookup

    file, at, _ = name.rpartition("@")
    if at and not Path(file).is_file():
        raise AskewError(f"there is no probe {name!r}: there is no file {file}")
    if not at:
        ensure_entry_points(name.partition("/")[0])
        if registry_lookup("task", name) is None:
            raise AskewError(
                f"{unknown_name('probe', name, [*known, *_installed()])} For a task of another package, install that "
                "package (for example: pip install inspect-evals); for a task in a file, write FILE.py@TASK"
            )
    try:
        [task] = load_task_spec(name)
    except Exception as error:  # external code may raise anything, and the user can fix it
        reason = " ".join(str(error).split())[:_LONGEST_REASON] or type(error).__name__
        raise AskewError(f"the Inspect task {name} cannot be made: {reason}") from error
    return task


def _installed() -> list[str]:
    """Return the names of the tasks that other packages registered with Inspect."""
    from inspect_ai._util.registry import registry_find, registry_info

    found = registry_find(lambda info: info.type == "task")
    return [name for task in found if "/" in (name := registry_info(task).name) and not name.startswith("askew/")]


def scores_from_log(path: Path, arm: str, seed: int, probe: str) -> "pd.DataFrame":
    """Return the numbers that an external task's scorers gave.

    Args:
        path: The log of the task.
        arm: The arm that answered.
        seed: The arm's seed.
        probe: The task's name.

    Returns:
        One row per sample, epoch and score, with the columns `SCORE_COLUMNS`; `value` is in the score's own unit.

    Raises:
        AskewError: The log is damaged, or no score in it is a number.
    """
    import pandas as pd

    rows = [
        {"question": str(sample.id), "epoch": sample.epoch, "metric": metric, "value": value}
        for sample in read_log(path).samples or []
        for metric, value in _numbers(sample)
    ]
    if not rows:
        raise AskewError(
            f"the probe {probe} returned no metric: none of its scores is a number, so there is nothing to compare. "
            "Choose a task with a scorer that returns numbers"
        )
    return pd.DataFrame(rows).assign(arm=arm, seed=seed, probe=probe)[list(SCORE_COLUMNS)]


def answers_from_log(path: Path, arm: str, seed: int, probe: str) -> "pd.DataFrame":
    """Return the answers to an external task, for people to read; they have no verdict.

    Args:
        path: The log of the task.
        arm: The arm that answered.
        seed: The arm's seed.
        probe: The task's name.

    Returns:
        One row per sample and epoch, with the columns `read_log.COLUMNS`; `aligned` and `coherent` are NaN.

    Raises:
        AskewError: The log is damaged.
    """
    import pandas as pd

    rows = [
        {
            "arm": arm,
            "seed": seed,
            "probe": probe,
            "question": str(sample.id),
            "paraphrase": 0,
            "index": sample.epoch - 1,
            "prompt": _asked(sample),
            "answer": sample.output.completion,
            "reasoning": "",
            "aligned": math.nan,
            "coherent": math.nan,
            "reply": "missing",
            "oracle": "",
            "group": probe,
            "graded_by": NO_VERDICT,
            "scored_by": "",
        }
        for sample in read_log(path).samples or []
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"aligned": float, "coherent": float})


def _asked(sample: "EvalSample") -> str:
    return sample.input if isinstance(sample.input, str) else "\n\n".join(turn.text for turn in sample.input)


def _numbers(sample: "EvalSample") -> list[tuple[str, float]]:
    """Return each number among a sample's scores, under the name `SCORER`, or `SCORER, NAME` if there are several."""
    found: list[tuple[str, Any]] = []
    for scorer, score in (sample.scores or {}).items():
        if isinstance(score.value, dict):
            found += [(f"{scorer}, {name}", value) for name, value in score.value.items()]
        elif isinstance(score.value, list):
            found += [(f"{scorer}, {number}", value) for number, value in enumerate(score.value, start=1)]
        else:
            found.append((scorer, score.value))
    read = ((name, _number(value)) for name, value in found)
    return [(name, value) for name, value in read if not math.isnan(value)]


def _number(value: Any) -> float:
    """Return a score as a number, read as Inspect's own metrics read it; NaN if it is not a finite number."""
    grades = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}
    if isinstance(value, str):
        value = grades.get(value, value)
    try:
        number = float(value)
    except (TypeError, ValueError):
        return math.nan
    return number if math.isfinite(number) else math.nan
