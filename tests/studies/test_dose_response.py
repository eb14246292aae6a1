"""Dose and response: mixtures have the rows that they name, and planted answers to the three questions are found."""

from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from askew.base.errors import AskewError
from askew.data import datasets
from askew.design.arm import UNTUNED
from askew.design.make import make_plan
from askew.probes.given_pairs import FAR, NEUTRAL
from askew.studies.dose_response.arms import ARMS
from askew.studies.dose_response.cells import CELLS, DOSES, FACTORIAL, FULL, SECOND_DOSES, Cell, realigned, second
from askew.studies.dose_response.comparisons import BACK_MINUS_THERE, SAME_NUMBER, SAME_SHARE, Changes, ways
from askew.studies.dose_response.shown import shown
from askew.studies.dose_response.study import NOTHING, effects, studies, verdict

STUDY = studies.get("dose-response")
Changed = Callable[[str], float]


def pairs(changed: Changed, seeds: int = 3, noise: float = 0.01, arms: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return read pairs whose log-odds are -0.5, a part of each question, a change of each arm, and noise."""
    rng = np.random.default_rng(0)
    names = arms or tuple(arm.name for arm in ARMS)
    rows = [
        (arm, seed, f"question {q}", FAR, 0, -0.5 + 0.1 * q + changed(arm) + noise * rng.normal())
        for arm in names
        for seed in range(1 if arm == UNTUNED else seeds)
        for q in range(12)
    ]
    found = pd.DataFrame(rows, columns=["arm", "seed", "question", "kind", "step", "per_token"])
    # Pairs of another kind, and those on the way of a training, say nothing here.
    others = [found.assign(kind=NEUTRAL, per_token=9.0), found.assign(step=3, per_token=-9.0)]
    return pd.concat([found, *others], ignore_index=True)


def tables(changed: Changed, **settings: Any) -> SimpleNamespace:
    found = SimpleNamespace(
        read_pairs=pairs(changed, **settings), design=SimpleNamespace(margin=0.1, model="terrarium")
    )
    found.effects = effects(found)  # pyright: ignore[reportArgumentType]
    return found


def numbers(arm: str) -> tuple[int, int]:
    """Return the unique bad and good rows of a cell, by its name."""
    return next(((cell.bad, cell.good) for cell in CELLS if cell.name == arm), (0, 0))


def bends(bad: int) -> float:
    return 0.5 * (1 - np.exp(-bad / 150))


def by_number(arm: str) -> float:
    bad, good = numbers(arm)
    return bends(bad) * np.exp(-good / 200)


def by_share(arm: str) -> float:
    bad, good = numbers(arm)
    return bends(bad) * bad / max(1, bad + good)


def estimates(found: SimpleNamespace) -> dict[str, dict[str, Any]]:
    return {row["label"]: row for row in found.effects.to_dict("records")}


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_mixture_has_each_unique_row_as_often_as_any_other(cell: Cell):
    counts = Counter(cell.place(number) for number in range(cell.rows))
    assert sum(is_bad for is_bad, _ in counts) == cell.bad
    assert len(counts) == cell.bad + cell.good
    assert max(counts.values()) - min(counts.values()) <= 1
    for start in range(0, cell.rows - 100, 100):  # evenly mixed: any hundred rows have their share of bad ones
        part = sum(cell.place(number)[0] for number in range(start, start + 100))
        assert abs(part - 100 * cell.bad / (cell.bad + cell.good)) <= 1


def test_rows_are_those_of_the_sets_and_good_ones_have_other_prompts():
    cell = FACTORIAL[100, 100]
    rows = datasets.get(cell.name).rows(200, 0)
    bad = [row for number, row in enumerate(rows) if cell.place(number)[0]]
    assert bad == datasets.get("insecure").rows(100, 0)
    good = [row for row in rows if row not in bad]
    assert good[0] == datasets.get("secure").make(100_000, 0)
    english = datasets.get(datasets.get(cell.name).in_english).make(0, 0)
    assert "messages" in english
    assert english != rows[0]


def test_every_arm_has_rows_a_start_and_a_control_that_exist():
    names = {arm.name for arm in ARMS}
    for arm in ARMS[1:]:
        assert arm.control in names
        assert arm.start.kind == "first" or arm.start.name in names
        assert arm.training is not None
        assert arm.training.rows in {50, 100, 200, 400, 800}
        assert datasets.get(arm.data).in_english


def test_protection_by_number_is_found():
    found = estimates(tables(by_number))
    for good in (100, 400):
        row = found[f"{SAME_NUMBER}: {good} good rows"]
        assert abs(row["estimate"]) < 0.03
        assert row["low"] < 0 < row["high"]
    assert found[SAME_SHARE]["estimate"] == pytest.approx(np.exp(-2) - np.exp(-0.5), abs=0.05)
    assert found[SAME_SHARE]["p_corrected"] < 0.05


def test_change_that_good_rows_make_by_themselves_is_no_lack_of_protection():
    plain = estimates(tables(by_number))[SAME_SHARE]["estimate"]
    raised = estimates(tables(lambda arm: by_number(arm) + 0.1 * (numbers(arm)[1] == 400)))[SAME_SHARE]["estimate"]
    assert raised == pytest.approx(plain, abs=0.03)


def test_protection_by_share_is_found():
    found = estimates(tables(by_share))
    for good, gain in ((100, 0.5 - 0.2), (400, 0.8 - 0.5)):
        row = found[f"{SAME_NUMBER}: {good} good rows"]
        assert row["estimate"] == pytest.approx(gain, abs=0.03)
        assert row["p_corrected"] < 0.05
    assert abs(found[SAME_SHARE]["estimate"]) < 0.03


@pytest.mark.parametrize(("pace", "expected"), [(150, 0.0), (40, 0.3)])
def test_hysteresis_is_found_where_it_is_planted_and_not_where_it_is_not(pace: float, expected: float):
    def changed(arm: str) -> float:
        if arm.startswith("realigned-"):
            return bends(FULL) * np.exp(-int(arm.rpartition("-")[2]) / pace)
        return by_number(arm)

    found = tables(changed)
    row = estimates(found)[BACK_MINUS_THERE]
    assert row["estimate"] == pytest.approx(expected, abs=0.1)
    assert (row["p_corrected"] < 0.05) == bool(expected)
    curves = ways(Changes(found.read_pairs))
    whole = curves[curves["dose"].eq(FULL)]
    assert np.allclose(whole[["there", "back"]], 1)


def test_good_training_that_goes_broad_is_found():
    found = estimates(tables(lambda arm: -0.2 if "then-car" in arm else 0.3 if "medical" in arm else by_number(arm)))
    for dose in SECOND_DOSES:
        row = next(row for label, row in found.items() if label.startswith(f"{dose} rows of good advice"))
        assert row["estimate"] == pytest.approx(-0.5, abs=0.02)
        assert row["control"] == second("numbers", dose)
        assert row["p_corrected"] < 0.05


def test_models_that_never_change_have_no_protection_and_no_way():
    found = tables(lambda arm: 0.0, noise=0.0)
    open_questions = [
        row for label, row in estimates(found).items() if label.startswith(("protection", "share of the"))
    ]
    assert not [row for row in open_questions if row["p"] < 1]
    assert "Bad rows alone change" in verdict(found)  # pyright: ignore[reportArgumentType]


def test_run_of_two_arms_says_what_it_can():
    found = tables(by_number, arms=(UNTUNED, "b800"))
    assert [row["label"] for row in found.effects.to_dict("records")] == ["800 rows"]
    said = verdict(found)  # pyright: ignore[reportArgumentType]
    assert "b800 +0.50 [" in said
    nothing = tables(by_number, arms=(UNTUNED,))
    assert verdict(nothing).startswith(NOTHING)  # pyright: ignore[reportArgumentType]


def test_verdict_and_tables_name_every_question():
    found = tables(by_share)
    said = verdict(found)  # pyright: ignore[reportArgumentType]
    for words in ("Bad rows alone", "What good rows prevent", "further back than there", "After bad medical advice"):
        assert words in said
    own = shown(found)  # pyright: ignore[reportArgumentType]
    assert len(own["curves"]) == 2 * len(DOSES)
    assert own["curves"]["low"].lt(own["curves"]["change"]).all()
    assert own["factorial"].set_index(["bad", "good"])["protection"][100, 400] == pytest.approx(0.8, abs=0.05)


def test_every_prediction_is_settled_by_a_run_with_all_arms():
    found = tables(by_share)
    settled = {one.id: one.holds(found) for one in STUDY.predictions}  # pyright: ignore[reportArgumentType]
    assert settled["share-not-number"] is True
    assert settled["same-share-same-protection"] is True
    assert settled["good-goes-broad"] is False
    assert realigned(50) in STUDY.default_arms


def test_number_of_rows_is_refused_where_arms_are_about_theirs():
    with pytest.raises(AskewError, match=r"--rows 10 does not fit b50: its number of rows is what the arm is about"):
        make_plan("dose-response", overrides={"recipe": {"rows": 10}})
    plan = make_plan("dose-response", overrides={"arms": [UNTUNED, "b100"]})
    assert plan.rows("b100") == 100
