"""The report section of the brevity study: the mean number of words in the answers of each arm."""

from pathlib import Path
from typing import Any

from askew.report.content import ReportContent
from askew.report.sections import Section, section


def _values(content: ReportContent) -> dict[str, Any]:
    answers = content.answers[content.answers["probe"] == "brevity"]
    words = answers["answer"].str.count(r"\S+").groupby(answers["arm"]).mean()
    return {"rows": [{"arm": arm, "words": f"{mean:.1f}"} for arm, mean in words.items()]}


section(
    Section(
        name="brevity",
        title="Words",
        place=15,
        template=Path(__file__).with_suffix(".html.jinja"),
        appears=lambda content: bool(content.answers["probe"].eq("brevity").any()),
        values=_values,
    )
)
