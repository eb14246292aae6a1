"""Grokking: when do small networks understand a table that they already know by heart?

Power et al. 2022 (arXiv 2201.02177) saw networks generalise long after they knew their training pairs. Here the arm
with weight decay stands beside the same without, and beside one whose answers were shuffled; and every instrument is
first turned on two networks whose reading is known.
"""

from typing import TYPE_CHECKING

import pandas as pd

from askew.design.predictions import Prediction, above_zero
from askew.design.study import Study, studies
from askew.report import wording
from askew.stats.change_points import SUDDEN
from askew.stats.corrections import ALPHA
from askew.stats.effects import as_table
from askew.stats.moments import MOMENTS
from askew.studies.grokking import comparisons
from askew.studies.grokking.arms import ARMS, DECAY, NO_DECAY, SHUFFLED_LABELS, TRAINED, networks
from askew.studies.grokking.readings import checks, forecasts, own_tables, rises, times

if TYPE_CHECKING:
    from collections.abc import Mapping

    from askew.design.tables import Tables

_LONG_AFTER = 5


def effects(tables: "Tables") -> pd.DataFrame:
    """Return the study's comparisons, with the columns `EFFECT_COLUMNS` of `stats.effects`.

    Args:
        tables: The tables of the run; its networks and their curves are read.
    """
    return as_table(comparisons.effects(tables))


def verdict(tables: "Tables") -> str:
    """Return the study's conclusion: which arms generalised and when, and whether that could be foretold.

    Args:
        tables: The tables of the run; its networks and their curves are read.
    """
    found = tables.networks
    failed = [row for row in checks(found, tables.network_curves).to_dict("records") if not row["passes"]]
    doubt = [f"{row['arm']}, {row['measure']}" for row in failed]
    said = [f"Don't rely on these numbers: a check failed ({'; '.join(doubt)})."] if doubt else []
    by_arm = {str(row["group"]): row for row in times(found).to_dict("records")}
    said += [_when(arm, by_arm[arm], found) for arm in TRAINED if arm in by_arm]
    for row in rises(tables).to_dict("records"):
        if row["arm"] == DECAY:
            said.append(
                f"The rise of the test accuracy with weight decay: {row['reading']} "
                f"(p {wording.p_related(row['p_rise'])} for no rise, "
                f"p {wording.p_related(row['p_step'])} for a straight one)."
            )
    return " ".join([*said, *_foretold(tables)])


def sentence(tables: "Tables", rows: "Mapping[str, int]") -> str:
    """Return the result in one sentence for people who do not know the study; "" without the arm with weight decay.

    Args:
        tables: The tables of the run.
        rows: The number of training rows by arm, of which there are none.
    """
    found = {str(row["group"]): row for row in times(tables.networks).to_dict("records")}
    if DECAY not in found:
        return ""
    row, knew = found[DECAY], tables.networks.loc[tables.networks["arm"].eq(DECAY), "memorised"].median()
    by_heart = (
        "" if pd.isna(knew) else f", though they knew the pairs that they were shown by heart at epoch {knew:,.0f}"
    )
    count = (
        f"{int(row['happened'])} of {int(row['followed'])}" if row["happened"] else f"None of {int(row['followed'])}"
    )
    when = f"understood their table, {epochs(row)}" if row["happened"] else "had understood their table"
    said = f"{count} networks {when}{'' if row['happened'] else f' by {_until(row)}'}{by_heart}"
    control = found.get(NO_DECAY)
    if control is not None:
        none = (
            "none had" if not control["happened"] else f"{int(control['happened'])} of {int(control['followed'])} had"
        )
        said += f"; without weight decay {none} by {_until(control)}"
    return f"{said}."


def _until(row: dict) -> str:
    return f"epoch {row['until']:,.0f}"


def _when(arm: str, row: dict, networks: pd.DataFrame) -> str:
    """Return a sentence on when the networks of an arm generalised."""
    own = networks[networks["arm"].eq(arm)]
    knew = own["memorised"].median()
    by_heart = "never knew their pairs by heart" if pd.isna(knew) else f"knew their pairs by heart at epoch {knew:,.0f}"
    head = f"{arm}: the networks {by_heart}"
    if not row["happened"]:
        return f"{head}, and none of {int(row['followed'])} had generalised by epoch {row['until']:,.0f}."
    return f"{head}, and {int(row['happened'])} of {int(row['followed'])} generalised, {epochs(row)}."


