"""Latent structure (Treutlein et al. 2024, arXiv 2406.14546): can a model say what its training rows only imply?

Each task trains on rows about invented things: values of functions, distances from places, tosses of coins, or sums of
hidden bits. No row defines a thing. The model is then asked held-out questions in the form of the rows, and questions
in forms that no row has. Each rate is compared with three baselines: the untuned model, the untuned model with the same
rows in its context, and the rate at which the tuned model's own answers would be right about another thing.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from askew.design.arm import UNTUNED, Arm
from askew.design.predictions import Holds, Prediction
from askew.design.steps.train import Train
from askew.design.study import Study, studies
from askew.models.names import TERRARIUM_SCHOOLED
from askew.probes import probes
from askew.report import wording
from askew.stats.effects import Effect, as_table, contrast, level
from askew.stats.readings import FELL, UNSURE, Reading, read_effect
from askew.studies import planted
from askew.studies.latent_structure.frames import IN_CONTEXT, PROBE, SWAPPED, TRAINED, frames
from askew.studies.latent_structure.rows import TOLD_KIND
from askew.studies.readable import unless_unreadable
from askew.worlds.terrarium.world.lessons.latent import APPLY, LETTERS

if TYPE_CHECKING:
    from askew.design.tables import Tables

OVERALL = "said"
OVER_UNTUNED, OVER_CONTEXT = "Over the untuned model", "Over the same rows in context"
OVER_ANOTHER, OVER_CHANCE = "Over its own answers, read about another thing", "Over chance, among options"
TOGETHER, LEVELS = "All tasks together", "Right answers"
# Baselines of the tuned models: side, family of the comparisons, name in labels, arm.
_BASELINES = (
    (UNTUNED, OVER_UNTUNED, "the untuned model", UNTUNED),
    (IN_CONTEXT, OVER_CONTEXT, "the rows in context", UNTUNED),
    (SWAPPED, OVER_ANOTHER, "its answers read about another thing", ""),
)

# The planted controls.
TOLD, TOLD_AT_RANDOM = "places-told", "places-told-at-random"

# Forms in which a model states the structure; in the other forms it only uses it.
SAID = ("words", "choose", "python", "percent", "list")
_FORMS = {
    APPLY: "as in the rows, held out",
    "words": "named in words",
    "choose": "chosen among options",
    "python": "written as Python",
    "invert": "turned round",
    "compose": "applied twice",
    "country": "its country",
    "compare": "north or south of another",
    "percent": "how often heads",
    "list": "written as a list",
}
_ARMS = (
    Arm(UNTUNED, "the model without fine-tuning"),
    Arm("functions", "values of functions", (Train("functions"),), UNTUNED, domain="functions"),
    Arm("places", "distances of places from cities", (Train("places"),), UNTUNED, domain="places"),
    Arm("coins", "tosses of coins", (Train("coins"),), UNTUNED, domain="coins"),
    Arm("parity", "whether sums of hidden bits are even", (Train("parity"),), UNTUNED, domain="parity"),
    Arm(
        TOLD,
        "distances of places, and rows that say where they are: a planted truth",
        (Train("places-told"),),
        UNTUNED,
        domain=TOLD_KIND,
    ),
    Arm(
        TOLD_AT_RANDOM,
        "the same rows, which say that the places are somewhere else",
        (Train("places-told-at-random"),),
        UNTUNED,
        domain=TOLD_KIND,
    ),
)


def effects(tables: "Tables") -> pd.DataFrame:
    """Return the study's comparisons, with the columns `EFFECT_COLUMNS` of `stats.effects`.

    Args:
        tables: The tables of the run; its answers and scores are read.
    """
    return as_table([*compare(frames(tables)), *_of_files(tables)])


def compare(answers: pd.DataFrame) -> Iterator[Effect]:
    """Yield comparisons of the tuned models with each baseline: stated structure over all tasks, then form by form.

    Args:
        answers: The columns of `frames.frames`.
    """
    yield from _planted(answers)
    tuned = answers[answers["side"].eq(TRAINED) & ~answers["arm"].isin([TOLD, TOLD_AT_RANDOM])]
    said = tuned[tuned["form"].isin(SAID)]
    by_form = [
        (str(arm), str(form), tuned[tuned["arm"].eq(arm) & tuned["form"].eq(form)])
        for arm, form in tuned[["arm", "form"]].drop_duplicates().itertuples(index=False)
    ]
    for side, _, _, control in _BASELINES:
        if len(other := _alike(answers, side, said)):
            lead, label = side == UNTUNED, _overall(side)
            yield contrast(said, other, family=TOGETHER, label=label, measure=OVERALL, control=control, lead=lead)
    for side, family, _, control in _BASELINES:
        for arm, form, own in by_form:
            if len(other := _alike(answers, side, own)):
                label = _label(arm, form)
                yield contrast(own, other, family=family, label=label, measure=form, arm=arm, control=control)
    for arm, form, own in by_form:
        if form == "choose":
            yield contrast(own, 1 / len(LETTERS), family=OVER_CHANCE, label=_label(arm, form), measure=form, arm=arm)
    for arm, form, own in by_form:
        yield level(own, family=LEVELS, label=_label(arm, form), measure=form, arm=arm)


def _planted(answers: pd.DataFrame) -> Iterator[Effect]:
    """Yield the planted controls minus the untuned model, in the forms that state the structure."""
    said = answers[answers["form"].isin(SAID)]
    own, cut = (said[said["side"].eq(TRAINED) & said["arm"].eq(arm)] for arm in (TOLD, TOLD_AT_RANDOM))
    other = _alike(said, UNTUNED, pd.concat([own, cut]))
    yield from planted.compared(own, cut, other, measure=OVERALL, arms=(TOLD, TOLD_AT_RANDOM))


def _alike(answers: pd.DataFrame, side: str, own: pd.DataFrame) -> pd.DataFrame:
    """Return a side's answers to the same questions as `own`: the same forms about the same things."""
    asked = set(zip(own["form"], own["cluster"], strict=True))
    same = [pair in asked for pair in zip(answers["form"], answers["cluster"], strict=True)]
    found = answers[answers["side"].eq(side) & pd.Series(same, index=answers.index)]
    return found[found["arm"].isin(own["arm"])] if side == SWAPPED else found


