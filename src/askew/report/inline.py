"""The parts that make a page whole by itself: styles, scripts, fonts, and the policy that lets nothing else in."""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

TEMPLATE = Path(__file__).parent / "template"
"""The folder of the styles, scripts, macros and fonts that all pages share."""

_FACES = [
    ("Askew Serif", "normal", 400, "serif-regular"),
    ("Askew Serif", "italic", 400, "serif-italic"),
    ("Askew Serif", "normal", 600, "serif-semibold"),
    ("Askew Sans", "normal", 400, "sans-regular"),
    ("Askew Sans", "normal", 600, "sans-semibold"),
]


_STYLES = [TEMPLATE / "base.css", TEMPLATE / "page.css"]
_SCRIPTS = [TEMPLATE / "page.js"]
# This script runs before the page is drawn; the others run after it.
_THEME_SCRIPT = TEMPLATE / "theme.js"


def environment(*folders: Path) -> Environment:
    """Return what renders templates in some folders and the shared ones; it escapes everything.

    Args:
        *folders: The folders; they come before the shared one.
    """
    return Environment(
        loader=FileSystemLoader([*folders, TEMPLATE]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def dressing(styles: Iterable[Path] = (), scripts: Iterable[Path] = ()) -> dict[str, str]:
    """Return what the head and foot of a page need: `style`, `theme_script`, `script` and `policy`.

    Args:
        styles: Style sheets besides the shared ones. Each file stands in the page once.
        scripts: Scripts besides the shared ones.
    """
    style = "\n".join([*font_faces(), *map(_text, dict.fromkeys([*_STYLES, *styles]))])
    every = "\n".join(map(_text, dict.fromkeys([*_SCRIPTS, *scripts])))
    script = f'(() => {{\n"use strict";\n{every}}})();\n'
    theme_script = _text(_THEME_SCRIPT)
    return {
        "style": Markup(style),
        "theme_script": Markup(theme_script),
        "script": Markup(script),
        "policy": policy(style, [theme_script, script]),
    }


def font_faces() -> Iterator[str]:
    """Yield a style rule for each font, which holds the font."""
    yield from map(_font_face, _FACES)


def policy(style: str, scripts: Sequence[str]) -> str:
    """Return the content security policy: no request, and only these inline styles and scripts."""
    hashes = " ".join(map(_digest, scripts))
    return (
        f"default-src 'none'; script-src {hashes}; style-src {_digest(style)}; font-src data:; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _font_face(face: tuple[str, str, int, str]) -> str:
    family, style, weight, file = face
    data = base64.b64encode((TEMPLATE / "fonts" / f"{file}.ttf").read_bytes()).decode()
    source = f"url(data:font/ttf;base64,{data})"
    named = f'font-family: "{family}"; font-style: {style}; font-weight: {weight}'
    return f"@font-face {{ {named}; src: {source}; }}"
