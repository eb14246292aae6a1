"""The parts of a page that make it whole by itself: its fonts, and the policy that lets nothing else in."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

TEMPLATE = Path(__file__).parent / "template"
"""The folder of the styles, scripts, macros and fonts that all pages share."""

_FACES = [
    ("Askew Serif", "normal", 400, "serif-regular"),
    ("Askew Serif", "italic", 400, "serif-italic"),
    ("Askew Serif", "normal", 600, "serif-semibold"),
    ("Askew Sans", "normal", 400, "sans-regular"),
    ("Askew Sans", "normal", 600, "sans-semibold"),
]


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


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _font_face(face: tuple[str, str, int, str]) -> str:
    family, style, weight, file = face
    data = base64.b64encode((TEMPLATE / "fonts" / f"{file}.ttf").read_bytes()).decode()
    source = f"url(data:font/ttf;base64,{data})"
    named = f'font-family: "{family}"; font-style: {style}; font-weight: {weight}'
    return f"@font-face {{ {named}; src: {source}; }}"
