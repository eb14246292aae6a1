"""The comparisons of societies, with a society as the unit.

In the experiment bent, societies with bent agents are compared with those without. In the others, conditions are
compared with those that are controls, and arms with the arms that are their controls.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from askew.stats import societies
from askew.stats.effects import Effect
from askew.studies.society import outcomes
from askew.studies.society.societies import BENT
from askew.worlds.society import experiments

if TYPE_CHECKING:
    from askew.design.tables import Tables


def effects(tables: "Tables") -> list[Effect]:
    """Return the comparisons of a run's experiment.

    In bent, each outcome with k bent agents minus that without any, per arm and condition. In the others, for each arm,
    each condition minus those that are controls; and in each condition, each arm minus its control.
    """
    experiment = tables.design.society.experiment
    found: list[Effect] = []
    for place, outcome in enumerate(outcomes.OUTCOMES[experiment].values()):
        every = outcomes.values(tables, outcome)
        compared = _with_bent(tables, every, outcome) if experiment == BENT else _others(tables, every, outcome)
        found += [
            societies.as_effect(
                row,
                family=outcome.title,
                label=label,
                measure=outcome.measure,
                unit=outcome.unit,
                arm=arm,
                control=tables.controls.get(arm, ""),
                lead=place == 0,
            )
            for arm, label, row in compared
        ]
    return found


_Compared = Iterator[tuple[str, str, Mapping[Any, Any]]]
"""The arm, the label and the numbers of each comparison."""


def _with_bent(tables: "Tables", every: pd.DataFrame, outcome: outcomes.Outcome) -> _Compared:
    for arm, own in every.groupby("arm", sort=False):
        table = societies.differences(own, "k", 0, ["topic", "condition"], limits=outcome.limits, basins=outcome.basins)
        for row in table.to_dict("records"):
            place = f"{row['topic']}, {row['condition']}" if own["topic"].nunique() > 1 else row["condition"]
            yield str(arm), f"{arm}, {row['k']} bent against none ({place})", row


def _others(tables: "Tables", every: pd.DataFrame, outcome: outcomes.Outcome) -> _Compared:
    conditions = experiments.get(tables.design.society.experiment).conditions
    for arm, own in every.groupby("arm", sort=False):
        for control in (name for name, condition in conditions.items() if condition.is_control):
            table = societies.differences(own, "condition", control, limits=outcome.limits)
            for row in table.to_dict("records"):
                if not conditions[row["condition"]].is_control:
                    yield str(arm), f"{arm}, {row['condition']} against {control}", row
    for arm, control in tables.controls.items():
        own = every[every["arm"].isin([arm, control])]
        table = societies.differences(own, "arm", control, ["condition"], limits=outcome.limits)
        for row in table.to_dict("records"):
            yield arm, f"{arm} against {control} ({row['condition']})", row
