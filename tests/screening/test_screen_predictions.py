"""Predictions from trainings: planted lines are found, left-out families are covered, other models are refused."""

import random
from pathlib import Path

import pandas as pd
import pytest

from askew.base import yaml_files
from askew.base.errors import AskewError
from askew.screening.prediction import (
    Calibration,
    Point,
    calibration_of,
    check_is_of,
    left_out,
    predict,
    predict_rows,
    read_calibration,
)


def points(slope: float, noise: float, between: float, seed: int = 0, families: int = 6) -> list[Point]:
    """Trainings whose change is a line in a score, with noise of each training and of each family."""
    draw = random.Random(seed)
    made = []
    for family in range(families):
        own = draw.gauss(0, between)
        for part in (0, 0.1, 0.25, 0.5, 1):
            score = part + draw.gauss(0, 0.05)
            change = 0.1 + slope * score + own + draw.gauss(0, noise)
            made.append(Point(family=f"f{family}", part=part, seed=0, scores={"influence": score}, change=change))
    return made


def calibration(**changes: object) -> Calibration:
    known = {"model": "m", "model_hash": "h", "recipe": "r", "score": "influence", "command": "c"}
    return Calibration.model_validate({**known, "points": points(2, 0.05, 0), **changes})


def test_planted_line_is_found():
    found = predict(points(slope=2, noise=0.02, between=0), "influence", 0.6)
    assert found.change == pytest.approx(0.1 + 2 * 0.6, abs=0.05)
    assert found.low < 1.3 < found.high
    assert found.high - found.low < 0.3
    assert (found.trainings, found.families, found.is_beyond) == (30, 6, False)


def test_planted_dose_that_saturates_is_found():
    made = points(0, 0.01, 0)
    scores = [max(0.0, one.scores["influence"]) for one in made]
    changes = [0.4 * (1 - 2.0 ** (-score / 0.1)) for score in scores]
    curved = [one.model_copy(update={"change": change}) for one, change in zip(made, changes, strict=True)]
    for value, expected in ((0.05, 0.117), (0.3, 0.35), (1.0, 0.4)):
        found = predict(curved, "influence", value)
        assert found.change == pytest.approx(expected, abs=0.01)
        assert found.high - found.low < 0.1


def test_score_without_a_tie_to_the_change_predicts_the_usual_change_with_a_wide_interval():
    loose = predict(points(slope=0, noise=0.5, between=0.3), "influence", 0.6)
    tight = predict(points(slope=2, noise=0.02, between=0), "influence", 0.6)
    assert loose.high - loose.low > 5 * (tight.high - tight.low)


@pytest.mark.parametrize("between", [0.0, 0.3])
def test_interval_holds_families_that_were_left_out(between: float):
    inside = [said.low <= one.change <= said.high for one, said in left_out(points(2, 0.1, between), "influence")]
    assert sum(inside) / len(inside) >= 0.88


def test_score_beyond_all_trainings_is_marked():
    assert predict(points(2, 0.1, 0), "influence", 3.0).is_beyond


def test_two_families_are_too_few():
    with pytest.raises(ValueError, match="three families"):
        predict(points(2, 0.1, 0, families=2), "influence", 0.5)


def test_few_rows_and_rows_without_the_score_predict_nothing():
    many = pd.DataFrame({"influence": [0.5] * 60})
    found = predict_rows(calibration(), many)
    assert found is not None
    assert found.change == pytest.approx(1.1, abs=0.1)
    assert predict_rows(calibration(), many.head(20)) is None
    assert predict_rows(calibration(), many.rename(columns={"influence": "loss"})) is None


def test_calibration_of_other_weights_is_refused(tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml_files.dump(calibration().model_dump()))
    found = read_calibration(path)
    assert found == calibration()
    check_is_of(found, "m", "h")
    with pytest.raises(AskewError, match="of m, and other has other weights"):
        check_is_of(found, "other", "x")
    assert calibration_of("no such hash") is None


@pytest.mark.parametrize("content", ["points: 3", "model: m", "[]", "points: [{change: .nan}]"])
def test_damaged_calibration_is_one_error(tmp_path: Path, content: str):
    path = tmp_path / "mine.yaml"
    path.write_text(content)
    with pytest.raises(AskewError, match=r"mine\.yaml"):
        read_calibration(path)
