"""The two moments of a training: when a network knows its training pairs by heart, and when it is right on the others.

After Power et al. 2022 (arXiv 2201.02177): in grokking the second comes long after the first, or not within the time
for which anyone looked. Then it is *censored*, which is not *never*.
"""

import pandas as pd

MEMORISED, GENERALISED = 0.99, 0.95
"""The least accuracy on the training pairs, and on the others, 0-1."""

MOMENTS = ("network", "memorised", "generalised", "epochs", "final_train", "final_test", "best_test")


def moments(curves: pd.DataFrame) -> pd.DataFrame:
    """Return the moments of each network.

    Args:
        curves: One row per network and epoch, with the columns network, epoch, train_accuracy and test_accuracy (0-1).

    Returns:
        One row per network, in their order, with the columns `MOMENTS`: the first epoch with a training accuracy of at
        least 99%, the first with a test accuracy of at least 95%, both NaN if there was none; the last epoch; and the
        training accuracy of that one, its test accuracy, and the best test accuracy of all.
    """
    rows = []
    for name, own in curves.sort_values("epoch", kind="stable").groupby("network", sort=False):
        rows.append(
            {
                "network": name,
                "memorised": _first(own, "train_accuracy", MEMORISED),
                "generalised": _first(own, "test_accuracy", GENERALISED),
                "epochs": int(own["epoch"].max()),
                "final_train": float(own["train_accuracy"].iloc[-1]),
                "final_test": float(own["test_accuracy"].iloc[-1]),
                "best_test": float(own["test_accuracy"].max()),
            }
        )
    found = pd.DataFrame(rows, columns=list(MOMENTS))
    return found.set_index("network").reindex(curves["network"].unique()).reset_index() if rows else found


def _first(curve: pd.DataFrame, column: str, least: float) -> float:
    """Return the first epoch at which a column reaches a value; NaN if it never does."""
    reached = curve.loc[curve[column].ge(least), "epoch"]
    return float(reached.iloc[0]) if len(reached) else float("nan")
