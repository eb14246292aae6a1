"""Reads the tables of a run's folder, which may be another person's: what they hold is checked once, here."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

from pydantic import BaseModel, Field

from askew.base import parquet_files
from askew.base.csv_cells import unescaped
from askew.base.errors import AskewError
from askew.base.json_objects import read_as
from askew.base.untrusted import cut, visible
from askew.runs.store import (
    AGENTS,
    ANSWERS,
    CONDUCT,
    CURVE,
    CURVES,
    EFFECTS,
    EPISODES,
    ESTIMATES,
    EVENTS,
    FUNNEL,
    NETWORKS,
    PAIR_EFFECTS,
    PAIRS,
    SCORER_CHECK,
    SCORES,
    SOCIETIES,
    SPECTRA,
    TAUGHT,
    TIMINGS,
)
from askew.stats.effects import Unit
from askew.stats.funnel_measures import FLAGS, SAID
from askew.stats.moments import MOMENTS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from askew.design.plan import Plan

ANSWER_COLUMNS = [
    *("arm", "seed", "probe", "question", "paraphrase", "index", "prompt", "answer", "reasoning"),
    *("aligned", "coherent", "verdict", "reply", "oracle", "group", "graded_by", "scored_by"),
    *("copied", "copied_at"),
]
COUNTED_COLUMNS = [name for name in ANSWER_COLUMNS if name not in ("prompt", "answer", "reasoning", "copied_at")]
"""The columns of `answers.parquet` without the texts of models, which make it large."""
OWN_COLUMNS = ("arm", "players")
"""The columns of `societies.parquet` beside those of the world: the arm that it tells about, and its models."""
NETWORK_COLUMNS = [
    *(
        "network",
        "arm",
        "seed",
        "operation",
        "modulus",
        "share",
        "form",
        "hidden",
        "weight_decay",
        "learning_rate",
        "labels",
    ),
    *("elements", *MOMENTS[1:], "frequencies"),
]
TAUGHT_COLUMNS = [
    *("arm", "control", "method", "rank", "form", "context", "text", "score", "base", "tuned", "of_control", "reason"),
]
SCORER_CHECK_COLUMNS = ["actor", "measure", "given", "planted", "rate", "low", "high", "n", "found"]
CURVE_COLUMNS = ["arm", "seed", "step", "fraction", "probe", "metric", "rate", "low", "high", "n"]

_TEXTS = (
    *("arm", "probe", "metric", "kind", "question", "group", "control", "control_probe", "family", "label", "measure"),
    *("unit", "prompt", "answer", "reasoning", "verdict", "reply", "oracle", "graded_by", "scored_by"),
    *("style", "aligned_answer", "other_answer", "copied_at"),
    *("environment", "variant", "role", "text", "tool", "arguments", "result", "counts_as", "why", "acts_by", "ended"),
    *("given", "wording", "actor"),
    *("society", "place", "name", "part", "model", "home", "experiment", "condition", "topic", "players"),
    *("network", "operation", "form", "labels", "frequencies"),
    *("method", "context", "reason"),
)
# Whole numbers that are never missing. In a table of estimates a seed may be "all".
_COUNTS = (
    *("seed", "paraphrase", "index", "epoch", "step", "n", "total", "incoherent", "refused", "unjudged", "no_answer"),
    *("seeds", "questions", "clusters", "environments", "turn"),
    *("tick", "agent", "to", "x", "y", "option", "source"),
    *("k", "agents", "ticks", "replicate", "calls", "prompts", "tokens"),
    *("modulus", "hidden", "elements", "epochs", "frequency", "rank"),
)
# Tables that no older version wrote.
_NEW = (
    PAIRS,
    PAIR_EFFECTS,
    EPISODES,
    CONDUCT,
    FUNNEL,
    SCORER_CHECK,
    EVENTS,
    AGENTS,
    SOCIETIES,
    NETWORKS,
    CURVES,
    SPECTRA,
    TAUGHT,
)
_MOST = 2**53  # above it, floating-point numbers skip some whole numbers
_LONGEST_REASON = 200


def read_table(
    path: Path, columns: Sequence[str] = (), as_codes: bool = False, only: "np.ndarray | None" = None
) -> "pd.DataFrame":
    """Return a table of a run, with texts in the columns of texts, without missing ones, and numbers where needed.

    Args:
        path: The file, in CSV or Parquet by its ending.
        columns: The columns to read; if empty, all, of which those that Askew writes must be there. A table that
            `added_since` finds to be an older version's may lack any.
        as_codes: Whether to return columns of texts of a Parquet file as categories, with each different text once.
        only: The rows of a Parquet file that are wanted, as an array of booleans with one per row; None wants all.

    Raises:
        AskewError: The file cannot be read, expands too much, lacks a column, or has a column of another type.
    """
    import pandas as pd
    import pyarrow as pa

    try:
        if path.suffix == ".parquet":
            table = parquet_files.frame(path, columns or None, as_codes, only)
        else:
            table = pd.read_csv(path, dtype=dict.fromkeys(_TEXTS, str), usecols=list(columns) or None)
            table = table.assign(**{name: table[name].map(unescaped).astype("str") for name in _TEXTS if name in table})
    except (pa.ArrowException, OSError, ValueError, LookupError, OverflowError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise _damaged(path, f"it cannot be read ({visible(cut(reason, _LONGEST_REASON))})") from error
    may_lack = (
        {"reasoning", "copied", "copied_at"}
        if columns or not added_since(path.name, table)
        else {*_columns_of(path.name)}
    )
    if path.name == CONDUCT:
        _check_flags(path, table)
    if path.name in (EFFECTS, PAIR_EFFECTS) and "unit" in table:
        _check_units(path, table["unit"])
    for name in columns or _columns_of(path.name):
        if name in table:
            _check_numbers(path, table[name])
        elif name not in may_lack:
            raise _damaged(path, f"it has no column {name}")
    texts = [str(name) for name in table.columns if name in _TEXTS or str(name).startswith(SAID)]
    return table.assign(**{name: _texts(path, table[name]) for name in texts})


def added_since(name: str, table: "pd.DataFrame") -> str:
    """Return a column that Askew added to a table of runs after an older version wrote this one; "" if it has all.

    Args:
        name: The name of the file.
        table: The table, whatever columns it has.
    """
    if name in _NEW:
        return ""
    added = (column for column in _columns_of(name) if column in ("kind", "no_answer") or "_these" in column)
    return next((column for column in added if column not in table), "")


def _columns_of(file: str) -> Sequence[str]:
    """Return the columns of a table of a run by the file's name; none of an unknown file."""
    from askew.probes.episodes.columns import CONDUCT_COLUMNS, TURN_COLUMNS
    from askew.probes.external import SCORE_COLUMNS
    from askew.probes.read_log import PAIR_COLUMNS
    from askew.stats import answer_pairs, funnel
    from askew.stats.effects import EFFECT_COLUMNS
    from askew.stats.estimates import COLUMNS
    from askew.worlds.grokking import CURVE_COLUMNS as POINT_COLUMNS
    from askew.worlds.grokking import SPECTRUM_COLUMNS
    from askew.worlds.society import AGENT_COLUMNS, EVENT_COLUMNS, SOCIETY_COLUMNS

    tables = {ANSWERS: ANSWER_COLUMNS, ESTIMATES: COLUMNS, EFFECTS: EFFECT_COLUMNS, CURVE: CURVE_COLUMNS}
    tables |= {
        EPISODES: TURN_COLUMNS,
        CONDUCT: CONDUCT_COLUMNS,
        FUNNEL: funnel.COLUMNS,
        SCORER_CHECK: SCORER_CHECK_COLUMNS,
    }
    tables |= {EVENTS: [*EVENT_COLUMNS], AGENTS: [*AGENT_COLUMNS], SOCIETIES: [*SOCIETY_COLUMNS, *OWN_COLUMNS]}
    tables |= {
        NETWORKS: NETWORK_COLUMNS,
        CURVES: ["network", *POINT_COLUMNS],
        SPECTRA: ["network", *SPECTRUM_COLUMNS],
    }
    tables |= {TAUGHT: TAUGHT_COLUMNS}
    tables |= {PAIRS: [*PAIR_COLUMNS, "step"], PAIR_EFFECTS: answer_pairs.COLUMNS}
    return {**tables, SCORES: SCORE_COLUMNS}.get(file, ())


