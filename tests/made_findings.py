"""Findings made by hand, for tests of what reads them."""

from typing import Any

from askew.stats.findings import Finding
from askew.stats.readings import LIKE_THESE, reading


def made(arm: str, control: str = "untuned", *, margin: float = 0.02, **more: Any) -> Finding:
    """Return a finding on free-form questions; its readings follow from its numbers.

    Args:
        arm: The arm.
        control: Its control.
        margin: The margin of the readings.
        **more: Other fields. The numbers for these questions are those for questions like these, unless given.
    """
    usual: dict[str, Any] = {
        **{"probe": "free_form", "outcome": "misaligned", "is_score": False, "metric": "betley-2025"},
        **{"rate": 0.0, "control_rate": 0.0, "low": 0.0, "high": 0.0, "p": 1.0},
        **{"rests_on": LIKE_THESE, "reason": "", "answers": 20, "answers_needed": None},
    }
    row = {**usual, **more, "arm": arm, "control": control}
    row = {"control_probe": row["probe"], "title": row["probe"], "difference": row["rate"] - row["control_rate"], **row}
    row = {**{f"{name}_these": row[name] for name in ("low", "high", "p")}, **row}
    like = reading(row["difference"], row["low"], row["high"], row["p"], margin)
    these = reading(row["difference"], row["low_these"], row["high_these"], row["p_these"], margin)
    first, other = (like, these) if row["rests_on"] == LIKE_THESE else (these, like)
    return Finding(**{"reading": first, "other_reading": other, **row})
