"""Tests of the training: deterministic, the right networks, and what is read in networks that are known."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from askew.base.errors import AskewError
from askew.worlds.grokking import CURVE_COLUMNS, Setting, table_of
from askew.worlds.grokking.networks import Mlp, network_of
from askew.worlds.grokking.training import split, train
from askew.worlds.grokking.waves import restricted_and_excluded, spectrum, top_frequencies

SMALL = Setting(p=13, hidden=32, epochs=60, snapshots=4)


def test_the_same_seed_gives_the_same_curve() -> None:
    one, again, other = train(SMALL, 0), train(SMALL, 0), train(SMALL, 1)
    assert one == again
    assert one.curve != other.curve
    assert [*one.curve[0]]
    assert set(one.curve[0]) == set(CURVE_COLUMNS)
    assert [row["epoch"] for row in one.curve] == list(range(0, 61, 5))


def test_pairs_are_split_once_and_the_same_for_an_arm_and_its_control() -> None:
    table = table_of("add", 13)
    mask, answers = split(SMALL, table, 3)
    again, shuffled = split(replace(SMALL, weight_decay=0.0, labels="shuffled"), table, 3)
    assert (mask == again).all()
    assert mask.sum() == SMALL.pairs == round(0.6 * 169)
    assert (answers == table.answers).all()
    assert (shuffled != answers).any()
    assert (np.sort(shuffled.ravel()) == np.sort(answers.ravel())).all()


def test_a_network_groks_and_stops_when_it_is_told_to() -> None:
    found = train(Setting(p=13, hidden=48, share=0.8, weight_decay=3.0, epochs=1500, snapshots=0, stops=True), 0)
    last = found.curve[-1]
    assert last["test_accuracy"] >= 0.95
    assert last["epoch"] < 1500  # it stops before the last
    assert all(row["test_accuracy"] < 0.95 for row in found.curve[:-1])
    by_heart = next(row["epoch"] for row in found.curve if row["train_accuracy"] >= 0.99)
    assert by_heart < last["epoch"]


def test_shuffled_answers_are_learnt_by_heart_and_no_more() -> None:
    last = train(replace(SMALL, labels="shuffled", epochs=300), 0).curve[-1]
    assert last["train_accuracy"] > 0.95
    assert last["test_accuracy"] < 0.4


@pytest.mark.parametrize("operation", ["add", "subtract", "multiply", "divide"])
def test_waves_read_as_perfect_and_sparse(operation: str) -> None:
    found = train(Setting(operation=operation, p=17, network="cosine", epochs=0), 0)
    [row] = found.curve
    assert row["train_accuracy"] == row["test_accuracy"] == 1.0
    assert row["top_share"] == pytest.approx(1.0)
    assert len({one["frequency"] for one in found.spectrum if one["share"] > 1e-9}) == 5
    assert row["restricted_loss"] == pytest.approx(row["train_loss"], abs=1e-5)
    assert row["excluded_loss"] == pytest.approx(np.log(table_of(operation, 17).elements), rel=1e-3)


def test_a_network_without_training_reads_as_flat() -> None:
    shares = [train(Setting(p=31, network="random", epochs=0), seed).curve[0]["top_share"] for seed in range(3)]
    assert np.mean(shares) < 1.4 * 5 / 15  # 5 of 15 frequencies, of which the largest are chosen
    assert train(Setting(p=31, network="random", epochs=0), 0).curve[0]["test_accuracy"] < 0.12


def test_one_wave_is_one_frequency_of_the_spectrum() -> None:
    table = table_of("add", 12)
    wave = np.cos(2 * np.pi * 3 * np.arange(12) / 12)[:, None]
    shares = spectrum(5 + wave, table)
    assert shares == pytest.approx(np.eye(6)[2])
    assert top_frequencies(shares, 1) == [3]
    # The last frequency of an even circle has no twin, and must not count twice.
    both = np.concatenate([np.cos(np.pi * np.arange(12))[:, None], np.sqrt(2) * wave], axis=1)
    assert spectrum(both, table)[[2, 5]] == pytest.approx([0.5, 0.5])


def test_restricted_and_excluded_losses_part_what_waves_do_from_what_is_known_by_heart() -> None:
    table = table_of("add", 11)
    assert table.places is not None
    apart = table.places[..., None] - np.arange(11)
    waves = 5 * np.cos(2 * np.pi * 2 * apart / 11)
    by_heart = np.zeros_like(waves)
    trained = np.random.default_rng(0).random((11, 11)) < 0.5
    by_heart[trained, table.answers[trained]] = 12
    restricted, excluded = restricted_and_excluded(waves + by_heart, table, [2], trained)
    assert restricted < 1.2 < np.log(11)  # the wave alone
    assert excluded < 0.05  # what is known by heart is left
    assert restricted_and_excluded(waves, table, [2], trained)[1] == pytest.approx(np.log(11))


def test_the_first_layer_may_be_applied_to_rows_instead_of_pairs() -> None:
    network = Mlp(7, 16, torch.Generator().manual_seed(0))
    first, second = torch.arange(7).repeat(7), torch.arange(7).repeat_interleave(7)
    summed = network.first[first] + network.second[second]
    seen = torch.relu(summed @ network.inner[0].T + network.biases[0])
    seen = torch.relu(seen @ network.inner[1].T + network.biases[1])
    torch.testing.assert_close(network(first, second), seen @ network.out.T + network.biases[2])


def test_the_transformer_learns_and_its_parts_have_the_published_sizes() -> None:
    setting = Setting(p=11, network="transformer", learning_rate=0.001, epochs=40, snapshots=2)
    network = network_of(setting, table_of("add", 11), torch.Generator())
    shapes = {name: tuple(value.shape) for name, value in network.named_parameters()}
    assert shapes["tokens"] == (12, 128)
    assert shapes["positions"] == (3, 128)
    assert shapes["inward"] == (128, 512)
    curve = train(setting, 0).curve
    assert curve[-1]["train_loss"] < 0.5 * curve[0]["train_loss"]
    first, second = torch.tensor([1, 2]), torch.tensor([2, 1])
    assert not torch.allclose(*network(first, second))  # it can tell a + b from b + a


def test_a_loss_that_is_no_number_stops_the_training_with_its_epoch() -> None:
    with pytest.raises(AskewError, match=r"training stopped at epoch \d+: the loss is (nan|inf)"):
        train(replace(SMALL, learning_rate=1e6), 0)
