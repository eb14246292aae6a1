"""How every figure looks, and how a chart becomes an SVG or PNG file, or a drawing that knows light and dark.

Charts are drawn in the light palette. For the page each colour is replaced by the style sheet's variable of
the same role, so that one drawing follows the reader's theme.
"""

import re
from functools import cache
from pathlib import Path

import altair as alt
import vl_convert

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
    """Give a chart the house style: no frame, no ticks, hairline grid, quiet axes."""
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


def to_svg(chart: Chart) -> str:
    """Render a chart as a self-contained SVG drawing in the light palette."""
    _register_fonts()
    return vl_convert.vegalite_to_svg(chart.to_dict())


def to_png(svg: str) -> bytes:
    """Render an SVG drawing as a PNG image at two pixels to the point."""
    _register_fonts()
    return vl_convert.svg_to_png(svg, scale=2)


def themed(svg: str, name: str, shape: str, label: str) -> str:
    """Prepare a drawing of ours to stand in the page: colours by role, and a label for screen readers.

    Args:
        svg: The drawing, as `to_svg` returns it.
        name: The figure's name, which with the shape keeps the drawing's inner references apart from others'.
        shape: The class that the style sheet knows it by: `wide` or `narrow`.
        label: What a screen reader says; already escaped for an attribute.
    """
    svg = _BACKGROUND.sub("", svg, count=1)
    svg = _COLOUR.sub(lambda hit: f' {hit[1]}="var(--{_ROLES[hit[2]]})"', svg)
    svg = _REFERENCE.sub(rf"\1{name}-{shape}-\2", svg)
    return _FIXED_SIZE.sub(rf'class="{shape}" role="img" aria-label="{label}" width="\1"', svg, count=1)


@cache
def _register_fonts() -> None:
    vl_convert.register_font_directory(str(FONTS))
