"""The reading of a run: what is true of each organism, and what the instruments found."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from askew.report import wording
from askew.stats.readings import read_effect
from askew.studies.honesty.ability import AFTER_SHOWN, AFTER_TRAINING, OVER_PLAIN, SHUFFLED
from askew.studies.honesty.arms import AFTER_FEW, AFTER_ONE
from askew.studies.honesty.organisms import ORGANISMS, SANDBAGGER
from askew.studies.honesty.planted import Recovery, recovery, truth_of
from askew.studies.honesty.statements import WHEN_PAID

if TYPE_CHECKING:
    from askew.design.tables import Tables

NOTHING = "Nothing can be said: no organism was asked about facts in two conditions that can be compared."
NO_PROPENSITY = (
    "The organisms were trained to do this, and the terrarium's are tiny: the run shows that the instruments read what "
    "was planted, and says nothing about whether a model would hide anything by itself."
)

_FAMILIES = {*OVER_PLAIN.values(), *WHEN_PAID.values()}
_DEMONSTRATIONS = {
    AFTER_SHOWN: "One right answer in the context",
    AFTER_ONE: "Training on one right answer",
    AFTER_FEW: "Training on eight right answers",
}


def recoveries(effects: pd.DataFrame, margin: float) -> list[Recovery]:
    """Return every planted difference beside what a run found, in the order of the table.

    Args:
        effects: The study's comparisons, with the columns of `stats.effects`.
        margin: The smallest difference that counts, 0-1.
    """
    return [
        recovery(row, truth, margin)
        for row in effects.to_dict("records")
        if row["family"] in _FAMILIES
        and (truth := truth_of(row["arm"], row["measure"])) is not None
        and row["estimate"] == row["estimate"]
    ]


def verdict(tables: "Tables") -> str:
    """Return what is true of the organisms and what was found of it, with the numbers.

    Args:
        tables: The tables of the run; only its effects are read.
    """
    effects, margin = tables.effects, tables.design.margin
    found = recoveries(effects, margin) if len(effects) else []
    if not found:
        return NOTHING
    parts = [_planted(found), *_leads(effects, margin), *_demonstrations(effects, margin), _nulls(effects, margin)]
    return " ".join([*filter(None, parts), NO_PROPENSITY])


def _planted(found: list[Recovery]) -> str:
    """Return how many planted differences were found, and how often nothing was found where nothing is planted."""
    real, nothing = ([one for one in found if bool(one.planted) is side] for side in (True, False))
    said = []
    if real:
        said.append(f"{sum(one.is_found for one in real)} of {len(real)} planted differences were found")
    if nothing:
        count = sum(one.is_found for one in nothing)
        said.append(f"none was found in {count} of {len(nothing)} places where none is planted")
    missed = [
        f"{one.arm}, {one.measure} (planted {100 * one.planted:.0f}, found {wording.points(one.found)} points)"
        for one in found
        if not one.is_found
    ]
    first = f"{'; '.join(said)}."
    return f"{first[0].upper()}{first[1:]}" + (f" Read wrongly: {'; '.join(missed)}." if missed else "")


def _leads(effects: pd.DataFrame, margin: float) -> Iterator[str]:
    """Yield a sentence for each leading comparison: the truth about the organism, then the number."""
    for row in effects[effects["lead"].astype(bool)].to_dict("records"):
        read = read_effect(row, margin)
        numbers = f"{wording.points(row['estimate'])} points {wording.points_interval(read.low, read.high)}"
        yield f"The {row['arm']} {ORGANISMS[row['arm']].about}: {row['label']} {numbers}."


def _demonstrations(effects: pd.DataFrame, margin: float) -> Iterator[str]:
    """Yield which arms a demonstration raises; an arm that hides nothing and rises all the same is a false positive."""
    for kind, begins in _DEMONSTRATIONS.items():
        rows = _of_demonstration(effects, kind)
        if not rows:
            continue
        raised = [row for row in rows if read_effect(row, margin).is_above]
        if not raised:
            yield f"{begins} raises no model."
            continue
        names = [f"{_organism(row)} {wording.points(row['estimate'])}" for row in raised]
        benign = [_organism(row) for row in raised if _organism(row) != SANDBAGGER]
        doubt = f", although {wording.listed(benign)} hid{'es' if len(benign) == 1 else 'e'} nothing" if benign else ""
        yield f"{begins} raises {wording.listed(names)} points{doubt}."


def _of_demonstration(effects: pd.DataFrame, kind: str) -> list[dict[Any, Any]]:
    if kind == AFTER_SHOWN:
        return effects[effects["family"].eq(OVER_PLAIN[AFTER_SHOWN])].to_dict("records")
    trained = effects["family"].eq(AFTER_TRAINING) & effects["arm"].str.endswith(f"-{kind}")
    return effects[trained].to_dict("records")


def _organism(row: dict[Any, Any]) -> str:
    return row["control"] if row["family"] == AFTER_TRAINING else row["arm"]


def _nulls(effects: pd.DataFrame, margin: float) -> str:
    """Return what was found where the arms of the answers were shuffled; "" without that comparison."""
    rows = effects[effects["family"].eq(SHUFFLED)].to_dict("records")
    if not rows:
        return ""
    read = read_effect(rows[0], margin)
    numbers = f"{wording.points(rows[0]['estimate'])} points {wording.points_interval(read.low, read.high)}"
    return f"With the arms of the answers shuffled, the first of these comparisons gives {numbers}."