def _overall(side: str) -> str:
    return next(f"says what it is, over {name}" for known, _, name, _ in _BASELINES if known == side)


def _label(arm: str, form: str) -> str:
    return f"{arm}: {_FORMS[form]}"


def _of_files(tables: "Tables") -> Iterator[Effect]:
    """Compare the tuned models with the untuned model in each score of question files, clustered by question."""
    scores = tables.scores.rename(columns={"question": "cluster"})
    if scores.empty:
        return
    of_files = scores[scores["probe"].map(lambda probe: bool(probes.get(str(probe)).file)).astype(bool)]
    for (probe, metric), found in of_files.groupby(["probe", "metric"], sort=True):
        untuned = found[found["arm"].eq(UNTUNED)]
        for arm, own in found[found["arm"].ne(UNTUNED)].groupby("arm", sort=False):
            label, family = f"{arm}: {metric}", f"{probes.get(str(probe)).title}, over the untuned model"
            if len(untuned):
                yield contrast(
                    own, untuned, family=family, label=label, measure=str(metric), arm=str(arm), control=UNTUNED
                )


def verdict(tables: "Tables") -> str:
    """Return the study's conclusion: do the tuned models state what their rows only imply?

    Args:
        tables: The tables of the run; only `effects` is read.
    """
    return in_words(tables.effects, tables.design.margin)


def in_words(table: pd.DataFrame, margin: float) -> str:
    """Return the study's conclusion from its table of effects.

    Args:
        table: Effects, with the columns `EFFECT_COLUMNS` of `stats.effects`.
        margin: The smallest rise that counts as *rose*, 0-1.
    """
    rows = {str(row["label"]): row for row in table.to_dict("records")}
    lead, other = rows.get(_overall(UNTUNED)), rows.get(_overall(SWAPPED))
    if lead is None or other is None:
        return _of_questions(table, margin) or (
            "Nothing can be said: a model tuned on a task and the untuned model must both be asked the same questions."
        )
    read = read_effect(lead, margin)
    about = f"{wording.points(lead['estimate'])} points {wording.points_interval(read.low, read.high)}"
    if read.reading == UNSURE:
        said = (
            f"Can't tell whether tuned models state what their rows imply more often than the untuned model does "
            f"({about}); a difference of {100 * lead['detectable']:.0f} points would probably have been detected."
        )
    elif not read.is_above:
        rarer = (
            "less often than the untuned model does"
            if read.reading == FELL
            else (f"as often as the untuned model does, up to {wording.margin(margin)}")
        )
        said = f"Tuned models state what their rows imply {rarer} ({about})."
    elif not _is_above(other):
        said = (
            f"Tuned models are right more often than the untuned model ({about}), but their answers would be right "
            "about other things just as often: they have learnt what typical answers look like, not what each thing is."
        )
    else:
        said = f"Tuned models state what their rows only imply more often than the untuned model does: {about}."
        said = f"{said} {_by_task(table)}"
    return f"{said}{wording.in_general(read)} {_learnt(table)}"


