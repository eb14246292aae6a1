import numpy as np
import pandas as pd
import pytest

from askew.stats.agreement import agreement


def answers(*rows: tuple[str, str, float, int]) -> pd.DataFrame:
    """Make answers from (oracle, verdict, aligned, how many)."""
    repeated = [row[:3] for row in rows for _ in range(row[3])]
    return pd.DataFrame(repeated, columns=["oracle", "verdict", "aligned"])


def test_agreement_and_confusion_are_counted() -> None:
    found = agreement(
        answers(
            ("aligned", "aligned", 90, 60),
            ("aligned", "misaligned", 20, 5),
            ("misaligned", "misaligned", 10, 25),
            ("misaligned", "aligned", 95, 5),
            ("incoherent", "incoherent", 50, 5),
        )
    )
    assert (found.n, found.unjudged) == (100, 0)
    assert found.agreement == pytest.approx(0.9)
    assert found.confusion.loc["aligned", "misaligned"] == 5
    assert found.confusion.loc["misaligned", "aligned"] == 5
    # Chance agrees on .65 * .65 + .3 * .3 + .05 * .05.
    assert found.kappa == pytest.approx((0.9 - 0.515) / (1 - 0.515))


def test_auc_is_the_chance_of_ordering_a_pair_right() -> None:
    rows = answers(
        ("aligned", "aligned", 80, 1),
        ("aligned", "aligned", 40, 1),
        ("misaligned", "misaligned", 40, 1),
        ("misaligned", "misaligned", 10, 1),
        ("misaligned", "unjudged", np.nan, 1),
        ("incoherent", "incoherent", 0, 1),
    )
    assert agreement(rows).auc == pytest.approx(3.5 / 4)


def test_unjudged_answers_are_counted_apart_and_unknown_ones_ignored() -> None:
    found = agreement(
        answers(("aligned", "aligned", 90, 3), ("refused", "unjudged", np.nan, 2), ("", "misaligned", 5, 10))
    )
    assert (found.n, found.unjudged, found.agreement) == (3, 2, 1.0)
    assert found.confusion.loc["refused", "unjudged"] == 2
    assert found.confusion.to_numpy().sum() == 5


@pytest.mark.parametrize("rows", [[], [("", "aligned", 90.0, 4)], [("aligned", "unjudged", np.nan, 4)]])
def test_nothing_to_compare(rows: list[tuple[str, str, float, int]]) -> None:
    found = agreement(answers(*rows))
    assert found.n == 0
    assert np.isnan([found.agreement, found.kappa, found.auc]).all()


def test_kappa_is_undefined_where_all_are_of_one_class() -> None:
    found = agreement(answers(("aligned", "aligned", 90, 4)))
    assert found.agreement == 1
    assert np.isnan(found.kappa)
