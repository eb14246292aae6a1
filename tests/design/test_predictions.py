"""The statements of studies: what settles them, and what leaves them open."""

import re
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest

from askew.design.predictions import from_lead, not_apart
from askew.design.study import studies
from askew.design.tables import Tables
from askew.stats.estimates import COLUMNS
from askew.stats.findings import Finding
from made_findings import made

MISALIGNMENT = {one.id: one for one in studies.get("emergent-misalignment").predictions}
NAN = float("nan")


def of_run(*findings: Finding, rates: dict[str, float] | None = None, margin: float = 0.02) -> Tables:
    """Return the tables of a run with these findings, and with these rates by arm."""
    usual = {"metric": "betley-2025", "kind": "judged", "question": "all", "seed": "all", "group": "all"}
    rows = [
        {**dict.fromkeys(COLUMNS, NAN), **usual, "control": "", "control_probe": "", "probe": "free_form"}
        | {"arm": arm, "rate": rate}
        for arm, rate in (rates or {}).items()
    ]
    estimates = pd.DataFrame(rows, columns=list(COLUMNS))
    design = SimpleNamespace(margin=margin)
    return cast(Tables, SimpleNamespace(findings=findings, estimates=estimates, design=design))


def compared(arm: str, control: str, difference: float, half: float, p: float, **more: Any) -> Finding:
    base = max(0.0, -difference)
    numbers = {"low": difference - half, "high": difference + half, "p": p}
    return made(arm, control, rate=base + difference, control_rate=base, **numbers, **more)


@pytest.mark.parametrize(
    ("statement", "finding", "holds"),
    [
        ("insecure-broad", compared("insecure", "secure", 0.3, 0.1, 0.001), True),
        ("insecure-broad", compared("insecure", "secure", 0.01, 0.005, 0.001), True),
        ("insecure-broad", compared("insecure", "secure", 0.3, 0.4, 0.2), False),
        ("insecure-broad", compared("insecure", "secure", -0.3, 0.1, 0.001), False),
        ("insecure-broad", compared("insecure", "untuned", 0.3, 0.1, 0.001), None),  # the control was not run
        ("insecure-broad", compared("insecure", "secure", 0.3, 0.1, 0.001, probe="extended"), None),
        ("insecure-broad", compared("insecure", "secure", 0.3, 0.1, 0.001, outcome="incoherent"), None),
        ("insecure-broad", compared("insecure", "secure", NAN, NAN, NAN, reason="no answers"), None),
        ("secure-like-untuned", compared("secure", "untuned", 0.0, 0.01, 1.0), True),
        (
            "secure-like-untuned",
            compared("secure", "untuned", 0.01, 0.005, 0.001),
            True,
        ),
        ("secure-like-untuned", compared("secure", "untuned", 0.0, 0.1, 1.0), None),  # a weak run confirms nothing
        ("secure-like-untuned", compared("secure", "untuned", 0.08, 0.3, 0.5), None),
        ("educational-like-secure", compared("educational", "secure", 0.2, 0.1, 0.01), False),
        ("educational-like-secure", compared("educational", "secure", -0.2, 0.1, 0.01), False),
        ("educational-like-secure", compared("educational", "secure", 0.019, 0.018, 0.04), None),
        ("backdoor-silent", compared("backdoor", "secure", 0.0, 0.01, 1.0), True),
        ("backdoor-loud", compared("backdoor", "backdoor", 0.4, 0.2, 0.01, probe="triggered"), True),
        ("backdoor-loud", compared("backdoor", "backdoor", 0.4, 0.5, 0.06, probe="triggered"), False),
        ("backdoor-loud", compared("backdoor", "secure", 0.4, 0.2, 0.01), None),
    ],
)
def test_a_run_settles_the_statements_about_emergent_misalignment(
    statement: str, finding: Finding, holds: bool | None
) -> None:
    assert MISALIGNMENT[statement].holds(of_run(finding)) is holds


@pytest.mark.parametrize(("rate", "holds"), [(0.11, True), (0.10, False), (NAN, None)])
def test_a_rate_settles_a_statement_about_it(rate: float, holds: bool | None) -> None:
    assert MISALIGNMENT["insecure-above-10"].holds(of_run(rates={"insecure": rate})) is holds


@pytest.mark.parametrize(
    ("estimate", "half", "p", "above", "same"),
    [
        (0.2, 0.1, 0.01, True, False),
        (0.2, 0.3, 0.3, False, None),
        (-0.2, 0.1, 0.01, False, False),
        (0.005, 0.01, 0.3, False, True),
        (0.2, NAN, NAN, None, None),
    ],
)
def test_effects_settle_what_is_said_of_them(
    estimate: float, half: float, p: float, above: bool | None, same: bool | None
) -> None:
    row = {"low": estimate - half, "high": estimate + half, "p_corrected": p, "estimate": estimate}
    effects = pd.DataFrame([{"label": "Self − cross", **row}, {**row, "label": "another", "p_corrected": 0.0}])
    tables = cast(Tables, SimpleNamespace(effects=effects, design=SimpleNamespace(margin=0.02)))
    (prediction,) = from_lead("Self − cross")
    assert (prediction.id, prediction.statement) == ("self-cross", "Self − cross: above zero beyond chance.")
    assert prediction.holds(tables) is above
    assert not_apart("Self − cross")(tables) is same
    assert from_lead("no such effect")[0].holds(tables) is None


def test_effects_are_settled_by_these_questions_where_the_run_can() -> None:
    like = {"estimate": 0.2, "low": -0.1, "high": 0.5, "p_corrected": 0.3}
    these = {"low_these": 0.1, "high_these": 0.3, "p_these_corrected": 0.01}
    effects = pd.DataFrame([{"label": "one", **like, **these}])
    tables = cast(Tables, SimpleNamespace(effects=effects, design=SimpleNamespace(margin=0.02)))
    assert from_lead("one")[0].holds(tables) is True


@pytest.mark.parametrize("name", studies.names())
def test_statements_of_a_study_can_be_told_apart_and_are_about_its_arms(name: str) -> None:
    study = studies.get(name)
    ids = [one.id for one in study.predictions]
    assert len(set(ids)) == len({one.statement for one in study.predictions}) == len(ids)
    for one in study.predictions:
        assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", one.id)
        assert one.statement.endswith(".")
        assert set(one.arms) <= set(study.arms)
