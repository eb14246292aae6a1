import numpy as np
import pandas as pd
import pytest

from askew.stats.agreement import (
    CLASSES,
    VerdictAgreement,
    agreement,
    krippendorff_alpha,
    length_bias,
    score_agreement,
    verdict_agreement,
)


def answers(*rows: tuple[str, str, float, int]) -> pd.DataFrame:
    """Return answers from (oracle, verdict, aligned, number)."""
    repeated = [row[:3] for row in rows for _ in range(row[3])]
    return pd.DataFrame(repeated, columns=["oracle", "verdict", "aligned"])


def test_agreement_confusion_and_kappa_are_computed() -> None:
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
    # Agreement by chance is .65 * .65 + .3 * .3 + .05 * .05.
    assert found.kappa == pytest.approx((0.9 - 0.515) / (1 - 0.515))


def test_classes_have_sensitivity_and_specificity_with_intervals() -> None:
    found = agreement(
        answers(
            ("aligned", "aligned", 90, 900),
            ("misaligned", "misaligned", 10, 76),
            ("misaligned", "aligned", 90, 4),
            ("incoherent", "aligned", 90, 9),
            ("incoherent", "incoherent", 90, 10),
            ("incoherent", "unjudged", np.nan, 1),
        )
    ).classes.to_dict("index")
    misaligned, incoherent, refused = (found[name] for name in CLASSES[1:])
    assert (misaligned["answers"], misaligned["others"]) == (80, 920)
    assert misaligned["sensitivity"] == pytest.approx(0.95)
    assert misaligned["specificity"] == 1
    # An answer without a verdict was not recognised.
    assert incoherent["sensitivity"] == pytest.approx(0.5)
    for share in ("sensitivity", "specificity"):
        assert misaligned[f"{share}_low"] <= misaligned[share] <= misaligned[f"{share}_high"]
    # Clopper and Pearson's limits for 10 of 20.
    limits = (incoherent["sensitivity_low"], incoherent["sensitivity_high"])
    assert limits == pytest.approx((0.272, 0.728), abs=0.001)
    assert (refused["answers"], refused["specificity"]) == (0, 1)
    assert np.isnan(refused["sensitivity"])


def test_auc_is_the_probability_of_ranking_a_pair_correctly() -> None:
    rows = answers(
        ("aligned", "aligned", 80, 1),
        ("aligned", "aligned", 40, 1),
        ("misaligned", "misaligned", 40, 1),
        ("misaligned", "misaligned", 10, 1),
        ("misaligned", "unjudged", np.nan, 1),
        ("incoherent", "incoherent", 0, 1),
    )
    assert agreement(rows).auc == pytest.approx(3.5 / 4)


def test_unjudged_answers_are_counted_separately_and_unknown_ones_ignored() -> None:
    found = agreement(
        answers(("aligned", "aligned", 90, 3), ("refused", "unjudged", np.nan, 2), ("", "misaligned", 5, 10))
    )
    assert (found.n, found.unjudged, found.agreement) == (3, 2, 1.0)
    assert found.confusion.loc["refused", "unjudged"] == 2
    assert found.confusion.to_numpy().sum() == 5


@pytest.mark.parametrize("rows", [[], [("", "aligned", 90.0, 4)], [("aligned", "unjudged", np.nan, 4)]])
def test_agreement_is_nan_without_answers_to_compare(rows: list[tuple[str, str, float, int]]) -> None:
    found = agreement(answers(*rows))
    assert found.n == 0
    assert np.isnan([found.agreement, found.kappa, found.auc]).all()
    assert bool(found.classes["sensitivity"].isna().all()) or found.unjudged


def test_kappa_is_nan_with_a_single_class() -> None:
    found = agreement(answers(("aligned", "aligned", 90, 4)))
    assert found.agreement == 1
    assert np.isnan(found.kappa)


def raters(*rows: tuple[str, str, int]) -> tuple[pd.Series, pd.Series]:
    """Return the verdicts of two raters from (first, second, number)."""
    first = [one for one, _, count in rows for _ in range(count)]
    second = [other for _, other, count in rows for _ in range(count)]
    return pd.Series(first, dtype="str"), pd.Series(second, dtype="str")


def compared(*rows: tuple[str, str, int]) -> VerdictAgreement:
    first, second = raters(*rows)
    return verdict_agreement(first, second, pd.Series(first.index))


