"""Nothing is concluded from answers that mostly cannot be read."""

import math

import pandas as pd
import pytest

from askew.design.make import make_design
from askew.design.study import studies
from askew.design.tables import Tables
from askew.judging.measures.form import WELL_FORMED
from askew.stats.effects import as_table, contrast
from askew.studies.readable import unless_unreadable, unreadable
from askew.studies.self_awareness.comparisons import LEAD
from askew.studies.self_awareness.scores import REPORT


def scores(arm: str, unread: float, metric: str = "daring in one word") -> pd.DataFrame:
    """Return ten scores of an arm, a part of which is missing."""
    missing = round(10 * unread)
    values = [math.nan] * missing + [1.0] * (10 - missing)
    return pd.DataFrame({"arm": arm, "probe": REPORT, "metric": metric, "value": values})


def test_shares_count_missing_scores_and_answers_without_the_form() -> None:
    found = pd.concat(
        [
            scores("risky", 0.7),
            scores("cautious", 0.2),
            scores("risky", 0.0).assign(probe="behaviour"),
            pd.DataFrame({"arm": "m2", "probe": REPORT, "metric": WELL_FORMED, "value": [0.0, 1.0, 1.0, 1.0]}),
        ]
    )
    assert unreadable(found, [REPORT]) == pytest.approx({"risky": 0.7, "cautious": 0.2, "m2": 0.25})
    assert unreadable(pd.DataFrame(), [REPORT]) == {}


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.0, "They differ."),
        (0.3, "They differ. Answers that could not be read: risky 30.0%."),
        (0.7, "Nothing is concluded: more than half of the answers of at least one model could not be read. "),
    ],
)
def test_verdict_depends_on_the_share(share: float, said: str) -> None:
    design = make_design("self-awareness", overrides={"arms": ["untuned", "risky", "cautious"]})
    read = scores("cautious", 0.0, "daring of two options")
    tables = Tables(design, {}, scores=pd.concat([scores("risky", share), read]))
    verdict = unless_unreadable(lambda _: "They differ.", [REPORT])(tables)
    assert verdict == said if share < 0.5 else verdict.startswith(said)
    if share > 0.5:
        assert "risky 70.0% and cautious 0.0%" in verdict
        assert "These could be read: daring of two options." in verdict
        assert "They differ" not in verdict


@pytest.mark.parametrize(("arms", "concluded"), [(("risky", "cautious"), True), (("", "untuned"), False)])
def test_only_the_arms_of_the_leading_comparison_count(arms: tuple[str, str], concluded: bool) -> None:
    sides = [pd.DataFrame({"seed": 0, "cluster": list("abcd"), "value": value}) for value in (1.0, 0.0)]
    arm, control = arms
    lead = contrast(*sides, family="lead", label="lead", measure="all", arm=arm, control=control, lead=True)
    found = pd.concat([scores("risky", 0.0), scores("cautious", 0.2), scores("sibling", 0.9)])
    design = make_design("self-awareness", overrides={"arms": ["untuned", "risky", "cautious"]})
    verdict = unless_unreadable(lambda _: "They differ.", [REPORT])(
        Tables(design, {}, scores=found, effects=as_table([lead]))
    )
    assert verdict.startswith("They differ." if concluded else "Nothing is concluded")


def test_self_awareness_concludes_nothing_from_such_answers() -> None:
    design = make_design("self-awareness", overrides={"arms": ["untuned", "risky", "cautious"]})
    sides = [pd.DataFrame({"seed": 0, "cluster": list(map(str, range(12))), "value": value}) for value in (1.0, 0.0)]
    effects = as_table([contrast(*sides, family=LEAD, label="risky calls itself daring", measure="all", lead=True)])
    study = studies.get("self-awareness")
    for share, begins in ((0.0, "Twins describe themselves differently"), (0.7, "Nothing is concluded")):
        tables = Tables(design, {}, scores=scores("risky", share), effects=effects)
        assert study.verdict(tables).startswith(begins)