def _check_numbers(path: Path, column: "pd.Series") -> None:
    """Check that a column of numbers holds numbers, and a column of counts whole numbers."""
    import pandas as pd

    # Columns without values have no type of their own.
    if column.name in _TEXTS or not len(column) or (path.name == ESTIMATES and column.name == "seed"):
        return
    if not pd.api.types.is_numeric_dtype(column):
        raise _damaged(path, f"its column {column.name} should hold numbers")
    numbers = column.astype(float)
    if column.name in _COUNTS and not (numbers.abs().lt(_MOST) & numbers.mod(1).eq(0)).all():
        raise _damaged(path, f"its column {column.name} should hold whole numbers")


def _check_flags(path: Path, table: "pd.DataFrame") -> None:
    """Check that the columns of a table of conduct that say what happened hold true or false."""
    for name in FLAGS:
        if name in table and len(table) and table[name].dtype != bool:
            raise _damaged(path, f"its column {name} should hold true or false")


def _check_units(path: Path, units: "pd.Series") -> None:
    """Check that effects have units that reports know."""
    if strange := {*units} - {*get_args(Unit)}:
        raise _damaged(path, f"it has the unit {visible(cut(str(min(strange, key=str)), _LONGEST_REASON))!r}")


def _texts(path: Path, column: "pd.Series") -> "pd.Series":
    """Return a column of texts; in a CSV file an empty text looks like a missing one."""
    import pandas as pd
    import pyarrow as pa

    if isinstance(column.dtype, pd.CategoricalDtype):
        texts = _texts(path, pd.Series(column.cat.categories, name=column.name))
        column = column.cat.rename_categories(texts.tolist())
        return column.cat.add_categories([*{""} - {*texts}]).fillna("") if column.hasnans else column
    if column.dtype != "str" and not all(isinstance(value, str) for value in column.dropna()):
        raise _damaged(path, f"its column {column.name} should hold texts")
    try:
        pa.array(column, from_pandas=True).validate(full=True)
    except (pa.ArrowException, UnicodeError) as error:
        raise _damaged(path, f"its column {column.name} has texts that are not in UTF-8") from error
    return column.fillna("")


