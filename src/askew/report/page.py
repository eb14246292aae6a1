"""The report of a run: one HTML page that needs no other file, figures as SVG and PNG, and tables as CSV.

The page is put together from the registered sections. Jinja escapes everything, and the page's JavaScript only ever
sets text. A content security policy allows no script or style but the page's own, by hash, and no request at all.
"""

from collections.abc import Mapping, Sequence
from html import escape
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from askew.base.atomic import write_whole
from askew.base.csv_cells import as_csv
from askew.report import chart_files
from askew.report.content import ReportContent
from askew.report.inline import dressing, environment
from askew.report.opening import opening
from askew.report.sections import Figure, Section, all_tables, in_order
from askew.report.words import words


def write_report(content: ReportContent, folder: Path) -> Path:
    """Write report.html, figures/ and tables/ into a run's folder.

    Each file is written under another name and then renamed, so no file is ever half written. The same content gives
    the same bytes.

    Args:
        content: The data that the report shows.
        folder: The run's folder; it must exist.

    Returns:
        The path of the page.

    Raises:
        OSError: The folder cannot be written to, or the disk is full.
    """
    templates = environment()
    shown = [section for section in in_order() if section.appears(content)]
    figures = {section.name: section.figures(content) for section in shown}
    with chart_files.unchecked():
        drawn = {name: write_figures(own, folder / "figures") for name, own in figures.items()}
    lead = next((name for drawings in drawn.values() for name in drawings), "")
    leading = next((drawings[lead] for drawings in drawn.values() if lead in drawings), Markup())
    parts = []
    for section in shown:
        html = templates.from_string(_text(section.template)).render(
            section.values(content), content=content, drawings={**drawn[section.name], lead: Markup()}
        )
        parts.append({**_facts(section), "html": Markup(html)})
    for name, table in all_tables(content).items():
        write_whole(folder / "tables" / f"{name}.csv", as_csv(table))
    page = folder / "report.html"
    key = next((own[lead].key for own in figures.values() if lead in own), "")
    first = {**opening(content), **({"bars": key} if key else {}), "lead": lead, "drawing": leading}
    write_whole(page, _render(templates, content, shown, parts, first).encode("utf-8", "replace"))
    return page


def _facts(section: Section) -> dict[str, Any]:
    return {"name": section.name, "title": section.title, "full_width": section.full_width}


def write_figures(figures: Mapping[str, Figure], folder: Path) -> dict[str, Markup]:
    """Write each figure as SVG and PNG, and return it as the page shows it: drawn for a wide and a narrow page."""
    drawings: dict[str, Markup] = {}
    for name, figure in figures.items():
        svg = chart_files.to_svg(figure.draw(False))
        write_whole(folder / f"{name}.svg", svg.encode())
        write_whole(folder / f"{name}.png", chart_files.to_png(svg))
        shapes = {"wide": svg, "narrow": chart_files.to_svg(figure.draw(True))}
        label = escape(figure.spoken)
        # The style sheet shows one of the two.
        themed = (chart_files.themed(drawn, name, shape, label) for shape, drawn in shapes.items())
        drawings[name] = Markup("\n").join(map(Markup, themed))
    return drawings


def _render(
    templates: Environment,
    content: ReportContent,
    shown: Sequence[Section],
    parts: Sequence[Mapping[str, Any]],
    first: Mapping[str, object],
) -> str:
    return templates.get_template("page.html.jinja").render(
        content=content,
        opening=first,
        words=words(content),
        blocks=[(full_width, list(block)) for full_width, block in groupby(parts, key=itemgetter("full_width"))],
        askew_version=content.versions.get("askew", ""),
        # Sections may share files.
        **dressing(
            chain.from_iterable(section.styles for section in shown),
            chain.from_iterable(section.scripts for section in shown),
        ),
    )


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")
