"""Section: people's predictions of the run, and their scores. The terminal prints the same rows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from askew.base.untrusted import visible
from askew.report import wording
from askew.report.content import ReportContent
from askew.report.sections import Section, section
from askew.stats.forecasts import CLIPPED_AT, Forecast, ScoredForecasts, mean_scores

STATEMENT_HEADINGS = ("Statement", "True?", "Who", "Probability", "Brier", "Log")
MEAN_HEADINGS = ("Who", "Settled", "Brier", "50% each", "Log", "50% each")

_CAME_TRUE = {True: "yes", False: "no", None: "not settled"}


def statement_rows(predicted: ScoredForecasts) -> list[tuple[str, ...]]:
    """Return a row of words for each statement and person, under `STATEMENT_HEADINGS`, grouped by statement."""
    order = list(dict.fromkeys(one.statement for one in predicted.forecasts))
    rows = sorted(predicted.forecasts, key=lambda one: order.index(one.statement))
    return [(one.statement, _CAME_TRUE[one.holds], *_scored(one)) for one in rows]


def mean_rows(predicted: ScoredForecasts) -> list[tuple[str, ...]]:
    """Return a row of words for each person, under `MEAN_HEADINGS`: mean scores, and those of always saying 50%."""
    return [
        (one.who, str(one.settled), *map(wording.score, (one.brier, one.naive_brier, one.log, one.naive_log)))
        for one in mean_scores(predicted.forecasts)
    ]


def notes(predicted: ScoredForecasts) -> list[str]:
    """Return notes on how to read the scores, and on predictions that were sealed late or changed."""
    begun = [one.who for one in predicted.forecasters if one.begun]
    return [
        "Brier score: the squared distance of the probability from the outcome, 0 to 1. Log score: minus the natural "
        f"logarithm of the probability given to the outcome, with probabilities clipped to {CLIPPED_AT:g} and "
        f"{1 - CLIPPED_AT:g}. Smaller is better for both. The columns “50% each” score a forecast that "
        "always says 50%.",
        *([f"Sealed while the run was under way: {wording.listed(begun)}."] if begun else []),
        *(
            f"The prediction of {who} is not scored, because it is not the one that was sealed for this run: it was "
            "changed or damaged later, or belongs to another design."
            for who in predicted.changed
        ),
    ]


def _scored(forecast: Forecast) -> tuple[str, ...]:
    return (
        forecast.who,
        f"{100 * forecast.probability:g}%",
        wording.score(forecast.brier),
        wording.score(forecast.log),
    )


def _values(content: ReportContent) -> dict[str, Any]:
    assert content.predicted is not None  # else the section doesn't appear
    predicted = content.predicted
    return {
        "mean_heads": MEAN_HEADINGS,
        "means": _matrix(mean_rows(predicted)),
        "statement_heads": STATEMENT_HEADINGS,
        "statements": _matrix(statement_rows(predicted)),
        "notes": [visible(note) for note in notes(predicted)],
        "seals": [(visible(one.who), visible(f"{one.when}, SHA-256 {one.sha256}")) for one in predicted.forecasters],
    }


def _matrix(rows: Sequence[tuple[str, ...]]) -> list[dict[str, Any]]:
    return [{"name": visible(row[0]), "note": "", "cells": [visible(cell) for cell in row[1:]]} for row in rows]


section(
    Section(
        name="predictions",
        title="Predictions",
        place=90,
        template=Path(__file__).with_suffix(".html.jinja"),
        appears=lambda content: content.predicted is not None,
        values=_values,
    )
)