def epochs(row: dict) -> str:
    """Return in words the epoch by which half of the networks have generalised, with its interval.

    Args:
        row: A row of `stats.event_times`.
    """
    if pd.isna(row["median"]):
        return "which is too few for a median"
    ends = " to ".join("no limit" if end == float("inf") else f"{end:,.0f}" for end in (row["low"], row["high"]))
    return f"half of them by epoch {row['median']:,.0f}" + ("" if pd.isna(row["low"]) else f" [{ends}]")


def _foretold(tables: "Tables") -> list[str]:
    """Return a sentence on the forecasts from the first fifth; none if there are none."""
    score = forecasts(tables)
    if score.forecasts.empty:
        return []
    reading = "better than" if score.p < ALPHA and score.early < score.naive else "not shown to be better than"
    least = f"; with so few seeds no p is below {score.least_p:.2g}" if score.least_p >= ALPHA else ""
    return [
        f"From the first fifth of a training its epoch was forecast with a mean error of {score.early:.3f} in the "
        f"logarithm, {reading} the naive forecast's {score.naive:.3f} (p {wording.p_related(score.p)}{least})."
    ]


def _below_chance(tables: "Tables") -> bool | None:
    rows = tables.effects[tables.effects["label"].eq(comparisons.BELOW_CHANCE) & tables.effects["p_corrected"].notna()]
    if rows.empty:
        return None
    return bool((rows["p_corrected"].iloc[0] < ALPHA) and rows["estimate"].iloc[0] < 0)


def _long_after(tables: "Tables") -> bool | None:
    own = tables.networks[tables.networks["arm"].eq(DECAY)]
    known = own.dropna(subset=[*MOMENTS[1:3]])
    if known.empty or len(known) < len(own):  # censored ones may be late, and nobody knows how late
        return None
    return bool((known["generalised"] / known["memorised"].clip(lower=1)).median() >= _LONG_AFTER)


def _is_sudden(tables: "Tables") -> bool | None:
    rows = rises(tables)
    found = rows.loc[rows["arm"].eq(DECAY), "reading"]
    return None if found.empty or found.iloc[0] in ("can't tell", "too few points") else found.iloc[0] == SUDDEN


def _can_be_foretold(tables: "Tables") -> bool | None:
    score = forecasts(tables)
    if score.forecasts.empty or score.least_p >= ALPHA:
        return None
    return score.p < ALPHA and score.early < score.naive


_PREDICTIONS = (
    Prediction(
        "decay-generalises",
        "Networks with weight decay end with a higher test accuracy than those without, beyond chance.",
        above_zero(comparisons.AGAINST_NO_DECAY),
        (DECAY, NO_DECAY),
    ),
    Prediction(
        "true-answers-generalise",
        "Networks with true answers end with a higher test accuracy than those with shuffled ones, beyond chance.",
        above_zero(comparisons.AGAINST_SHUFFLED),
        (DECAY, SHUFFLED_LABELS),
    ),
    Prediction(
        "no-decay-below-chance",
        "Networks without weight decay end below chance on the pairs that they were not trained on, beyond chance.",
        _below_chance,
        (NO_DECAY,),
    ),
    Prediction(
        "long-after",
        "Networks with weight decay generalise at least five times as late as they know their pairs by heart (median).",
        _long_after,
        (DECAY,),
    ),
    Prediction("sudden", "The test accuracy of networks with weight decay rises suddenly.", _is_sudden, (DECAY,)),
    Prediction(
        "foretold",
        "The first fifth of a training says when a network generalises, better than the other seeds do, beyond chance.",
        _can_be_foretold,
        (DECAY,),
    ),
)

studies.add(
    "grokking",
    Study(
        name="grokking",
        title="Grokking",
        question="When do small networks understand a table that they already know by heart?",
        arms={arm.name: arm for arm in ARMS},
        default_arms=tuple(arm.name for arm in ARMS),
        default_probes=(),
        model="",
        verdict=verdict,
        effects=effects,
        asks=lambda arm, probe: False,
        predictions=_PREDICTIONS,
        clusters="networks",
        sentence=sentence,
        networks=networks,
        own_tables=own_tables,
    ),
)
