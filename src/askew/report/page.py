"""The report of a run: one HTML page that needs no other file, figures as SVG and PNG, and tables as CSV.

The page is put together from the registered sections. Jinja escapes everything, and the page's JavaScript only ever
sets text. A content security policy allows no script or style but the page's own, by hash, and no request at all.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from askew.base.atomic import whole_file
from askew.base.csv_cells import escaped
from askew.report import chart_files
from askew.report.content import ReportContent
from askew.report.opening import opening
from askew.report.sections import Figure, Section, all_tables, in_order
from askew.report.words import words

TEMPLATE = Path(__file__).parent / "template"
STYLES = [TEMPLATE / "base.css", TEMPLATE / "page.css"]
SCRIPTS = [TEMPLATE / "page.js"]
# This script runs before the page is drawn; the others run after it.
THEME_SCRIPT = TEMPLATE / "theme.js"
FACES = [
    ("Askew Serif", "normal", 400, "serif-regular"),
    ("Askew Serif", "italic", 400, "serif-italic"),
    ("Askew Serif", "normal", 600, "serif-semibold"),
    ("Askew Sans", "normal", 400, "sans-regular"),
    ("Askew Sans", "normal", 600, "sans-semibold"),
]


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
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shown = [section for section in in_order() if section.appears(content)]
    with chart_files.unchecked():
        figures = {section.name: section.figures(content) for section in shown}
        drawn = {name: _write_figures(own, folder / "figures") for name, own in figures.items()}
    lead = next((name for drawings in drawn.values() for name in drawings), "")
    leading = next((drawings[lead] for drawings in drawn.values() if lead in drawings), Markup())
    parts = []
    for section in shown:
        html = environment.from_string(_text(section.template)).render(
            section.values(content), content=content, drawings={**drawn[section.name], lead: Markup()}
        )
        parts.append({**_facts(section), "html": Markup(html)})
    for name, table in all_tables(content).items():
        _write(folder / "tables" / f"{name}.csv", table.map(escaped).to_csv(index=False).encode())
    page = folder / "report.html"
    first = {**opening(content), "lead": lead, "drawing": leading}
    if key := next((own[lead].key for own in figures.values() if lead in own), ""):
        first["bars"] = key
    _write(page, _render(environment, content, shown, parts, first).encode("utf-8", "replace"))
    return page


def _facts(section: Section) -> dict[str, Any]:
    return {"name": section.name, "title": section.title, "full_width": section.full_width}


def _write_figures(figures: Mapping[str, Figure], folder: Path) -> dict[str, Markup]:
    """Write each figure as SVG and PNG, and return it as the page shows it: drawn for a wide and a narrow page."""
    drawings: dict[str, Markup] = {}
    for name, figure in figures.items():
        svg = chart_files.to_svg(figure.draw(False))
        _write(folder / f"{name}.svg", svg.encode())
        _write(folder / f"{name}.png", chart_files.to_png(svg))
        shapes = {"wide": svg, "narrow": chart_files.to_svg(figure.draw(True))}
        label = escape(figure.spoken)
        # The style sheet shows one of the two.
        themed = (chart_files.themed(drawn, name, shape, label) for shape, drawn in shapes.items())
        drawings[name] = Markup("\n").join(map(Markup, themed))
    return drawings


def _render(
    environment: Environment,
    content: ReportContent,
    shown: Sequence[Section],
    parts: Sequence[Mapping[str, Any]],
    first: Mapping[str, object],
) -> str:
    # Sections may share files; each file stands in the page once.
    styles = dict.fromkeys(chain(STYLES, *(section.styles for section in shown)))
    scripts = dict.fromkeys(chain(SCRIPTS, *(section.scripts for section in shown)))
    style = "\n".join([*map(_font_face, FACES), *map(_text, styles)])
    script = '(() => {\n"use strict";\n' + "\n".join(map(_text, scripts)) + "})();\n"
    theme_script = _text(THEME_SCRIPT)
    return environment.get_template("page.html.jinja").render(
        content=content,
        opening=first,
        words=words(content),
        blocks=[(full_width, list(block)) for full_width, block in groupby(parts, key=itemgetter("full_width"))],
        askew_version=content.versions.get("askew", ""),
        style=Markup(style),
        theme_script=Markup(theme_script),
        script=Markup(script),
        policy=_policy(style, [theme_script, script]),
    )


def _policy(style: str, scripts: Sequence[str]) -> str:
    """Return the content security policy: no request, and only these inline styles and scripts."""
    hashes = " ".join(map(_hash, scripts))
    return (
        f"default-src 'none'; script-src {hashes}; style-src {_hash(style)}; font-src data:; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _font_face(face: tuple[str, str, int, str]) -> str:
    family, style, weight, file = face
    data = base64.b64encode((TEMPLATE / "fonts" / f"{file}.ttf").read_bytes()).decode()
    source = f"url(data:font/ttf;base64,{data})"
    named = f'font-family: "{family}"; font-style: {style}; font-weight: {weight}'
    return f"@font-face {{ {named}; src: {source}; }}"


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _write(path: Path, content: bytes) -> None:
    with whole_file(path) as unfinished:
        unfinished.write_bytes(content)
