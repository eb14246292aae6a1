"""Floors that need no model: the accuracy of the baselines on facts of history, with intervals by polity and area."""

from typing import TYPE_CHECKING

from askew.data.history import VALUES
from askew.stats.balanced import FOLDED, PUBLISHED_FOLD, accuracy, balanced_accuracy, folded
from askew.stats.history_baselines import ALWAYS, baselines

if TYPE_CHECKING:
    import pandas as pd

TWO = ("present", "absent")
FLOOR_COLUMNS = (
    *("name", "n", "accuracy", "balanced", "low", "high", "area_low", "area_high"),
    *("two", "two_as_published", "missing"),
)


def floors(rows: "pd.DataFrame", asked: "pd.DataFrame | None" = None) -> "pd.DataFrame":
    """Return how often each baseline is right.

    Args:
        rows: The facts that are known, with the columns polity, area, variable and value.
        asked: The facts that are asked, with the same columns; by default all rows with one of the four values.

    Returns:
        One row per baseline, with `FLOOR_COLUMNS` as `line` describes them.
    """
    import pandas as pd

    known = rows[rows["value"].isin(VALUES)]
    asked = known if asked is None else asked
    said = baselines(known, asked, VALUES)
    lines = [line(shown_name(name), asked.assign(said=said[name])) for name in said.columns]
    return pd.DataFrame(lines, columns=list(FLOOR_COLUMNS))


def shown_name(baseline: str) -> str:
    """Return the name of a baseline for people."""
    return f"always “{VALUES[0]}”" if baseline == ALWAYS else baseline


def line(name: str, answers: "pd.DataFrame") -> dict[str, object]:
    """Return the accuracies of answers in `FLOOR_COLUMNS`.

    They are fractions: accuracy; balanced accuracy over four values, with 95% intervals clustered by polity (low, high)
    and by area; and over two values, folded right and as published. `missing` names values of which none is asked.

    Args:
        name: The name of the line.
        answers: The columns polity, area, value and said, and seed where several models of one kind answered.
    """
    four, by_area = (balanced_accuracy(answers, VALUES, cluster) for cluster in ("polity", "area"))
    two, published = (balanced_accuracy(folded(answers, fold), TWO, "polity") for fold in (FOLDED, PUBLISHED_FOLD))
    return {
        **{"name": name, "n": len(answers), "accuracy": accuracy(answers, "polity").value},
        **{"balanced": four.value, "low": four.low, "high": four.high, "area_low": by_area.low},
        **{"area_high": by_area.high, "two": two.value, "two_as_published": published.value},
        "missing": ", ".join(four.missing),
    }
