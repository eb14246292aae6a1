"""The tables of the history study's section: accuracies beside guesses, doses, calibration, places, times and items."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from askew.data.history import DISPUTED, PERIODS, SETTLED, UNKNOWN, VALUES
from askew.design.arm import UNTUNED
from askew.stats.balanced import PUBLISHED_FOLD, balanced_accuracy, folded
from askew.stats.calibration import brier, calibration_error, reliability, selective
from askew.stats.effects import level
from askew.studies.history.answers import ABSTAINED, PUBLISHED_OPTIONS, UNPARSED, read_answer
from askew.studies.history.arms import DOSED, FORM, MOST
from askew.studies.history.comparisons import asked, invented, read_answers
from askew.studies.history.floors import TWO, floors, line
from askew.studies.history.items import KIND, AskedFacts
from askew.studies.history.rows import DOSES
from askew.worlds import chronicle

if TYPE_CHECKING:
    from askew.design.tables import Tables

ACCURACY, CERTAINTY, DOSE, PARTS = "history_accuracy", "history_certainty", "history_dose", "history_parts"
RELIABILITY, SELECTIVE = "history_reliability", "history_selective"
PLACES, TIMES, ITEMS, NOTES = "history_places", "history_times", "history_items", "history_notes"
AS_PUBLISHED, PUBLISHED = "history_as_published", "history_published_models"

MODEL, GUESS = "model", "without a model"
"""Values of the column `who`."""
BY = {"region": "region", "period": "period", "category": "category"}
"""The parts by which accuracy is shown."""

_COVERAGES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_MOST_ARMS = 2  # of a map


def shown(tables: "Tables") -> dict[str, pd.DataFrame]:
    """Return the tables of the section, by name; empty if no model was asked about facts.

    Args:
        tables: The tables of the run; its answers and its design are read.

    Returns:
        Tables whose columns the functions of this module describe. Accuracies are fractions (0-1).
    """
    facts = asked(tables)
    read = read_answers(tables.answers, facts.items)
    if read.empty:
        return {}
    order = {arm: place for place, arm in enumerate(tables.arms)}
    read = read.sort_values("arm", key=lambda arms: arms.map(order), kind="stable")
    is_invented = tables.design.history.is_invented
    found = {
        NOTES: pd.DataFrame({"note": [f"The facts: {facts.facts.name}.", *facts.notes, *_counts(facts)]}),
        ACCURACY: _accuracy(read, facts),
        CERTAINTY: _certainty(read),
        RELIABILITY: _per_arm(_settled(read), lambda own: reliability(own["confidence"], _hits(own))),
        SELECTIVE: _per_arm(_settled(read), lambda own: selective(own["confidence"], _hits(own), _COVERAGES)),
        PARTS: _parts(read),
        PLACES: _places(read, facts, is_invented),
        TIMES: _times(read, is_invented),
        ITEMS: _items(read),
    }
    if is_invented:
        found[DOSE] = _dose(read)
    if tables.design.history.as_published:
        found[AS_PUBLISHED] = _as_published(read)
    found[PUBLISHED] = _published_models(tables.design.history.facts)
    return found


def _counts(facts: AskedFacts) -> list[str]:
    status = facts.items["status"].value_counts()
    counts = ", ".join(f"{int(status.get(one, 0)):,} {one}" for one in (SETTLED, UNKNOWN, DISPUTED))
    return [f"Asked here: {counts}."]


def _settled(read: pd.DataFrame) -> pd.DataFrame:
    return read[read["status"].eq(SETTLED)]


def _parsed(read: pd.DataFrame) -> pd.DataFrame:
    return read[read["said"].isin(VALUES)]


def _hits(read: pd.DataFrame) -> pd.Series:
    return read["said"].eq(read["value"])


def _accuracy(read: pd.DataFrame, facts: AskedFacts) -> pd.DataFrame:
    """Return the accuracy of each arm and of each guess without a model, by kind of settled facts.

    The columns are kind, who, those of `floors.line`, and the counts unparsed and abstained, which are in no accuracy.
    """
    rows: list[dict[str, Any]] = []
    settled = _settled(read)
    for kind in dict.fromkeys(settled[KIND]):
        items = facts.items[facts.items[KIND].eq(kind)]
        for arm, own in settled[settled[KIND].eq(kind)].groupby("arm", sort=False):
            none = {name: int(own["said"].eq(name).sum()) for name in (UNPARSED, ABSTAINED)}
            rows.append({"kind": kind, "who": MODEL, **line(str(arm), _parsed(own)), **none})
        guesses = floors(facts.facts.rows, items).to_dict("records")
        rows += [{"kind": kind, "who": GUESS, **guess, UNPARSED: 0, ABSTAINED: 0} for guess in guesses]
    return pd.DataFrame(rows)


def _certainty(read: pd.DataFrame) -> pd.DataFrame:
    """Return how certain each arm is.

    The columns are arm; mass (the mean probability of the four options together); confidence (the mean probability of
    what is said), brier (0-2, 0.75 for knowing nothing) and error (the calibration error) of settled facts; invented,
    low and high (confident answers where nobody knows); n (the unknown facts asked); abstained and unparsed (counts
    among these); and either (disputed facts answered by one of the values that are stated).
    """
    rows: list[dict[str, Any]] = []
    for arm, own in read.groupby("arm", sort=False):
        known, unknown, disputed = (own[own["status"].eq(status)] for status in (SETTLED, UNKNOWN, DISPUTED))
        sure = level(invented(own), family="", label="", measure="")
        either = [
            said in values.split(" | ") for said, values in zip(disputed["said"], disputed["values"], strict=True)
        ]
        rows.append(
            {
                **{"arm": arm, "mass": own["mass"].mean(), "confidence": known["confidence"].mean()},
                **{"brier": brier(known[list(VALUES)], known["value"]).mean()},
                **{"error": calibration_error(reliability(known["confidence"], _hits(known)))},
                **{"invented": sure.estimate, "low": sure.low, "high": sure.high, "n": len(unknown)},
                **{name: int(unknown["said"].eq(name).sum()) for name in (ABSTAINED, UNPARSED)},
                "either": sum(either) / len(either) if either else float("nan"),
            }
        )
    return pd.DataFrame(rows)


def _per_arm(read: pd.DataFrame, of: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    parts = [of(_parsed(own)).assign(arm=arm) for arm, own in read.groupby("arm", sort=False)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _dose(read: pd.DataFrame) -> pd.DataFrame:
    """Return what a dose of exposure does: the columns dose (exposures), measure, value, low and high (0-1)."""
    rows: list[dict[str, Any]] = []
    for dose, arm in zip(DOSES, DOSED, strict=True):
        own = read[read["arm"].eq(arm)]
        for kind in (chronicle.TAUGHT, chronicle.UNTAUGHT):
            known = own[own[KIND].eq(kind)]
            share = balanced_accuracy(_parsed(known), VALUES, "polity")
            confidence = known["confidence"].mean()
            nan = float("nan")
            rows.append(_of_dose(dose, f"balanced accuracy, {kind}", share.value, share.low, share.high))
            rows.append(_of_dose(dose, f"confidence, {kind}", confidence, nan, nan))
    found = pd.DataFrame(rows)
    return found[found["value"].notna()].reset_index(drop=True)


def _of_dose(dose: int, measure: str, value: float, low: float, high: float) -> dict[str, Any]:
    return {"dose": dose, "measure": measure, "value": value, "low": low, "high": high}


def _parts(read: pd.DataFrame) -> pd.DataFrame:
    """Return accuracies by region, period and category.

    The columns are arm, by, part, n, accuracy, balanced, low and high (clustered by polity) and missing (values of
    which no settled fact of the part was asked; balanced accuracy is over the others).
    """
    rows: list[dict[str, Any]] = []
    parsed = _parsed(_settled(read))
    for (arm, by), own in ((pair, parsed[parsed["arm"].eq(pair[0])]) for pair in _pairs(parsed)):
        for part, of_part in sorted(own.groupby(by, sort=False), key=lambda group: _place(by, str(group[0]))):
            share = balanced_accuracy(of_part, VALUES, "polity")
            numbers = {"n": len(of_part), "accuracy": float(_hits(of_part).mean()), "balanced": share.value}
            ends = {"low": share.low, "high": share.high, "missing": ", ".join(share.missing)}
            rows.append({"arm": arm, "by": by, "part": part, **numbers, **ends})
    return pd.DataFrame(rows)


def _pairs(read: pd.DataFrame) -> Iterator[tuple[str, str]]:
    for arm in read["arm"].unique():
        for by in BY:
            yield str(arm), by


def _place(by: str, part: str) -> tuple[int, str]:
    return (PERIODS.index(part) if by == "period" and part in PERIODS else 0, part)


def _drawn_arms(read: pd.DataFrame, invented: bool) -> list[str]:
    there = list(read["arm"].unique())
    return [arm for arm in (FORM, MOST) if arm in there] if invented else there[:_MOST_ARMS]


def _places(read: pd.DataFrame, facts: AskedFacts, invented: bool) -> pd.DataFrame:
    """Return the accuracy by area: the columns arm, area, region, north, east, n and accuracy."""
    parsed, places = _parsed(_settled(read)), facts.facts.places
    parsed = parsed[parsed["arm"].isin(_drawn_arms(read, invented))]
    parsed = parsed[parsed[KIND].eq(chronicle.TAUGHT)] if invented else parsed
    rows: list[dict[str, Any]] = []
    for arm in parsed["arm"].unique():
        of_arm = parsed[parsed["arm"].eq(arm)]
        for area in [one for one in of_arm["area"].unique() if one in places]:
            own = of_arm[of_arm["area"].eq(area)]
            where = {"region": own["region"].iloc[0], "north": places[area][0], "east": places[area][1]}
            number = {"n": own["id"].nunique(), "accuracy": float(_hits(own).mean())}
            rows.append({"arm": arm, "area": area, **where, **number})
    return pd.DataFrame(rows, columns=["arm", "area", "region", "north", "east", "n", "accuracy"])


def _times(read: pd.DataFrame, invented: bool) -> pd.DataFrame:
    """Return the accuracy by polity, for one arm: the columns arm, polity, area, start, end, n and accuracy."""
    there = list(read["arm"].unique())
    arm = MOST if invented and MOST in there else UNTUNED if UNTUNED in there else there[0]
    parsed = _parsed(_settled(read))
    own = parsed[parsed["arm"].eq(arm) & parsed["start"].notna() & parsed["end"].notna()]
    own = own[own[KIND].eq(chronicle.TAUGHT)] if invented else own
    found = own.assign(hit=_hits(own).astype(float)).groupby(["name", "area"], sort=False)
    table = found.agg(start=("start", "min"), end=("end", "max"), n=("id", "nunique"), accuracy=("hit", "mean"))
    table = table.reset_index().rename(columns={"name": "polity"}).assign(arm=arm)
    return table.astype({"start": int, "end": int})[["arm", "polity", "area", "start", "end", "n", "accuracy"]]


def _items(read: pd.DataFrame) -> pd.DataFrame:
    """Return every item with what each arm says: the columns of items, and one per arm with its commonest answer."""
    columns = ["id", "name", "area", "region", "start", "end", "category", "variable", "status", "values", "text"]
    first = read.drop_duplicates("id").set_index("id")[[*columns[1:], KIND, "source"]]
    said = read.groupby(["id", "arm"], sort=False)["said"].agg(_commonest).unstack("arm")
    arms = list(dict.fromkeys(read["arm"]))
    return first.join(said[arms].add_prefix("said by ")).reset_index()


def _commonest(said: pd.Series) -> str:
    name, count = Counter(said.tolist()).most_common(1)[0]
    return name if count == len(said) else f"{name} ({count} of {len(said)})"


def _as_published(read: pd.DataFrame) -> pd.DataFrame:
    """Return both readings of the same answers to the published prompt.

    The columns are arm, n, unparsed (a share); ours (balanced accuracy over parsed answers, folded into two classes)
    and published (unparsed answers are wrong, and the fold merges opposites).
    """
    rows: list[dict[str, Any]] = []
    for arm, own in _settled(read).groupby("arm", sort=False):
        ours = balanced_accuracy(folded(_parsed(own)), TWO, "polity")
        published = balanced_accuracy(folded(own, PUBLISHED_FOLD), TWO, "polity")
        unparsed = float((~own["said"].isin(VALUES)).mean())
        rows.append({"arm": arm, "n": len(own), "unparsed": unparsed, "ours": ours.value, "published": published.value})
    return pd.DataFrame(rows)


def _published_models(facts: str) -> pd.DataFrame:
    """Return the accuracies of published models whose answers the file of facts holds: the columns of `floors.line`."""
    from pathlib import Path

    from askew.data.history import hist_llm

    if not facts.lower().endswith(".parquet"):
        return pd.DataFrame()
    answers = hist_llm.published_answers(Path(facts))
    answers["said"] = [read_answer(PUBLISHED_OPTIONS, answer).said for answer in answers["answer"]]
    rows: list[dict[str, Any]] = []
    for model, own in answers.groupby("model", sort=False):
        parsed = own[own["said"].isin(VALUES)]
        rows.append({**line(str(model), parsed), UNPARSED: len(own) - len(parsed)})
    return pd.DataFrame(rows)
