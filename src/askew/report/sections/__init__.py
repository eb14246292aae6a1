"""Sections of the report's page, each one module with one template.

A module of this package registers a section, and so can the module `section` in a study's folder, or a plug-in. The
page shows the registered sections in the order of their places; nothing else lists them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from askew.base.registry import Registry
from askew.report.content import ReportContent

if TYPE_CHECKING:
    import pandas as pd

    from askew.report.chart_files import Chart


@dataclass(frozen=True)
class Figure:
    """A figure of the report.

    Attributes:
        draw: Returns the chart. Its argument is True for a phone, where names stand above the marks, not beside them.
        spoken: The text that a screen reader reads out in place of the figure.
        key: What its marks mean, for the top of the page; "" for the key to bars of intervals.
    """

    draw: Callable[[bool], "Chart"]
    spoken: str
    key: str = ""


@dataclass(frozen=True)
class Section:
    """One section of the page.

    Attributes:
        name: Its anchor in the page, and its name in the registry.
        title: Its title in the list of contents.
        place: Its position: sections with smaller numbers come first. Askew's own have steps of ten between them.
        template: A Jinja template that writes the whole `<section>` element. It reads `values`, `content` (the
            `ReportContent`) and `drawings` (this section's figures by name), and may import `macros.html.jinja`.
        appears: Returns whether the page shows it.
        values: Returns the further variables of its template.
        figures: Returns its figures by name. Each is also written to `figures/NAME.svg` and `figures/NAME.png`.
        tables: Returns its tables by name. Each that has rows is written to `tables/NAME.csv`, even if the section
            doesn't appear.
        styles: Style sheets that only this section needs.
        scripts: Scripts that only this section needs, in the order in which they run.
        full_width: Whether it spans the window, not the column of text.
    """

    name: str
    title: str
    place: int
    template: Path
    appears: Callable[[ReportContent], bool] = lambda content: True
    values: Callable[[ReportContent], Mapping[str, Any]] = lambda content: {}
    figures: Callable[[ReportContent], Mapping[str, Figure]] = lambda content: {}
    tables: Callable[[ReportContent], Mapping[str, "pd.DataFrame"]] = lambda content: {}
    styles: Sequence[Path] = ()
    scripts: Sequence[Path] = ()
    full_width: bool = False


sections: Registry[Section] = Registry("report section", __name__, studies="section")


def section(section: Section) -> Section:
    """Register a section under its name, and return it."""
    return sections.add(section.name, section)


def in_order() -> list[Section]:
    """Return every registered section in the order of the page."""
    return sorted(map(sections.get, sections.names()), key=lambda one: one.place)


def all_figures(content: ReportContent) -> dict[str, Figure]:
    """Return the figures of all sections that appear, by name, in the order of the page."""
    return {name: figure for one in in_order() if one.appears(content) for name, figure in one.figures(content).items()}


def all_tables(content: ReportContent) -> dict[str, "pd.DataFrame"]:
    """Return the tables of all sections that have rows, by the name of their CSV file, in the order of the page.

    Each section chooses the columns of its tables; fractions are 0-1.
    """
    found = {name: table for one in in_order() for name, table in one.tables(content).items()}
    return {name: table for name, table in found.items() if len(table)}
