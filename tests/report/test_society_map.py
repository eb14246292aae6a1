"""The map of a society from above shows places, ways and talk."""

import pandas as pd
import pytest

from askew.report import chart_files
from askew.report.society_map import from_above

AGENTS = pd.DataFrame({"agent": [0, 1], "home": ["farm", "farm"], "x": [1, 2], "y": [1, 1]})


def events(*kinds: str) -> pd.DataFrame:
    """Return an event of each kind of agent 0, each a cell further east."""
    count = len(kinds)
    rows = {
        "agent": 0,
        "kind": kinds,
        "place": ["farm", *["<b>market"] * (count - 1)],
        "x": range(4, 4 + count),
        "y": 9,
    }
    return pd.DataFrame(rows)


@pytest.mark.parametrize("kinds", [("move", "say", "say"), ("move", "act")])
def test_map_names_the_places_with_and_without_talk(kinds: tuple[str, ...]) -> None:
    svg = chart_files.to_svg(from_above(events(*kinds), AGENTS, "Seen from above"))
    assert all(text in svg for text in ("Seen from above", ">farm<", "&lt;b&gt;market"))
    assert chart_files.to_png(svg).startswith(b"\x89PNG")


def test_north_is_where_y_is_small() -> None:
    chart = from_above(events("move", "say"), AGENTS).to_dict(validate=False)
    assert all(layer["encoding"]["y"]["scale"]["reverse"] for layer in chart["layer"])