def _damaged(path: Path, reason: str) -> AskewError:
    return AskewError(
        f"{path} is damaged: {reason}. Restore the file, or delete it and repeat the command that made the run"
    )


def read_training_seconds(folder: Path, plan: "Plan") -> "pd.DataFrame":
    """Return how long every training of a run took, in the session that finished it.

    Args:
        folder: The run's folder.
        plan: Its plan.

    Returns:
        One row per training, with the columns arm, seed and seconds; none for models that were adopted from another
        run or trained by a provider, and none without `timings.json`.

    Raises:
        AskewError: The file is damaged.
    """
    import pandas as pd

    path = folder / TIMINGS
    timed = read_as(path, list[_Timed]) if path.is_file() else []
    spent = {one.piece: one.seconds for one in timed if one.stage == "train"}  # of work that was done again, the last
    rows = [(unit.arm.name, unit.seed, spent.get(f"train {unit}")) for unit in plan.trained]
    return pd.DataFrame([row for row in rows if row[2] is not None], columns=["arm", "seed", "seconds"])


class _Timed(BaseModel):
    """An entry of `timings.json`."""

    stage: str
    piece: str
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]


def read_losses(folder: Path, plan: "Plan") -> "pd.DataFrame":
    """Return the losses of every training of a run.

    Args:
        folder: The run's folder.
        plan: Its plan.

    Returns:
        One row per step, with the columns arm, seed, step and loss (nats per token); no rows if nothing was trained.

    Raises:
        AskewError: A file is missing or damaged.
    """
    import pandas as pd

    frames = [
        read_table(folder / unit.product / "loss.csv", ["step", "loss"]).assign(arm=unit.arm.name, seed=unit.seed)
        for unit in plan.trained
    ]
    columns = ["arm", "seed", "step", "loss"]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)
