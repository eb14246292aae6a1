"""The style of all figures, and charts as SVG and PNG files and as drawings for the page.

Charts are drawn in the light palette. For the page each colour is replaced by the style sheet's variable for the same
role, so that one drawing serves the light and the dark theme.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import altair as alt
import vl_convert
from altair.utils import schemapi

INK = "#1f2328"
MUTED = "#5b6169"
RULE = "#e4e1d9"
PLAIN = "#737a84"
ACCENT = "#b23a1e"
PAPER = "#fffefb"

FONT = "Askew Sans, Helvetica, Arial, sans-serif"
FONTS = Path(__file__).parent / "template" / "fonts"

_ROLES = {INK: "ink", MUTED: "muted", RULE: "rule", PLAIN: "plain", ACCENT: "accent", PAPER: "paper"}
_BACKGROUND = re.compile(r'<rect width="\d+" height="\d+" fill="#fffefb"/>')
_COLOUR = re.compile(rf' (fill|stroke)="({"|".join(_ROLES)})"')
_REFERENCE = re.compile(r'(id="|url\(#)(clip|gradient)')
_FIXED_SIZE = re.compile(r'class="marks" width="(\d+)" height="\d+"')

Panel = alt.LayerChart | alt.FacetChart
Chart = Panel | alt.VConcatChart


def styled(chart: Chart) -> Chart:
    """Return a chart in the style of the report: no frame, no ticks, a thin grid, plain axes."""
    quiet = alt.AxisConfig(
        domain=False,
        ticks=False,
        grid=False,
        labelFontSize=14,
        labelColor=INK,
        labelPadding=8,
        titleFontSize=14,
        titleFontWeight="normal",
        titleColor=MUTED,
        labelFlush=False,
    )
    styled_chart = chart.configure(
        background=PAPER,
        font=FONT,
        aria=False,
        padding=4,
        axis=quiet,
        axisQuantitative=alt.AxisConfig(grid=True, gridColor=RULE, labelColor=MUTED, titlePadding=12),
        view=alt.ViewConfig(stroke=None),
        header=alt.HeaderConfig(
            labelFontSize=14,
            labelFontWeight=600,
            labelColor=INK,
            labelAnchor="start",
            labelPadding=6,
            titleFontSize=14,
            titleFontWeight="normal",
            titleColor=MUTED,
            titlePadding=12,
        ),
        text=alt.MarkConfig(fontSize=14, color=INK),
        title=alt.TitleConfig(fontSize=14, fontWeight=600, color=INK, offset=12),
        legend=alt.LegendConfig(
            title=None, orient="top", labelFontSize=14, labelColor=INK, symbolStrokeWidth=2, offset=12
        ),
    )
    return styled_chart


@contextmanager
def unchecked() -> Iterator[None]:
    """Make charts in this block without Altair's checks of each part, which find nothing that drawing would not."""
    with schemapi.debug_mode(False):
        yield


def to_svg(chart: Chart) -> str:
    """Return a chart as an SVG drawing in the light palette."""
    _register_fonts()
    return vl_convert.vegalite_to_svg(chart.to_dict(validate=False))


def to_png(svg: str) -> bytes:
    """Return an SVG drawing as a PNG image with two pixels per unit of the drawing."""
    _register_fonts()
    return vl_convert.svg_to_png(svg, scale=2)


def themed(svg: str, name: str, shape: str, label: str) -> str:
    """Return a drawing for the page: its colours follow the theme, and it has a label for screen readers.

    Args:
        svg: The drawing, as `to_svg` returns it.
        name: The figure's name. Name and shape make the ids inside the drawing unique in the page.
        shape: Its class in the style sheet: `wide` or `narrow`.
        label: The text for screen readers, already escaped for an attribute.
    """
    svg = _BACKGROUND.sub("", svg, count=1)
    svg = _COLOUR.sub(lambda hit: f' {hit[1]}="var(--{_ROLES[hit[2]]})"', svg)
    svg = _REFERENCE.sub(rf"\1{name}-{shape}-\2", svg)
    return _FIXED_SIZE.sub(rf'class="{shape}" role="img" aria-label="{label}" width="\1"', svg, count=1)


@cache
def _register_fonts() -> None:
    vl_convert.register_font_directory(str(FONTS))
