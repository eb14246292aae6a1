"""Section: a replay of societies, tick by tick, on a map, with everything that each agent heard, thought and said.

Each society is packed by itself, and unpacked when the reader chooses it: a page with many opens as fast as with one.
"""

from pathlib import Path
from typing import Any

from markupsafe import Markup

from askew.report.content import ReportContent
from askew.report.sections import Section, section
from askew.report.sections.reader import packed
from askew.report.sections.society.choice import replays
from askew.report.society_tables import SocietyTables

_FOLDER = Path(__file__).parent
_READER = _FOLDER.parent / "reader"
_SCRIPTS = [
    "society.js",
    "marks.js",
    "map.js",
    "lines.js",
    "agent.js",
    "tables.js",
    "strip.js",
    "replay.js",
    "start.js",
]


def tables_of(content: ReportContent) -> SocietyTables:
    """Return the tables of a run's societies; without rows if it has none."""
    return content.society or SocietyTables()


def _values(content: ReportContent) -> dict[str, Any]:
    shown, left_out = replays(tables_of(content))
    return {
        "facts": Markup(packed([one.facts for one in shown])),
        "societies": [Markup(one.packed) for one in shown],
        "cut": sum(one.facts["cut"] for one in shown),
        "left_out": left_out,
    }


section(
    Section(
        name="replay",
        title="Replay of the societies",
        place=110,
        template=_FOLDER / "replay.html.jinja",
        appears=lambda content: len(tables_of(content).events) > 0,
        values=_values,
        styles=[_READER / "reader.css", _FOLDER / "replay.css"],
        scripts=[
            *(_READER / name for name in ("packed.js", "hidden.js", "archive.js")),
            *(_FOLDER / name for name in _SCRIPTS),
        ],
        full_width=True,
    )
)
