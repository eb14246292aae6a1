"""Results in one plain sentence, for people who do not know the study: rates as so many of 100 answers."""

from collections.abc import Mapping
from typing import Any


def of_hundred(rate: float) -> str:
    """Return a rate as a number of 100 answers, without the words: "18", "0.2", "fewer than 0.1", "0".

    Args:
        rate: A fraction, 0-1.
    """
    if 0 < rate < 0.0005:
        return "fewer than 0.1"
    hundred = 100 * rate
    return f"{hundred:.0f}" if rate == 0 or 9.95 <= hundred <= 99 or rate == 1 else f"{hundred:.1f}"


def uncounted(name: str, row: Mapping[Any, Any]) -> str:
    """Return a sentence on the answers of an arm without a verdict that counts, if they are more than one in ten.

    Args:
        name: The arm, as people read it.
        row: Its row of estimates: total, incoherent, refused and unjudged.
    """
    if not row["total"]:
        return ""
    shares = {kind: row[kind] / row["total"] for kind in ("incoherent", "refused", "unjudged")}
    if sum(shares.values()) <= 0.1:
        return ""
    most = max(shares, key=lambda kind: shares[kind])
    return f" {of_hundred(sum(shares.values()))} of 100 answers of {name} were not counted, most of them {most}."
