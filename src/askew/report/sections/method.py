"""Section: how the run was made: its command, metric, design, versions, hashes and files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from askew.report import wording
from askew.report.content import ReportContent
from askew.report.sections import Section, all_tables, section
from askew.stats.scores import are_scores

# By the values of the column `scored_by` of answers.
_WAYS = {
    "logprobs": "the judge’s scores were read from the log-probabilities of its reply",
    "samples": "the judge gave no log-probabilities, so its scores are means of five sampled replies",
    "first token": "numbers of one token are the probabilities of a model’s first token",
    "sampled answers": "a model gave no log-probabilities of its first token, so sampled answers were counted instead",
}


def _scored_by(answers: pd.DataFrame) -> str:
    """Return how scores were obtained; "" if no judge graded and no first token was read."""
    counts = answers["scored_by"].value_counts()
    ways = [(words, counts[way]) for way, words in _WAYS.items() if way in counts]
    if len(ways) < 2:
        return "".join(words for words, _ in ways)
    return "; ".join(f"{words} ({count:,} answers)" for words, count in ways)


def _design(design: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return a design's own settings, then those of each nested part such as the recipe, each under a heading."""
    own = [(_words(name), wording.number(value)) for name, value in design.items() if not isinstance(value, Mapping)]
    nested = [
        (_words(part).capitalize(), [(_words(name), wording.number(value)) for name, value in settings.items()])
        for part, settings in design.items()
        if isinstance(settings, Mapping) and settings
    ]
    return [("Design", own), *nested] if own else nested


def _words(name: str) -> str:
    return name.replace("_", " ")


def _values(content: ReportContent) -> dict[str, Any]:
    return {
        "has_rates": not are_scores(content.estimates).all(),
        "scored_by": _scored_by(content.answers),
        "design": _design(content.design),
        "versions": list(content.versions.items()),
        "hashes": list(content.hashes.items()),
        "table_names": list(all_tables(content)),
    }


section(
    Section(
        name="method",
        title="Method",
        place=110,
        template=Path(__file__).with_suffix(".html.jinja"),
        values=_values,
    )
)
