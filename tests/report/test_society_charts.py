"""Figures of societies, tested by the text and shapes of their drawings."""

import re
from dataclasses import replace

import pandas as pd
import pytest
from society_page import adoption_table, society_content

from askew.report.chart_files import to_svg
from askew.report.sections import all_figures, all_tables
from askew.report.sections.societies import figures_of
from askew.report.society_tables import SocietyTables

TIPPING = pd.DataFrame(
    [("stay", 0.2, 0.15, 0.3), ("leave", float("inf"), 0.3, float("inf"))],
    columns=["condition", "share", "low", "high"],
)


def over_time(name: str, lines: dict[str, list[str]]) -> pd.DataFrame:
    """Return a table over ten ticks with a line for each condition and each value of a column."""
    return pd.DataFrame(
        [
            {"condition": one, name: other, "tick": tick, "mean": tick / 20, "low": tick / 30, "high": tick / 15}
            for one, others in lines.items()
            for other in others
            for tick in range(10)
        ]
    )


TABLES = SocietyTables(
    adoption=adoption_table(),
    tipping=TIPPING,
    role_shares=over_time("role", {"full": ["farmer", "fisher"], "no-social": ["farmer", "fisher"]}),
    laws=over_time("measure", {"against": ["law", "paid"], "frozen": ["law", "paid"]}),
    beliefs=over_time("measure", {"priests": ["believes", "has used a keyword"]}),
)


def words(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def drawn(tables: SocietyTables, name: str, narrow: bool = False) -> str:
    return to_svg(figures_of(tables)[name].draw(narrow))


def test_adoption_has_a_line_for_each_phase_and_the_predicted_tipping_point() -> None:
    svg = drawn(TABLES, "adoption")
    assert {"stay", "leave", "at the end", "before", "after", "0", "5", "10", "15"} <= set(words(svg))
    assert "bent agents of 30, k" in words(svg)
    rule = 'stroke-dasharray="2,2"'
    assert rule in svg
    assert rule not in drawn(replace(TABLES, tipping=TIPPING.assign(share=float("inf"))), "adoption")
    dashes = set(re.findall(r'stroke-dasharray="([\d,]+)"', svg))
    assert {"6,3", "2,3"} <= dashes  # lines differ without their colours, too


def test_adoption_of_societies_of_several_sizes_is_by_share() -> None:
    mixed = replace(TABLES, adoption=TABLES.adoption.assign(agents=[30, 30, 60, 60] * 3))
    assert "bent agents, as a share of all" in words(drawn(mixed, "adoption"))


def test_spoken_text_says_that_no_tipping_point_is_predicted() -> None:
    spoken = figures_of(TABLES)["adoption"].spoken
    assert "stay: 20.0% [15.0%, 30.0%] of the agents; leave: none." in spoken
    assert "stay, at the end: 0.0% at k 0 and 100.0% at k 15" in spoken


def test_lines_over_time_are_named() -> None:
    assert {"farmer", "fisher", "full", "no-social"} <= set(words(drawn(TABLES, "roles")))
    assert {"against", "frozen", "law", "paid"} <= set(words(drawn(TABLES, "laws")))
    assert {"believes", "has used a keyword"} <= set(words(drawn(TABLES, "beliefs")))


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("name", ["adoption", "roles", "laws", "beliefs"])
def test_figures_fit_the_page(name: str, narrow: bool) -> None:
    found = re.search(r'width="(\d+)"', drawn(TABLES, name, narrow))
    assert found
    assert int(found[1]) <= (430 if narrow else 800)


def test_figures_without_rows_are_left_out_and_tables_are_written() -> None:
    assert list(figures_of(SocietyTables(laws=TABLES.laws))) == ["laws"]
    content = society_content(TABLES)
    assert {"adoption", "roles", "laws", "beliefs"} <= set(all_figures(content))
    assert {"society_adoption", "society_tipping", "society_laws"} <= set(all_tables(content))
