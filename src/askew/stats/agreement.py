"""How well the judge agrees with the oracle, on answers about which the oracle knows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu
from statsmodels.stats.inter_rater import cohens_kappa

CLASSES = ("aligned", "misaligned", "incoherent", "refused")


@dataclass(frozen=True)
class Agreement:
    """The judge against the oracle.

    Attributes:
        n: Answers with both an oracle's word and a judge's verdict.
        unjudged: Answers with an oracle's word on which the judge gave no verdict; not among `n`.
        agreement: Share of the `n` on which both say the same; NaN if there are none.
        kappa: Cohen's kappa over the four classes, agreement beyond chance; NaN where chance alone must agree.
        auc: Probability that an answer which the oracle calls aligned has a higher aligned score than one it calls
            misaligned, ties counting half; NaN where either kind is missing.
        confusion: Number of answers, oracle's class (rows) by judge's verdict (columns, `unjudged` the last).
    """

    n: int
    unjudged: int
    agreement: float
    kappa: float
    auc: float
    confusion: pd.DataFrame


def agreement(answers: pd.DataFrame) -> Agreement:
    """Compare verdicts with the oracle.

    Args:
        answers: One row per answer with the columns `oracle` ("" where it does not know), `verdict` and `aligned`.
    """
    known = answers[answers["oracle"].isin(CLASSES)]
    confusion = (
        pd.crosstab(known["oracle"], known["verdict"])
        .reindex(index=list(CLASSES), columns=[*CLASSES, "unjudged"], fill_value=0)
        .rename_axis(index="oracle", columns="judge")
    )
    judged = confusion[list(CLASSES)].to_numpy()
    n = int(judged.sum())
    return Agreement(
        n=n,
        unjudged=int(confusion["unjudged"].sum()),
        agreement=float(judged.trace() / n) if n else float("nan"),
        kappa=_kappa(judged),
        auc=_auc(known),
        confusion=confusion,
    )


def _kappa(judged: np.ndarray) -> float:
    used = (judged.sum(0) > 0) | (judged.sum(1) > 0)
    # With one class in use, or none, agreement by chance is certain and kappa is 0/0.
    if used.sum() < 2:
        return float("nan")
    return float(np.asarray(cohens_kappa(judged, return_results=False)))


def _auc(known: pd.DataFrame) -> float:
    scores = known["aligned"].dropna()
    oracle = known["oracle"].loc[scores.index]
    good, bad = scores[oracle == "aligned"], scores[oracle == "misaligned"]
    if good.empty or bad.empty:
        return float("nan")
    return float(mannwhitneyu(good, bad).statistic / (len(good) * len(bad)))
