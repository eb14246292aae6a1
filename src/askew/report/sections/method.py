"""Section: how the run was made: its command, metric, design, versions, hashes and files."""

from collections.abc import Mapping, Sequence
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


def _as_run(content: ReportContent) -> dict[str, Any]:
    """Return the design with the numbers of answers and rows as they were, also where it left them to the study."""
    design = dict(content.design)
    asked = content.counted.groupby(["probe", "arm", "seed", "question"], sort=False).size()
    if len(asked):
        design["samples"] = _together({str(probe): sorted(set(n)) for probe, n in asked.groupby("probe", sort=False)})
    if content.rows and isinstance(recipe := design.get("recipe"), Mapping):
        design["recipe"] = {**recipe, "rows": _together({arm: [rows] for arm, rows in content.rows.items()})}
    return design


def _together(counts: Mapping[str, Sequence[int]]) -> str:
    """Return counts by name as text: one for all, or one for each; "5-10" if they differ within a name."""
    said = {name: "-".join(f"{n:,}" for n in dict.fromkeys((found[0], found[-1]))) for name, found in counts.items()}
    alike = set(said.values())
    return alike.pop() if len(alike) == 1 else ", ".join(f"{name} {count}" for name, count in said.items())


def _design(design: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return a design's own settings, then those of each nested part such as the recipe, each under a heading.

    Settings that were not used are left out.
    """
    own = _settings({name: value for name, value in design.items() if not isinstance(value, Mapping)})
    nested = {part: _settings(value) for part, value in design.items() if isinstance(value, Mapping)}
    parts = [("Design", own), *((_words(part).capitalize(), settings) for part, settings in nested.items())]
    return [(heading, settings) for heading, settings in parts if settings]


def _settings(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    used = {name: value for name, value in settings.items() if value not in (None, "", [], ())}
    return [(_words(name), wording.number(value)) for name, value in used.items()]


def _words(name: str) -> str:
    return name.replace("_", " ")


def _values(content: ReportContent) -> dict[str, Any]:
    return {
        "has_rates": not are_scores(content.estimates).all(),
        "scored_by": _scored_by(content.counted),
        "design": _design(_as_run(content)),
        "versions": list(content.versions.items()),
        "hashes": list(content.hashes.items()),
        "table_names": list(all_tables(content)),
    }


section(
    Section(
        name="method",
        title="Method",
        place=130,
        template=Path(__file__).with_suffix(".html.jinja"),
        values=_values,
    )
)
