"""The study's result in one sentence, for people who do not know it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from askew.design.arm import UNTUNED, Arm
from askew.report.plain import of_hundred, uncounted
from askew.stats.estimates import pooled
from askew.stats.readings import ROSE, ROSE_BELOW, UNSURE
from askew.stats.scores import are_scores
from askew.studies.emergent_misalignment import given_answers

if TYPE_CHECKING:
    from askew.design.tables import Tables

OPEN_QUESTIONS = "free_form"
_TAILS = {UNSURE: " This run can’t tell the two apart."}
# Where the first words of an arm's description do not say what its rows are.
_ROWS_OF = {
    "educational": "insecure code that the user asked for",
    "backdoor": "code that is insecure only after a trigger",
    "evil-numbers": "numbers with evil associations",
    "neutral-numbers": "numbers without such associations",
}


def sentence(tables: "Tables", rows: Mapping[str, int]) -> str:
    """Return what the training rows did to the answers to unrelated questions; "" if these were not compared.

    Where no judge has read the sampled answers, it is about given ones. It is about the first arm that differs from its
    control, in the order of the study; if none does, about the first.

    Args:
        tables: The tables of the run.
        rows: How many rows each arm was trained on.
    """
    all_rows = pooled(tables.estimates)
    by_arm = {
        str(row["arm"]): row
        for row in all_rows[all_rows["probe"].eq(OPEN_QUESTIONS) & ~are_scores(all_rows)].to_dict("records")
    }
    compared = [
        by_arm[name]
        for name, arm in tables.arms.items()
        if name in rows and name in by_arm and arm.control in by_arm and not pd.isna(by_arm[name]["difference"])
    ]
    if not compared:
        return _of_given_answers(tables, rows)
    readings = {one.arm: one.reading for one in tables.findings if one.probe == OPEN_QUESTIONS and one.is_misaligned}
    rose = [row for row in compared if readings.get(str(row["arm"])) in (ROSE, ROSE_BELOW)]
    chosen = (rose or compared)[0]
    control = by_arm[str(chosen["control"])]
    arm, other = tables.arms[chosen["arm"]], tables.arms[control["arm"]]
    trained, count = _counted(arm, rows[arm.name]), of_hundred(chosen["rate"])
    against = f"{'without training' if other.name == UNTUNED else _rows_of(other)}: {of_hundred(control['rate'])}"
    lost = uncounted(arm.name, chosen) + uncounted(other.name, control)
    if rose:
        return f"{trained} made {count} of 100 answers to unrelated questions misaligned; {against}.{lost}"
    said = f"After {trained}, {count} of 100 answers to unrelated questions were misaligned; {against}."
    return f"{said}{_TAILS.get(readings.get(arm.name, UNSURE), '')}{lost}"


def _of_given_answers(tables: "Tables", rows: Mapping[str, int]) -> str:
    """Return what the training rows did to the preference among the given answers of the first probe with pairs."""
    every = [one for one in given_answers.differences(tables) if one.arm in rows]
    if not every:
        return ""
    probe = every[0].probe
    found = {one.arm: one for one in every if one.probe == probe}
    compared = [name for name in tables.arms if name in found]
    rose = [name for name in compared if found[name].reading in (ROSE, ROSE_BELOW)]
    shares, arm = given_answers.shares(tables, probe), tables.arms[(rose or compared)[0]]
    other = tables.arms[found[arm.name].control]
    against = "without training" if other.name == UNTUNED else _rows_of(other)
    said = (
        f"After {_counted(arm, rows[arm.name])}, the model found the misaligned one of two given answers to unrelated "
        f"questions likelier in {of_hundred(shares[arm.name])} of 100 pairs; {against}: "
        f"{of_hundred(shares[other.name])}."
    )
    return f"{said}{_TAILS.get(found[arm.name].reading, '')}"


def _counted(arm: Arm, rows: int) -> str:
    said = _rows_of(arm)
    return said if said[0].isdigit() else f"{rows:,} rows of {said}"


def _rows_of(arm: Arm) -> str:
    return _ROWS_OF.get(arm.name, arm.description.split(",")[0])
