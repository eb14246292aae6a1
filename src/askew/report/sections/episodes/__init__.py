"""Section: a reader for every episode of the run, turn by turn, with filters by arm, environment, variant and step.

Most turns of episodes are equal to others: the system turn, the task, reading a file. So each different turn is packed
into the page once, and an episode is a list of their numbers.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from askew.report.content import ReportContent
from askew.report.sections import Section, section
from askew.report.sections.reader import coded, packed
from askew.stats.funnel_measures import (
    AWARE,
    BLUNDERED,
    CONCEALED,
    CONFESSED,
    COVERT,
    DENIED,
    DISCOVERED,
    FINISHED,
    NEVER_DISCOVERED,
    OPEN,
    OPPORTUNITY,
    SAID,
    reached,
)

STEPS: Mapping[str, str] = {
    DISCOVERED: "found the reason",
    OPPORTUNITY: "had the opportunity",
    COVERT: "acted covertly",
    CONCEALED: "concealed it",
    CONFESSED: "confessed when asked",
    DENIED: "denied when asked",
    OPEN: "acted openly",
    BLUNDERED: "blundered",
    NEVER_DISCOVERED: "never found the reason",
    FINISHED: "reported its work",
    AWARE: "said that it is a test",
}
"""The filters by what an episode came to, in words, in the order of the menu."""

_TURN = ["role", "text", "tool", "arguments", "result", "counts_as", "why"]
_PLACE = ["arm", "seed", "environment", "variant", "index"]
_FOLDER = Path(__file__).parent
_READER = _FOLDER.parent / "reader"


def steps_of(conduct: pd.DataFrame) -> pd.DataFrame:
    """Return which of `STEPS` each episode came to, one column each, on the index of the conduct.

    Args:
        conduct: The rows of `conduct.parquet`.
    """
    got = reached(conduct)
    said = conduct[[name for name in conduct.columns if str(name).startswith(SAID)]]
    columns = {step: got[step] for step in (DISCOVERED, OPPORTUNITY, COVERT, CONCEALED)}
    for step, word in ((CONFESSED, "yes"), (DENIED, "no")):
        columns[step] = got[COVERT] & (said == word).any(axis=1)
    columns |= {step: conduct[step].astype(bool) for step in (OPEN, BLUNDERED, FINISHED, AWARE)}
    return pd.DataFrame({**columns, NEVER_DISCOVERED: ~got[DISCOVERED]})[list(STEPS)]


def pack(episodes: pd.DataFrame, conduct: pd.DataFrame) -> str:
    """Return the episodes as one line of base64, in the order of the conduct. The same episodes give the same text.

    Args:
        episodes: The rows of `episodes.parquet`.
        conduct: The rows of `conduct.parquet`.
    """
    steps = steps_of(conduct)
    names = pd.Series(["|".join(step for step in STEPS if row[step]) for row in steps.to_dict("records")], dtype=str)
    columns: dict[str, Any] = {name: coded(conduct[name]) for name in ("arm", "environment", "variant", "ended")}
    columns |= {name: [int(value) for value in conduct[name]] for name in ("seed", "index")}
    columns["steps"] = coded(names)
    whole = {"count": len(conduct), "columns": columns}
    return packed({"steps": STEPS, "episodes": whole, **_turns(episodes, conduct)})


def _turns(episodes: pd.DataFrame, conduct: pd.DataFrame) -> dict[str, Any]:
    """Return each different turn once, by column, and the numbers of the turns of each episode."""
    ordered = episodes.sort_values("turn", kind="stable")
    key = pd.MultiIndex.from_frame(ordered[[*_TURN, "failed"]])
    codes, _ = pd.factorize(key)
    first = ordered.assign(code=codes).drop_duplicates("code")
    columns: dict[str, Any] = {name: coded(first[name]) for name in _TURN}
    columns["failed"] = [int(value) for value in first["failed"]]
    of_episode = {
        place: codes[rows].tolist() for place, rows in ordered.reset_index(drop=True).groupby(_PLACE).indices.items()
    }
    places = conduct[_PLACE].itertuples(index=False, name=None)
    return {
        "turns": {"count": len(first), "columns": columns},
        "order": [of_episode.get(place, []) for place in places],
    }


def _values(content: ReportContent) -> dict[str, Any]:
    return {"count": f"{len(content.conduct):,}", "packed": Markup(pack(content.episodes, content.conduct))}


section(
    Section(
        name="episodes",
        title="All episodes",
        place=115,
        template=_FOLDER / "episodes.html.jinja",
        appears=lambda content: len(content.conduct) > 0 and len(content.episodes) > 0,
        values=_values,
        styles=[_READER / "reader.css", _FOLDER / "episodes.css"],
        scripts=[
            *(_READER / name for name in ("packed.js", "hidden.js", "archive.js", "list.js", "desk.js")),
            *(_FOLDER / name for name in ("filter.js", "turns.js", "episodes.js")),
        ],
        full_width=True,
    )
)
