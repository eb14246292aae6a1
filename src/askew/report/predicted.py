"""What was predicted of a run, in words: the rows that its report and the terminal show."""

from collections.abc import Sequence
from typing import Any

from askew.base.untrusted import visible
from askew.report import wording
from askew.stats.forecasts import CLIPPED_AT, Forecast, Predicted, mean_scores

STATEMENT_HEADINGS = ("Statement", "Came true", "Who", "Said", "Brier", "Log")
MEAN_HEADINGS = ("Who", "Settled", "Brier", "50% each", "Log", "50% each")

_CAME_TRUE = {True: "yes", False: "no", None: "cannot be said"}


def statement_rows(predicted: Predicted) -> list[tuple[str, ...]]:
    """Return a row for each statement and person, under `STATEMENT_HEADINGS`, those of one statement together."""
    order = list(dict.fromkeys(one.statement for one in predicted.forecasts))
    rows = sorted(predicted.forecasts, key=lambda one: order.index(one.statement))
    return [(one.statement, _CAME_TRUE[one.holds], *_said(one)) for one in rows]


def mean_rows(predicted: Predicted) -> list[tuple[str, ...]]:
    """Return a row for each person, under `MEAN_HEADINGS`: mean scores beside those of saying 50% each time."""
    return [
        (one.who, str(one.settled), *map(wording.score, (one.brier, one.naive_brier, one.log, one.naive_log)))
        for one in mean_scores(predicted.forecasts)
    ]


def notes(predicted: Predicted) -> list[str]:
    """Return what must be known to read the scores, a sentence or two each."""
    begun = [one.who for one in predicted.forecasters if one.begun]
    return [
        "Brier: the squared distance of the probability from what came about, 0 to 1. Log: minus the natural logarithm "
        f"of the probability given to what came about, probabilities clipped to {CLIPPED_AT:g} and {1 - CLIPPED_AT:g}. "
        "The naive forecast says 50% each time.",
        *([f"Sealed while the run was under way: {wording.listed(begun)}."] if begun else []),
        *(
            f"What {who} predicted is not what was sealed for this run: it was changed or damaged since, or is of "
            "another design. It is not scored."
            for who in predicted.changed
        ),
    ]


def seals(predicted: Predicted) -> list[tuple[str, str]]:
    """Return whose predictions there are, with when they were sealed and by what hash."""
    return [(visible(one.who), visible(f"{one.when}, SHA-256 {one.sha256}")) for one in predicted.forecasters]


def page_values(predicted: Predicted | None) -> dict[str, Any] | None:
    """Return what the page's section shows; None if nobody predicted."""
    if predicted is None:
        return None
    return {
        "mean_heads": MEAN_HEADINGS,
        "means": _matrix(mean_rows(predicted)),
        "statement_heads": STATEMENT_HEADINGS,
        "statements": _matrix(statement_rows(predicted)),
        "notes": [visible(note) for note in notes(predicted)],
        "seals": seals(predicted),
    }


def _matrix(rows: Sequence[tuple[str, ...]]) -> list[dict[str, Any]]:
    return [{"name": visible(row[0]), "note": "", "cells": [visible(cell) for cell in row[1:]]} for row in rows]


def _said(forecast: Forecast) -> tuple[str, ...]:
    return (
        forecast.who,
        f"{100 * forecast.probability:g}%",
        wording.score(forecast.brier),
        wording.score(forecast.log),
    )