def test_kappa_matches_cohens_example() -> None:
    # Cohen 1960, table 1, in units of 1/200.
    table = [[88, 10, 2], [14, 40, 6], [18, 10, 12]]
    found = compared(*((CLASSES[i], CLASSES[k], table[i][k]) for i in range(3) for k in range(3)))
    assert found.agreement == pytest.approx(0.70)
    assert found.kappa == pytest.approx(0.492, abs=5e-4)
    assert found.confusion.to_numpy()[:3, :3].tolist() == table


def test_alpha_matches_krippendorffs_examples() -> None:
    # Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability": examples A, B and C.
    binary = zip("0100000010", "1110010000", strict=True)
    assert krippendorff_alpha(binary, "nominal") == pytest.approx(0.095, abs=5e-4)
    names = zip("aabbdcccedda", "babbbccceddd", strict=True)
    assert krippendorff_alpha(names, "nominal") == pytest.approx(0.692, abs=5e-4)
    units = ["111", "2232", "3333", "3333", "2222", "1234", "4444", "1121", "2222", "555", "11"]
    ratings = [[float(rating) for rating in unit] for unit in units]
    assert krippendorff_alpha(ratings, "nominal") == pytest.approx(0.743, abs=5e-4)
    assert krippendorff_alpha(ratings, "interval") == pytest.approx(0.849, abs=5e-4)


def test_answers_unjudged_by_either_rater_are_counted_separately() -> None:
    found = compared(
        ("aligned", "aligned", 3), ("misaligned", "unjudged", 2), ("unjudged", "aligned", 1), ("refused", "aligned", 1)
    )
    assert (found.n, found.unjudged, found.agreement) == (4, 3, 0.75)
    assert found.confusion.loc["misaligned", "unjudged"] == 2


@pytest.mark.parametrize("rows", [[("aligned", "aligned", 5)], [("aligned", "unjudged", 5)]])
def test_kappa_and_alpha_are_nan_where_chance_agreement_is_certain(rows: list[tuple[str, str, int]]) -> None:
    found = compared(*rows)
    assert np.isnan([found.kappa, found.alpha]).all()


def test_agreement_interval_covers_with_questions_as_clusters() -> None:
    rng, covered, naive = np.random.default_rng(5), 0, 0
    for _ in range(150):
        # Each question has its own probability of agreement, 0.7 on average.
        chance = np.repeat(rng.beta(3.5, 1.5, 40), 20)
        agree = rng.random(800) < chance
        first = pd.Series(np.where(rng.random(800) < 0.5, "aligned", "misaligned"), dtype="str")
        second = first.where(agree, first.map({"aligned": "misaligned", "misaligned": "aligned"}))
        found = verdict_agreement(first, second, pd.Series(np.repeat(np.arange(40), 20)))
        covered += found.low <= 0.7 <= found.high
        alone = verdict_agreement(first, second, pd.Series(first.index))
        naive += alone.low <= 0.7 <= alone.high
    assert 0.89 <= covered / 150 <= 0.99
    assert naive < covered - 15


def test_score_agreement_measures_numeric_error() -> None:
    first = pd.Series([0.0, 50.0, 100.0, np.nan, 30.0])
    found = score_agreement(first, pd.Series([10.0, 50.0, 80.0, 20.0, np.nan]))
    assert (found.n, found.mean_error, found.mean_absolute_error) == (3, pytest.approx(-10 / 3), 10)
    assert 0.9 < found.alpha < 1
    assert score_agreement(first, first).alpha == 1
    assert score_agreement(first, pd.Series([np.nan] * 5)).n == 0


def test_length_bias_detects_a_judge_that_favours_long_answers() -> None:
    rng = np.random.default_rng(1)
    length = pd.Series(rng.integers(10, 1000, 300))
    found = length_bias(length / 50 + rng.normal(0, 4, 300), length)
    assert found.rho > 0.6
    assert found.p < 1e-6
    short, middle, long = found.terciles
    assert short.mean_error < middle.mean_error < long.mean_error
    assert short.longest < middle.shortest
    assert sum(part.n for part in found.terciles) == 300
    fair = length_bias(pd.Series(rng.normal(0, 4, 300)), length)
    assert abs(fair.rho) < 0.15


def test_length_bias_of_a_constant_error_is_nan() -> None:
    found = length_bias(pd.Series([1.0] * 6), pd.Series([3, 3, 3, 8, 8, 8]))
    assert np.isnan(found.rho)
    assert [(part.n, part.mean_error) for part in found.terciles] == [(3, 1.0), (3, 1.0)]
    assert length_bias(pd.Series([1.0, np.nan]), pd.Series([3, 4])).terciles == ()
