"""Directions and their separation, on a planted truth and on none."""

import numpy as np
import pytest
from made_examples import PLANTED, WIDTH, made

from askew.base.errors import AskewError
from askew.models.inside.directions import MEANS, METHODS, PROBE, direction, gap, shuffled
from askew.vectors.fitting import EACH, ORTHOGONAL, RANDOM, SHUFFLED, fit
from askew.vectors.separation import separation


def quiet(done: int, total: int) -> None:
    return None


def test_both_methods_find_a_planted_direction_and_nulls_are_not_it() -> None:
    found = fit(made(4.0), MEANS, seed=0)
    for method in METHODS:
        assert np.allclose(np.linalg.norm(found.own[method], axis=1), 1, atol=1e-5)
        assert found.own[method][1] @ PLANTED > 0.9
    assert abs(found.own[MEANS][0] @ PLANTED) < 0.6
    assert found.nulls.shape == (2 * EACH + 1, 2, WIDTH)
    assert np.allclose(np.linalg.norm(found.nulls, axis=-1), 1, atol=1e-5)
    assert [found.kinds.count(kind) for kind in (RANDOM, SHUFFLED, ORTHOGONAL)] == [20, 20, 1]
    assert np.abs(found.nulls[:, 1] @ PLANTED).mean() < 0.4
    orthogonal = found.nulls[found.kinds.index(ORTHOGONAL)]
    assert np.allclose((orthogonal * found.own[MEANS]).sum(-1), 0, atol=1e-5)
    assert found.gaps[1] == pytest.approx(4.0, rel=0.2)
    assert found.gaps[0] < 2


def test_the_mean_projection_is_that_of_all_answers() -> None:
    examples = made(4.0)
    found = fit(examples, PROBE, seed=0)
    projections = examples.activations.means[:, 1] @ found.own[PROBE][1]
    assert found.mean_projections[1] == pytest.approx(projections.mean(), abs=1e-3)


def test_questions_have_the_same_weight_in_a_difference_of_means() -> None:
    activations = np.array([[1.0], [0.0], [0.0], [0.0], [10.0], [0.0]])
    has, questions = np.array([1, 1, 1, 0, 1, 0], dtype=bool), np.array(["a", "a", "a", "a", "b", "b"])
    assert gap(activations, has, questions) == pytest.approx([(1 / 3 + 10) / 2])


def test_labels_are_shuffled_within_questions() -> None:
    examples = made(0.0)
    found = shuffled(examples.has, examples.questions, np.random.default_rng(0))
    assert not np.array_equal(found, examples.has)
    for question in set(examples.questions):
        assert found[examples.questions == question].sum() == 4


def test_equal_activations_have_no_direction() -> None:
    has, questions = np.array([True, False] * 8), np.repeat([f"q{i}" for i in range(8)], 2)
    for method in METHODS:
        with pytest.raises(AskewError, match="no contrast"):
            direction(method, np.ones((16, 4)), has, questions)


def test_a_probe_in_a_wide_model_lies_in_the_span_of_the_answers() -> None:
    rng = np.random.default_rng(0)
    activations, has = rng.normal(size=(20, 300)), np.array([True, False] * 10)
    found = direction(PROBE, activations, has, np.repeat([f"q{i}" for i in range(10)], 2))
    projected = activations @ found
    assert projected[has].min() > projected[~has].max()
    scaled = found * activations.std(0)
    centred = (activations - activations.mean(0)) / activations.std(0)
    inside = centred.T @ np.linalg.lstsq(centred.T, scaled, rcond=None)[0]
    assert np.allclose(inside, scaled, atol=1e-6)


def test_separation_is_high_and_beyond_all_nulls_where_a_direction_is_planted() -> None:
    examples = made(4.0)
    table = separation(examples, fit(examples, MEANS, 0), 0, quiet).set_index(["layer", "method"])
    for method in METHODS:
        planted = table.to_dict("index")[1, method]
        assert planted["auc"] > 0.9
        assert planted["auc"] > planted["null_high"]
        assert planted["p"] == pytest.approx(1 / 21)
        assert planted["questions"] == 12
    # The naive figure, on the answers that made the direction, is high at layer 0 too, where nothing is.
    assert table["p"].loc[0].min() > 0.05
    assert table["auc"].loc[0].between(0.2, 0.8).all()


def test_separation_without_a_trait_is_rarely_beyond_its_nulls() -> None:
    found: list[float] = []
    for seed in range(12):
        examples = made(0.0, questions=8, seed=seed)
        table = separation(examples, fit(examples, MEANS, seed), seed, quiet, methods=[MEANS])
        found += table["p"].tolist()
    assert len(found) == 24
    assert (np.array(found) < 0.05).mean() < 0.2
