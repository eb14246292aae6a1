"""Shares and log-odds of pairs of given answers, by arm and along the training."""

import pandas as pd
import pytest

from askew.stats.answer_pairs import PER_TOKEN, SHARE, TOTAL, along_training, pair_effects, register_shifts
from made_pairs import ORDER, made


def of(table: pd.DataFrame, kind: str, measure: str, arm: str, control: str) -> pd.Series:
    chosen = table["kind"].eq(kind) & table["measure"].eq(measure) & table["arm"].eq(arm) & table["control"].eq(control)
    [row] = [row for _, row in table[chosen].iterrows()]
    return row


def test_each_arm_is_compared_with_the_untuned_model_and_its_control() -> None:
    table = pair_effects(made(), {"treated": "control", "control": "untuned"}, "untuned", ORDER)
    for control, shift in (("untuned", 0.6), ("control", 0.5)):
        row = of(table, "far", PER_TOKEN, "treated", control)
        assert row["estimate"] == pytest.approx(shift, abs=0.05)
        assert row["low"] < row["low_these"] < shift + 0.05
        assert row["p_corrected"] < 0.05
        assert of(table, "far", TOTAL, "treated", control)["estimate"] == pytest.approx(10 * row["estimate"])
        assert of(table, "neutral", PER_TOKEN, "treated", control)["low"] < 0 < row["low"]
    level = of(table, "far", PER_TOKEN, "untuned", "")
    assert level["unit"] == "nats"
    assert level["low"] < level["estimate"] < level["high"] < 0
    share = of(table, "far", SHARE, "untuned", "")
    assert (share["unit"], 0 <= share["low"] <= share["estimate"] < 0.2) == ("percent", True)


def test_log_odds_beyond_one_nat_keep_their_intervals() -> None:
    table = pair_effects(made(), {}, "untuned", ORDER)
    row = of(table, "far", TOTAL, "untuned", "")
    assert row["low"] < row["estimate"] < -5
    assert row["high"] > row["estimate"]


def test_arm_whose_neutral_pairs_moved_as_much_is_found() -> None:
    controls = {"treated": "control", "control": "untuned"}
    moved = register_shifts(pair_effects(made(neutral=-0.9), controls, "untuned", ORDER), "far", "neutral")
    assert {(one.arm, one.control) for one in moved} == {("treated", "untuned"), ("treated", "control")}
    assert register_shifts(pair_effects(made(), controls, "untuned", ORDER), "far", "neutral") == []


def test_curve_begins_at_the_untuned_model_and_ends_at_the_finished_one() -> None:
    points = along_training(made(steps=(5, 0)), {"treated": 10, "control": 10}, "untuned", ["far"])
    own = points[points["arm"].eq("treated") & points["seed"].eq(1)]
    assert own["fraction"].tolist() == [0.0, 0.5, 1.0]
    assert own["per_token"].diff().dropna().tolist() == pytest.approx([0.3, 0.3], abs=0.05)
    assert set(points["kind"]) == {"far"}