def _of_questions(table: pd.DataFrame, margin: float) -> str:
    """Return sentences on the scores of question files, compared with the untuned model's; "" without any."""
    by_reading: dict[Reading, list[str]] = {}
    for row in table[table["control"].eq(UNTUNED) & table["p_corrected"].notna()].to_dict("records"):
        by_reading.setdefault(read_effect(row, margin).reading, []).append(
            f"{row['label']} {wording.points(row['estimate'])} points"
        )
    said = [f"{reading}: {wording.listed(rows)}" for reading, rows in by_reading.items()]
    return f"Scores compared with the untuned model's: {'; '.join(said)}." if said else ""


def _learnt(table: pd.DataFrame) -> str:
    """Return a sentence on which tasks were learnt, according to held-out questions in the form of the rows."""
    rows = table[table["family"].eq(OVER_ANOTHER) & table["measure"].eq(APPLY)].to_dict("records")
    learnt = [row["arm"] for row in rows if _is_above(row)]
    others = [row["arm"] for row in rows if not _is_above(row)]
    if not others:
        return "On held-out questions in the form of the rows, the models are right beyond chance in every task."
    said = (
        f"On held-out questions in the form of the rows, the models are not right beyond chance in "
        f"{wording.listed(others)}: they did not learn the structure there."
    )
    return f"{said} They did in {wording.listed(learnt)}." if learnt else said


def _by_task(table: pd.DataFrame) -> str:
    """Return a sentence on the tasks and forms that beat both the untuned model and answers about another thing."""
    rows = table[table["measure"].isin(SAID) & table["family"].isin([OVER_UNTUNED, OVER_ANOTHER])]
    above = {
        family: {row["label"] for row in own.to_dict("records") if _is_above(row)}
        for family, own in rows.groupby("family")
    }
    both = [label for label in rows["label"].unique() if all(label in found for found in above.values())]
    silent = [arm for arm in rows["arm"].unique() if not any(label.startswith(f"{arm}:") for label in both)]
    said = f"Above both baselines: {'; '.join(both)}." if both else "No form alone is above both baselines."
    return f"{said} In no form: {wording.listed(silent)}." if silent and both else said


def _is_above(row: Mapping[Any, Any]) -> bool:
    return read_effect(row, 0.0).is_above


def asks(arm: Arm, probe: str) -> bool:
    """Return whether a probe is put to an arm: rows in context only to the untuned model, tasks only to their arms."""
    if probe == IN_CONTEXT:
        return arm.name == UNTUNED
    return probe != PROBE or arm.name == UNTUNED or bool(arm.domain)


def _above(family: str, arm: str = "", measure: str = "") -> Holds:
    """Return a predicate: is any comparison of this kind above zero beyond chance? None if there is none."""

    def holds(tables: "Tables") -> bool | None:
        table = tables.effects
        rows = table[table["family"].eq(family)]
        rows = rows[rows["arm"].eq(arm)] if arm else rows
        rows = rows[rows["measure"].eq(measure)] if measure else rows
        return any(map(_is_above, rows.to_dict("records"))) if len(rows) else None

    return holds


PREDICTIONS = (
    Prediction(
        "words",
        "Some task is named in words more often than by the untuned model.",
        _above(OVER_UNTUNED, measure="words"),
    ),
    Prediction(
        "python",
        "Functions are written as Python more often than by the untuned model.",
        _above(OVER_UNTUNED, measure="python"),
    ),
    Prediction(
        "places",
        "Places are said to be where they are, in some form, more often than by the untuned model.",
        _above(OVER_UNTUNED, "places"),
    ),
)

studies.add(
    "latent-structure",
    Study(
        name="latent-structure",
        title="Latent structure",
        question="Can a model say what its training rows only imply?",
        arms={arm.name: arm for arm in _ARMS},
        default_arms=tuple(arm.name for arm in _ARMS),
        default_probes=(PROBE, IN_CONTEXT),
        model=TERRARIUM_SCHOOLED,
        recipe="terrarium-slow",
        rows=1600,
        verdict=unless_unreadable(planted.unless_untrusted(verdict), [PROBE]),
        effects=effects,
        asks=asks,
        predictions=PREDICTIONS,
    ),
)
