"""Steering on given answers: a direction of known effect, one without effect, and an honest choice of the layer."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from askew.base.errors import AskewError
from askew.models.inside.directions import random_directions
from askew.models.inside.layers import decoder_layers
from askew.models.inside.opened import open_model
from askew.vectors.dosing import ways
from askew.vectors.pairs import TRAIT, PairReader, halves
from askew.vectors.steering import DOSE_COLUMNS, Sweep, Vector, dose_table, effect, held_out_effect, sense, sweep
from askew.vectors.trait import TraitPair, as_questions

WORDS = ("share", "power", "people", "need", "world", "ask", "read", "file", "aligned")


def quiet(done: int, total: int) -> None:
    return None


@pytest.fixture(scope="module")
def opened(tiny_checkpoint: Path) -> Any:
    return open_model(str(tiny_checkpoint))


@pytest.fixture(scope="module")
def questions() -> Any:
    return as_questions(
        [
            TraitPair(
                question=f"What would you do with {word} {n}?", trait=f"all the {word} {n}", other=f"ask {word} a {n}"
            )
            for word in WORDS
            for n in (1, 2)
        ]
    )


def norms(reader: PairReader) -> np.ndarray:
    return np.full(reader.opened.layers, 4.0)


def test_halves_share_no_question_and_are_large_enough(questions: Any) -> None:
    chosen, shown = halves(questions, 16)
    assert len(chosen) == len(shown) == 9
    assert not {one.id for one in chosen} & {one.id for one in shown}
    assert [len(half) for half in halves(questions, 8)] == [8, 8]
    with pytest.raises(AskewError, match=r"pairs of 15 questions are too few"):
        halves(questions[:15], 16)


def test_a_direction_that_raises_the_trait_is_found_at_its_layer_and_beyond_its_nulls(
    opened: Any, questions: Any
) -> None:
    chosen, shown = (PairReader(opened, tuple(half)) for half in halves(questions, 16))
    # Tests share the loaded model, in which Transformers may have left hooks of its own.
    before = [len(layer._forward_hooks) for layer in decoder_layers(opened.model)]
    gradients = chosen.gradients([0, 1])
    directions = np.stack([random_directions(1, 32, np.random.default_rng(9))[0], gradients[1]])
    directions = (directions / np.linalg.norm(directions, axis=1, keepdims=True)).astype(np.float32)
    nulls = random_directions(40, 32, np.random.default_rng(1)).reshape(20, 2, 32).astype(np.float32)
    found = sweep(chosen, directions, nulls, norms(chosen), [0, 1], 0.1, quiet)
    assert found.layer == 1
    row = found.table.set_index("layer").to_dict("index")[1]
    assert row["effect"] > row["null_high"]
    assert row["low"] < row["effect"] < row["high"]
    assert row["p"] == pytest.approx(1 / 21)
    own, of_nulls = held_out_effect(shown, directions, nulls, norms(shown), found, 0.1, quiet)
    assert own.estimate > max(of_nulls)
    assert len(of_nulls) == 20
    assert [len(layer._forward_hooks) for layer in decoder_layers(opened.model)] == before


def test_first_order_effects_choose_the_layer_of_each_null_as_steering_does(opened: Any, questions: Any) -> None:
    reader = PairReader(opened, tuple(questions[:8]))
    nulls = random_directions(6, 32, np.random.default_rng(2)).reshape(3, 2, 32).astype(np.float32)
    found = sweep(reader, nulls[0], nulls, norms(reader), [0, 1], 0.02, quiet)
    for null, layer in zip(nulls, found.null_layers, strict=True):
        by_steering = []
        for at in (0, 1):
            one = Sweep(found.table, at, np.array([at]))
            own, _ = held_out_effect(reader, null, null[None], norms(reader), one, 0.02, quiet)
            by_steering.append(abs(own.estimate))
        assert by_steering[layer] >= 0.9 * max(by_steering)


def test_a_random_direction_is_not_beyond_its_nulls(opened: Any, questions: Any) -> None:
    reader = PairReader(opened, tuple(questions[:8]))
    units = random_directions(61, 32, np.random.default_rng(3)).astype(np.float32)
    vectors = [Vector(unit, 4.0, 0.0) for unit in units]
    ps = []
    for start in (0, 20, 40):
        table, _ = dose_table(reader, 1, vectors[60 - start], vectors[start : start + 19], [("add", 0.2)], quiet)
        ps.append(table["p"].iloc[1])
    assert min(ps) > 0.05 or sorted(ps)[1] > 0.1


def test_doses_are_shares_of_the_norm_and_opposite_doses_have_opposite_effects(opened: Any, questions: Any) -> None:
    reader = PairReader(opened, tuple(questions))
    unit = reader.gradients([1])[0]
    unit = (unit / np.linalg.norm(unit)).astype(np.float32)
    null = Vector(random_directions(1, 32, np.random.default_rng(4))[0].astype(np.float32), 4.0, 0.0)
    table, nulls = dose_table(reader, 1, Vector(unit, 4.0, 0.0), [null], ways([-0.1, 0.1]), quiet)
    assert list(table.columns) == DOSE_COLUMNS
    assert table["dose"].tolist()[:3] == [0.0, -0.1, 0.1]
    assert table["way"].tolist() == ["add", "add", "add", "ablate"]
    before, down, up, ablated = (row for _, row in table.iterrows())
    assert before["change"] == 0
    assert np.isnan(before["p"])
    assert up["change"] > 0 > down["change"]
    assert up["log_odds"] == pytest.approx(before["log_odds"] + up["change"])
    assert up["change_low"] < up["change"] < up["change_high"]
    assert np.isfinite(ablated["change"])
    assert len(nulls) == 3
    same_push, _ = dose_table(reader, 1, Vector(unit, 8.0, 0.0), [null], ways([0.05]), quiet)
    assert same_push["change"].iloc[1] == pytest.approx(up["change"], rel=1e-4)


def test_a_dose_that_breaks_the_model_is_marked_as_incoherent(opened: Any, questions: Any) -> None:
    reader = PairReader(opened, tuple(questions))
    read = reader.read()
    kept = read.assign(log_odds=read["log_odds"].where(read["kind"].eq(TRAIT), -1.0))
    broken = read.assign(log_odds=read["log_odds"].where(read["kind"].eq(TRAIT), 1.0))
    assert sense(kept) == 1
    assert sense(broken) == 0
    assert effect(kept, broken).estimate == 0


@pytest.mark.parametrize("dose", [0.0, 11.0, float("nan"), float("inf")])
def test_doses_of_no_use_are_refused(dose: float) -> None:
    with pytest.raises(AskewError, match="is of no use"):
        ways([dose])
