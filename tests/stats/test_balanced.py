import numpy as np
import pandas as pd
import pytest

from askew.stats.balanced import FOLDED, PUBLISHED_FOLD, accuracy, balanced_accuracy, folded

CLASSES = ("a", "b")


def answers(value: str, said: str, **more: object) -> pd.DataFrame:
    return pd.DataFrame({"value": list(value), "said": list(said), **more})


def test_balanced_accuracy_is_the_mean_over_classes() -> None:
    found = answers("aaab", "aabb", cluster=[1, 2, 3, 4])
    assert balanced_accuracy(found, CLASSES, "cluster").value == pytest.approx((2 / 3 + 1) / 2)
    assert accuracy(found, "cluster").value == pytest.approx(0.75)


def test_a_class_without_items_is_left_out_and_named() -> None:
    found = balanced_accuracy(answers("aa", "ab", cluster=[1, 2]), (*CLASSES, "c"), "cluster")
    assert (found.value, found.missing) == (0.5, ("b", "c"))
    none = balanced_accuracy(answers("", "", cluster=[]), CLASSES, "cluster")
    assert np.isnan(none.value)
    assert none.items == 0


def test_one_cluster_has_no_interval() -> None:
    found = balanced_accuracy(answers("ab", "ab", cluster=[1, 1]), CLASSES, "cluster")
    assert np.isnan(found.low)


def test_both_folds() -> None:
    found = pd.DataFrame({"value": ["present"], "said": ["inferred present"]})
    assert folded(found, FOLDED)["said"].item() == "present"
    assert folded(found, PUBLISHED_FOLD)["said"].item() == "absent"
    assert folded(found.assign(said=""))["said"].item() == ""


def drawn(rng: np.random.Generator, clusters: int, seeds: int = 1) -> tuple[pd.DataFrame, float]:
    """Answers whose accuracy differs between clusters, and their true balanced accuracy in a large population."""
    level = rng.choice([0.3, 0.9], clusters)
    parts = []
    shifts = rng.normal(0, 0.05, seeds) if seeds > 1 else [0.0]
    for seed, shift in enumerate(shifts):
        for number, own in enumerate(level):
            value = rng.choice(list(CLASSES), 20, p=[0.7, 0.3])
            right = rng.random(20) < own + shift
            said = np.where(right, value, np.where(value == "a", "b", "a"))
            parts.append(pd.DataFrame({"value": value, "said": said, "cluster": number, "seed": seed}))
    return pd.concat(parts, ignore_index=True), 0.6


@pytest.mark.parametrize(("seeds", "draws"), [(1, 60), (3, 25)])
def test_clustered_intervals_cover_and_intervals_over_items_do_not(seeds: int, draws: int) -> None:
    rng = np.random.default_rng(1)
    covered, by_item = [], []
    for _ in range(draws):
        table, truth = drawn(rng, 30, seeds)
        one = balanced_accuracy(table, CLASSES, "cluster")
        covered.append(one.low <= truth <= one.high)
        other = balanced_accuracy(table.assign(item=range(len(table))).drop(columns="seed"), CLASSES, "item")
        by_item.append(other.low <= truth <= other.high)
    assert np.mean(covered) >= 0.88
    assert np.mean(by_item) < 0.7
