"""Tables of a report, each a selection from the estimates in the order of display; numbers stay numbers here.

Fractions are 0-1 throughout, as in `estimates.csv`; the page turns them into percentages. Nothing is computed
anew, but for what stands beside published rates: an interval or a p-value shown anywhere is the one that the estimates
hold.
"""

from collections.abc import Iterable, Iterator, Mapping

import pandas as pd

from askew.report.content import ReportContent
from askew.report.published_rates import beside, file_of
from askew.stats.estimates import estimate
from askew.stats.scores import are_scores

HEADLINE = "free_form"
IN_DOMAIN = "in_domain"
SIGNIFICANT = 0.05

_RATE = ["rate", "low", "high", "n", "total", "incoherent", "refused", "unjudged"]
_DIFFERENCE = ["control", "control_probe", "difference", "difference_low", "difference_high", "p", "p_corrected"]


def pooled(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return the rows pooled over seeds, questions and groups: one per arm and probe."""
    return _select(estimates, question=False, seed=False, group=False)


def per_seed(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of single seeds, pooled over questions."""
    return _select(estimates, question=False, seed=True, group=None)


def per_question(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of single questions, pooled over seeds."""
    return _select(estimates, question=True, seed=False, group=None)


def per_group(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of groups of questions, of those probes that have more than one group."""
    rows = _select(estimates, question=False, seed=False, group=True)
    groups = rows.groupby("probe")["group"].transform("nunique")
    return rows[groups > 1]


def headline(estimates: pd.DataFrame) -> str:
    """Return the probe that the page leads with: the free-form questions, or else the first one."""
    probes = estimates["probe"].unique()
    return HEADLINE if HEADLINE in probes or not len(probes) else str(probes[0])


def headline_kind(estimates: pd.DataFrame) -> str:
    """Return the kind of the rows that the page leads with; "" without any rows."""
    rows = leading_kind(estimates[estimates["probe"].eq(headline(estimates))])
    return str(rows["kind"].iloc[0]) if len(rows) else ""


def published_table(content: ReportContent) -> pd.DataFrame:
    """Return what others published of this model, these arms and probes under this metric, beside our own rates.

    Columns: source, where, data, note, arm, probe, metric, rate, low, high, seeds (ours), and the same of theirs with
    `published_` before it; `compatible` says in words how they compare. Of a published question file those questions
    count, in our rate, that counted in theirs.
    """
    model = str(content.design.get("model", ""))
    rows = [
        {
            **{name: row[name] for name in ("arm", "probe", "metric", "rate", "low", "high")},
            **{name: getattr(one, name) for name in ("source", "where", "model", "data", "note")},
            **{f"published_{name}": getattr(one, name) for name in ("rate", "low", "high", "n", "seeds")},
            "compatible": one.compared(row["low"], row["high"]),
        }
        for asked, ours in _comparable(content)
        for row in ours.to_dict("records")
        if not pd.isna(row["rate"])
        for one in beside(model, row["arm"], asked or row["probe"], row["metric"])
    ]
    return pd.DataFrame(rows)


def _comparable(content: ReportContent) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield our pooled rows, with the probe that they stand for; "" where that is their own."""
    yield "", pooled(content.estimates)
    for probe in content.estimates["probe"].unique():
        if file := file_of(content.hashes.get(probe, "")):
            answers = content.answers[content.answers["probe"].eq(probe)]
            counted = answers[answers["question"].isin(file.questions)]
            yield file.probe, pooled(estimate(counted, content.metric, {}))


def metric_name(rows: pd.DataFrame) -> str:
    """Return the name of the metric that the rates of these rows are by."""
    return ", ".join(rows["metric"].unique())


def leading_rows(estimates: pd.DataFrame, order: Iterable[str]) -> pd.DataFrame:
    """Return the headline probe's pooled rows, and those with the same arm in that probe as control.

    The second kind is the `triggered` probe, whose control is the same arm in `free_form`. `label` names each row.
    """
    rows = pooled(estimates)
    probe = headline(estimates)
    companion = rows["control"].eq(rows["arm"]) & rows["control_probe"].eq(probe) & rows["probe"].ne(probe)
    rows = leading_kind(rows[rows["probe"].eq(probe) | companion])
    rows["label"] = rows["arm"].where(rows["probe"].eq(probe), rows["arm"] + ", " + rows["probe"])
    if leads_with_scores(estimates):  # there may be several
        rows["label"] += ", " + rows["metric"]
    return in_order(_ranked(rows, "probe", [probe]), order)


def leading_kind(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a metric; those of scores where there are no others."""
    scores = are_scores(rows)
    return rows[scores if scores.all() else ~scores].copy()


def leads_with_scores(estimates: pd.DataFrame) -> bool:
    """Return whether the page leads with scores instead of rates of misaligned answers."""
    return bool(are_scores(estimates[estimates["probe"].eq(headline(estimates))]).all())


def is_apart(rows: pd.DataFrame) -> pd.Series:
    """Say for each row whether it differs from its control beyond chance: corrected p below 0.05."""
    return pd.to_numeric(rows["p_corrected"]).lt(SIGNIFICANT)


def in_order(rows: pd.DataFrame, order: Iterable[str]) -> pd.DataFrame:
    """Sort rows by arm, in the given order, arms it does not name last; the sort is stable."""
    return _ranked(rows, "arm", order)


def arms_table(estimates: pd.DataFrame, arms: Mapping[str, str]) -> pd.DataFrame:
    """Return the table of arms: the leading rows beside what each arm does in its own domain."""
    rows = leading_rows(estimates, arms)
    domain = pooled(estimates).query("probe == @IN_DOMAIN")[["arm", "rate", "low", "high"]]
    domain = domain.rename(columns={"rate": "in_domain", "low": "in_domain_low", "high": "in_domain_high"})
    columns = ["label", "arm", "probe", "metric", "kind", *_RATE, *_DIFFERENCE, "seeds"]
    table = rows[columns].merge(domain, on="arm", how="left")
    trigger = table["probe"].ne(headline(estimates))
    table.loc[trigger, ["in_domain", "in_domain_low", "in_domain_high"]] = float("nan")
    return table


def probes_table(estimates: pd.DataFrame, order: Iterable[str]) -> pd.DataFrame:
    """Return every arm in every probe: rate, and the difference from the control where there is one."""
    rows = in_order(pooled(estimates), order)
    rows = _ranked(rows, "probe", [headline(estimates), *estimates["probe"].unique()])
    return rows[["probe", "arm", "metric", "kind", *_RATE, *_DIFFERENCE]]


def questions_table(estimates: pd.DataFrame, order: Iterable[str], probe: str) -> pd.DataFrame:
    """Return the rate of every arm on every question of a probe; of scores on every question and score."""
    rows = leading_kind(per_question(estimates).query("probe == @probe"))
    rows["question"] = rows["question"].where(~are_scores(rows), rows["question"] + ", " + rows["metric"])
    rows = _ranked(in_order(rows, order), "question", rows["question"].unique())
    return rows[["question", "arm", "probe", "metric", "kind", *_RATE]]


def groups_table(estimates: pd.DataFrame, order: Iterable[str]) -> pd.DataFrame:
    """Return the rate of every arm on every group of questions, for probes that have several groups."""
    rows = in_order(per_group(estimates), order)[["probe", "group", "arm", "metric", "kind", *_RATE]]
    return rows.sort_values(["probe", "group"], kind="stable")


def seeds_table(estimates: pd.DataFrame, order: Iterable[str]) -> pd.DataFrame:
    """Return the rate of every arm and seed in every probe."""
    return in_order(per_seed(estimates), order)[["arm", "seed", "probe", "metric", "kind", *_RATE]]


def effects_table(effects: pd.DataFrame) -> pd.DataFrame:
    """Return the effects, those that answer the question first, family by family."""
    if effects.empty:
        return effects
    rows = effects.sort_values("lead", ascending=False, kind="stable")
    return _ranked(rows, "family", rows["family"])


def all_tables(content: ReportContent) -> dict[str, pd.DataFrame]:
    """Return every table that the run's data support, by the name of its CSV file."""
    estimates, arms = content.estimates, content.arms
    tables = {
        "effects": effects_table(content.effects),
        "arms": arms_table(estimates, arms),
        "probes": probes_table(estimates, arms),
        "questions": questions_table(estimates, arms, headline(estimates)),
        "groups": groups_table(estimates, arms),
        "seeds": seeds_table(estimates, arms),
        "published": published_table(content),
    }
    if content.agreement is not None:
        tables["judge_oracle"] = content.agreement.confusion.reset_index()
    return {name: table for name, table in tables.items() if len(table)}


def _select(estimates: pd.DataFrame, question: bool, seed: bool, group: bool | None) -> pd.DataFrame:
    """Pick rows by which columns are `all`: True wants a single one, False wants `all`, None takes either."""
    chosen = estimates["question"].ne("all").eq(question) & estimates["seed"].astype(str).ne("all").eq(seed)
    if group is not None:
        chosen &= estimates["group"].ne("all").eq(group)
    return estimates[chosen].assign(**{name: estimates[name].fillna("") for name in ("control", "control_probe")})


def _ranked(rows: pd.DataFrame, column: str, order: Iterable[str]) -> pd.DataFrame:
    rank = {value: place for place, value in enumerate(dict.fromkeys(order))}
    return rows.sort_values(column, key=lambda values: values.map(rank).fillna(len(rank)), kind="stable")
