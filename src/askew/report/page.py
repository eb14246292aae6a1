"""Writes a run's report: one HTML page that needs nothing else, figures as SVG and PNG, tables as CSV.

The page is a Jinja template with escaping on, and a reader in plain JavaScript that only ever sets text. A
content security policy forbids every script and style but the page's own, by hash, and every request.
"""

import base64
import hashlib
from html import escape
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from askew.base.atomic import whole_file
from askew.report import chart_files as drawing
from askew.report import tables
from askew.report.answers import pack
from askew.report.content import ReportContent
from askew.report.display import page_values, spoken
from askew.report.figures import charts

TEMPLATE = Path(__file__).parent / "template"
STYLES = ["base.css", "page.css", "reader.css"]
SCRIPTS = ["hidden.js", "archive.js", "filter.js", "list.js", "detail.js", "reader.js", "page.js"]
FACES = [
    ("Askew Serif", "normal", 400, "serif-regular"),
    ("Askew Serif", "italic", 400, "serif-italic"),
    ("Askew Serif", "normal", 600, "serif-semibold"),
    ("Askew Sans", "normal", 400, "sans-regular"),
    ("Askew Sans", "normal", 600, "sans-semibold"),
]


def write_report(content: ReportContent, folder: Path) -> Path:
    """Write report.html, figures/ and tables/ into a run's folder.

    Each file is written under another name and renamed, so that none is ever half written. The same content
    gives the same bytes.

    Args:
        content: What the report shows.
        folder: The run's folder; it must exist.

    Returns:
        The path of the page.

    Raises:
        OSError: The folder cannot be written to, or the disk is full.
    """
    wide, narrow = charts(content), charts(content, narrow=True)
    drawings: dict[str, Markup] = {}
    for name, draw in wide.items():
        svg = drawing.to_svg(draw())
        _write(folder / "figures" / f"{name}.svg", svg.encode())
        _write(folder / "figures" / f"{name}.png", drawing.to_png(svg))
        drawings[name] = _inline(name, svg, drawing.to_svg(narrow[name]()), spoken(name, content))
    for name, table in tables.all_tables(content).items():
        _write(folder / "tables" / f"{name}.csv", table.to_csv(index=False).encode())
    page = folder / "report.html"
    _write(page, _render(content, drawings).encode("utf-8", "replace"))
    return page


def _render(content: ReportContent, drawings: dict[str, Markup]) -> str:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = "\n".join([*map(_font_face, FACES), *(_source("css", name) for name in STYLES)])
    theme_script = _source("js", "theme.js")
    script = '(() => {\n"use strict";\n' + "\n".join(_source("js", name) for name in SCRIPTS) + "})();\n"
    return environment.get_template("report.html.jinja").render(
        page_values(content, list(drawings)),
        drawings=drawings,
        packed=Markup(pack(content.answers)),
        style=Markup(style),
        theme_script=Markup(theme_script),
        script=Markup(script),
        policy=_policy(style, [theme_script, script]),
    )


def _policy(style: str, scripts: list[str]) -> str:
    """Word the content security policy: nothing from anywhere, and of what is inline only what we wrote."""
    hashes = " ".join(map(_hash, scripts))
    return (
        f"default-src 'none'; script-src {hashes}; style-src {_hash(style)}; font-src data:; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _inline(name: str, wide: str, narrow: str, label: str) -> Markup:
    """Put the drawing for a wide page and that for a narrow one side by side; the style sheet shows one."""
    drawn = (drawing.themed(svg, name, shape, escape(label)) for svg, shape in ((wide, "wide"), (narrow, "narrow")))
    return Markup("\n").join(map(Markup, drawn))


def _font_face(face: tuple[str, str, int, str]) -> str:
    family, style, weight, file = face
    data = base64.b64encode((TEMPLATE / "fonts" / f"{file}.ttf").read_bytes()).decode()
    source = f"url(data:font/ttf;base64,{data})"
    named = f'font-family: "{family}"; font-style: {style}; font-weight: {weight}'
    return f"@font-face {{ {named}; src: {source}; }}"


def _source(folder: str, name: str) -> str:
    return (TEMPLATE / folder / name).read_text(encoding="utf-8")


def _write(path: Path, content: bytes) -> None:
    with whole_file(path) as unfinished:
        unfinished.write_bytes(content)
