"""Tables of a report: selections from the rows of `estimates.csv` and `effects.csv`, in the order of display.

The tables hold numbers, with fractions 0-1; `askew.report.wording` turns them into text. Nothing is computed here, so
each interval and p-value that the report shows is the one in these files. In this module `estimates` are the rows of
`estimates.csv`, and `order` are the arms in the order of display.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from askew.stats.corrections import ALPHA
from askew.stats.estimates import pooled
from askew.stats.readings import FELL, ROSE, ROSE_BELOW
from askew.stats.scores import are_scores

if TYPE_CHECKING:
    from askew.stats.findings import Finding

HEADLINE = "free_form"
IN_DOMAIN = "in_domain"
MOVED = (ROSE, ROSE_BELOW, FELL)
"""The readings of comparisons that differ from the control beyond chance."""

_RATE = [
    *("rate", "low", "high", "low_these", "high_these", "n", "total", "incoherent", "refused", "unjudged", "no_answer")
]
_DIFFERENCE = [
    *("control", "control_probe", "difference", "difference_low", "difference_high", "p", "p_corrected"),
    *("difference_low_these", "difference_high_these", "p_these", "p_these_corrected"),
]
# The columns for these questions; tables that older versions of Askew wrote lack them.
_THESE = [column for column in [*_RATE, *_DIFFERENCE] if "_these" in column]


def per_seed(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of single seeds, pooled over questions, with the columns of `estimates.csv`."""
    return _select(estimates, question=False, seed=True)


