"""The statements of studies: what settles them, and what leaves them open."""

import re
from typing import Any

import pandas as pd
import pytest

from askew.design.predictions import from_lead, not_apart
from askew.design.study import studies
from askew.stats.estimates import COLUMNS

MISALIGNMENT = {one.id: one for one in studies.get("emergent-misalignment").predictions}
NAN = float("nan")


def estimates(*rows: dict[str, Any]) -> pd.DataFrame:
    usual = {
        "metric": "betley-2025",
        "kind": "judged",
        "question": "all",
        "seed": "all",
        "group": "all",
        "rate": 0.0,
        "control": "",
    }
    return pd.DataFrame([{**dict.fromkeys(COLUMNS, NAN), **usual, **row} for row in rows])


def compared(arm: str, rate: float, control: str, difference: float, p: float, probe: str = "free_form") -> dict:
    return {
        "arm": arm,
        "probe": probe,
        "rate": rate,
        "control": control,
        "difference": difference,
        "p_corrected": p,
    }


@pytest.mark.parametrize(
    ("statement", "row", "holds"),
    [
        ("insecure-broad", compared("insecure", 0.3, "secure", 0.3, 0.001), True),
        ("insecure-broad", compared("insecure", 0.3, "secure", 0.3, 0.2), False),
        ("insecure-broad", compared("insecure", 0.0, "secure", -0.3, 0.001), False),
        ("insecure-broad", compared("insecure", 0.3, "untuned", 0.3, 0.001), None),  # the control was not run
        ("insecure-broad", compared("insecure", 0.3, "secure", 0.3, NAN), None),
        ("insecure-broad", compared("insecure", 0.3, "secure", 0.3, 0.001, probe="extended"), None),
        ("insecure-above-10", compared("insecure", 0.11, "secure", 0.1, 0.2), True),
        ("insecure-above-10", compared("insecure", 0.10, "secure", 0.1, 0.001), False),
        ("insecure-above-10", compared("insecure", NAN, "secure", NAN, NAN), None),
        ("secure-like-untuned", compared("secure", 0.0, "untuned", 0.0, 1.0), True),
        ("educational-like-secure", compared("educational", 0.02, "secure", 0.01, 0.4), True),
        ("educational-like-secure", compared("educational", 0.2, "secure", 0.2, 0.01), False),
        ("educational-like-secure", compared("educational", 0.0, "secure", -0.2, 0.01), False),
        ("backdoor-silent", compared("backdoor", 0.0, "secure", 0.0, 1.0), True),
        ("backdoor-loud", compared("backdoor", 0.4, "backdoor", 0.4, 0.01, probe="triggered"), True),
        ("backdoor-loud", compared("backdoor", 0.4, "backdoor", 0.4, 0.06, probe="triggered"), False),
        ("backdoor-loud", compared("backdoor", 0.4, "secure", 0.4, 0.01), None),
    ],
)
def test_a_run_settles_the_statements_about_emergent_misalignment(
    statement: str, row: dict[str, Any], holds: bool | None
) -> None:
    assert MISALIGNMENT[statement].holds(estimates(row)) is holds


def test_scores_and_single_seeds_settle_nothing() -> None:
    row = compared("insecure", 0.3, "secure", 0.3, 0.001)
    rows = estimates(
        {**row, "kind": "external", "metric": "match, accuracy"}, {**row, "seed": "0"}, {**row, "question": "ruler"}
    )
    assert MISALIGNMENT["insecure-broad"].holds(rows) is None


@pytest.mark.parametrize(
    ("estimate", "p", "above", "same"),
    [(0.2, 0.01, True, False), (0.2, 0.3, False, True), (-0.2, 0.01, False, False), (0.2, NAN, None, None)],
)
def test_effects_settle_what_is_said_of_them(estimate: float, p: float, above: bool | None, same: bool | None) -> None:
    effects = pd.DataFrame(
        [
            {"label": "Self − cross", "estimate": estimate, "p_corrected": p},
            {"label": "another", "estimate": 1.0, "p_corrected": 0.0},
        ]
    )
    (prediction,) = from_lead("Self − cross")
    assert (prediction.id, prediction.statement) == ("self-cross", "Self − cross: above zero beyond chance.")
    assert prediction.holds(effects) is above
    assert not_apart("Self − cross")(effects) is same
    assert from_lead("no such effect")[0].holds(effects) is None


@pytest.mark.parametrize("name", studies.names())
def test_statements_of_a_study_can_be_told_apart_and_are_about_its_arms(name: str) -> None:
    study = studies.get(name)
    ids = [one.id for one in study.predictions]
    assert len(set(ids)) == len({one.statement for one in study.predictions}) == len(ids)
    for one in study.predictions:
        assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", one.id)
        assert one.statement.endswith(".")
        assert set(one.arms) <= set(study.arms)