def per_question(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of single questions, pooled over seeds, with the columns of `estimates.csv`."""
    return _select(estimates, question=True, seed=False)


def per_group(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of groups of questions, for probes with several groups, with the columns of `estimates.csv`."""
    rows = _select(estimates, question=False, seed=False)
    rows = rows[rows["group"].ne("all")]
    groups = rows.groupby("probe")["group"].transform("nunique")
    return rows[groups > 1]


def headline(estimates: pd.DataFrame) -> str:
    """Return the probe that the page leads with: the free-form questions if they were asked, else the first probe.

    `estimates` has a column probe.
    """
    probes = estimates["probe"].unique()
    return HEADLINE if HEADLINE in probes or not len(probes) else str(probes[0])


def headline_kind(estimates: pd.DataFrame) -> str:
    """Return the column kind of the rows that the page leads with; "" without any rows."""
    rows = leading_kind(pooled(estimates).query("probe == @probe", local_dict={"probe": headline(estimates)}))
    return str(rows["kind"].iloc[0]) if len(rows) else ""


def metric_name(rows: pd.DataFrame) -> str:
    """Return the names in the column metric, separated by commas if there are several."""
    return ", ".join(rows["metric"].unique())


def leading_rows(estimates: pd.DataFrame, order: Iterable[str]) -> pd.DataFrame:
    """Return the pooled rows of the headline probe, and of a probe whose control is the same arm in it (`triggered`).

    The column `label` names each row.
    """
    rows = with_these(pooled(estimates))
    probe = headline(estimates)
    companion = rows["control"].eq(rows["arm"]) & rows["control_probe"].eq(probe) & rows["probe"].ne(probe)
    rows = leading_kind(rows[rows["probe"].eq(probe) | companion])
    rows["label"] = rows["arm"].where(rows["probe"].eq(probe), rows["arm"] + ", " + rows["probe"])
    if leads_with_scores(estimates) and rows["metric"].nunique() > 1:
        rows["label"] += ", " + rows["metric"]
    return in_order(_ranked(rows, "probe", [probe]), order)


def leading_kind(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are rates by a metric, by the column kind; if there are none, the rows of scores."""
    scores = are_scores(rows)
    return rows[scores if scores.all() else ~scores].copy()


def leads_with_scores(estimates: pd.DataFrame) -> bool:
    """Return whether the page leads with scores instead of rates of misaligned answers.

    `estimates` has the columns probe and kind.
    """
    return bool(are_scores(estimates[estimates["probe"].eq(headline(estimates))]).all())


def with_these(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with the columns that tables of older versions lack.

    Those for these questions are NaN then, and no answer counts as none.
    """
    missing: dict[str, float] = dict.fromkeys(_THESE, float("nan")) | {"no_answer": 0}
    return rows.assign(**{column: value for column, value in missing.items() if column not in rows})


def is_apart(rows: pd.DataFrame) -> pd.Series:
    """Return a boolean for each row: is the column p_corrected below 0.05, so that it differs from its control?"""
    return pd.to_numeric(rows["p_corrected"]).lt(ALPHA)


def with_readings(rows: pd.DataFrame, comparisons: "Sequence[Finding]") -> pd.DataFrame:
    """Return rows of estimates with the readings of their comparisons with the control.

    Args:
        rows: Columns arm, probe, metric and p_corrected.
        comparisons: The comparisons of the run. Without any, rows are apart by their corrected p-value.

    Returns:
        The rows with the columns reading ("" if there is none), p_read (the corrected p-value that the reading rests
        on; NaN if there is none) and apart (a boolean: did it rise or fall beyond chance?).
    """
    known = {(one.arm, one.probe, one.metric): one for one in comparisons if one.is_misaligned or one.is_score}
    found = [known.get(key) for key in rows[["arm", "probe", "metric"]].itertuples(index=False, name=None)]
    if not known:
        return rows.assign(reading="", p_read=pd.to_numeric(rows["p_corrected"]).astype(float), apart=is_apart(rows))
    reading = pd.Series(["" if one is None else one.reading for one in found], rows.index, dtype=object)
    p = [float("nan") if one is None else one.p_of_reading for one in found]
    return rows.assign(reading=reading, p_read=p, apart=reading.isin(MOVED))


def moved_outcomes(comparisons: "Sequence[Finding]") -> set[tuple[str, str, str]]:
    """Return arm, probe and outcome of the comparisons that rose or fell beyond chance."""
    return {(one.arm, one.probe, one.outcome) for one in comparisons if one.reading in MOVED}


def in_order(rows: pd.DataFrame, order: Iterable[str]) -> pd.DataFrame:
    """Return rows sorted by the column arm in the given order, with other arms last. The sort is stable."""
    return _ranked(rows, "arm", order)


def arm_names(estimates: pd.DataFrame, order: Iterable[str]) -> list[str]:
    """Return the arms that have estimates (rows of `estimates.csv`), in the order of display."""
    return list(dict.fromkeys(in_order(pooled(estimates), order)["arm"]))


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as dictionaries, one entry per column; missing rates and p-values become NaN."""
    numeric = ["rate", "low", "high", "difference", "difference_low", "difference_high", "p", "p_corrected", *_THESE]
    known = {name: pd.to_numeric(table[name]).astype(float) for name in numeric}
    rows = table.assign(**known).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def arms_table(estimates: pd.DataFrame, arms: Mapping[str, str]) -> pd.DataFrame:
    """Return the leading rows with each arm's rate and intervals in its own domain, in columns named `in_domain...`."""
    rows = leading_rows(estimates, arms)
    domain = pooled(estimates).query("probe == @IN_DOMAIN")
    limits = ["low", "high", "low_these", "high_these"]
    domain = with_these(domain)[["arm", "rate", *limits]]
    domain = domain.rename(columns={"rate": IN_DOMAIN, **{limit: f"{IN_DOMAIN}_{limit}" for limit in limits}})
    columns = ["label", "arm", "probe", "metric", "kind", *_RATE, *_DIFFERENCE, "seeds"]
    table = rows[columns].merge(domain, on="arm", how="left")
    trigger = table["probe"].ne(headline(estimates))
    table.loc[trigger, [IN_DOMAIN, *(f"{IN_DOMAIN}_{limit}" for limit in limits)]] = float("nan")
    return table


def probes_table(estimates: pd.DataFrame, order: Iterable[str]) -> pd.DataFrame:
    """Return a row per arm and probe: its rate, and its difference from the control if there is one.

    The columns are those of `estimates.csv`, without question, seed and group.
    """
    rows = in_order(with_these(pooled(estimates)), order)
    rows = _ranked(rows, "probe", [headline(estimates), *estimates["probe"].unique()])
    return rows[["probe", "arm", "metric", "kind", *_RATE, *_DIFFERENCE]]


def questions_table(estimates: pd.DataFrame, order: Iterable[str], probe: str) -> pd.DataFrame:
    """Return a row per arm and question of a probe, with its rate; for scores, per arm, question and score.

    The columns are those of `estimates.csv`, without the differences from the control.
    """
    rows = leading_kind(per_question(estimates).query("probe == @probe"))
    rows["question"] = rows["question"].where(~are_scores(rows), rows["question"] + ", " + rows["metric"])
    rows = _ranked(in_order(rows, order), "question", rows["question"].unique())
    return rows[["question", "arm", "probe", "metric", "kind", *_RATE]]


def groups_table(estimates: pd.DataFrame, order: Iterable[str]) -> pd.DataFrame:
    """Return a row per arm and group of questions with its rate, for the probes that have several groups.

    The columns are those of `estimates.csv`, without the differences from the control.
    """
    rows = in_order(per_group(estimates), order)[["probe", "group", "arm", "metric", "kind", *_RATE]]
    return rows.sort_values(["probe", "group"], kind="stable")


def seeds_table(estimates: pd.DataFrame, order: Iterable[str]) -> pd.DataFrame:
    """Return a row per arm, seed and probe, with its rate.

    The columns are those of `estimates.csv`, without the differences from the control.
    """
    return in_order(per_seed(estimates), order)[["arm", "seed", "probe", "metric", "kind", *_RATE]]


def effects_table(effects: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `effects.csv` by family, with those that answer the study's question first."""
    if effects.empty:
        return effects
    rows = effects.sort_values("lead", ascending=False, kind="stable")
    return _ranked(rows, "family", rows["family"])


def _select(estimates: pd.DataFrame, question: bool, seed: bool) -> pd.DataFrame:
    """Return the rows of single questions, or seeds (True), or those that pool them (False)."""
    chosen = estimates["question"].ne("all").eq(question) & estimates["seed"].astype(str).ne("all").eq(seed)
    return with_these(estimates[chosen]).assign(
        **{name: estimates[name].fillna("") for name in ("control", "control_probe")}
    )


def _ranked(rows: pd.DataFrame, column: str, order: Iterable[str]) -> pd.DataFrame:
    rank = {value: place for place, value in enumerate(dict.fromkeys(order))}
    return rows.sort_values(column, key=lambda values: values.map(rank).fillna(len(rank)), kind="stable")
