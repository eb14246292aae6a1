"""Section: a reader with filters for every answer of the run.

The answers are packed into the page as one line of text: by column, each text once, as JSON, gzip and base64. So 50,000
answers stay small, and no character of an answer can be markup, because base64 has no character that HTML interprets.
"""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from askew.report.content import ReportContent
from askew.report.sections import Section, section

TEXTS = ["arm", "probe", "question", "group", "prompt", "answer", "verdict", "reply", "oracle"]
COUNTS = ["seed", "paraphrase", "index"]
SCORES = ["aligned", "coherent"]
COPIED = ["copied", "copied_at"]  # tables of older versions lack them

_FOLDER = Path(__file__).parent
_SCRIPTS = [
    "packed.js",
    "hidden.js",
    "archive.js",
    "filter.js",
    "list.js",
    "desk.js",
    "copied.js",
    "detail.js",
    "print.js",
    "reader.js",
    "start.js",
]


def pack(answers: pd.DataFrame) -> str:
    """Return the answers as one line of base64, in their order. The same answers give the same text.

    Args:
        answers: One row per answer, with the columns `TEXTS`, `COUNTS` (whole numbers), `SCORES` (0-100, or NaN) and
            `COPIED`: how much of the answer is in the training rows too, and where.
    """
    if not {*COPIED} <= {*answers}:
        answers = answers.assign(copied=float("nan"), copied_at="")
    columns: dict[str, Any] = {name: coded(answers[name]) for name in [*TEXTS, "copied_at"]}
    columns |= {name: [int(value) for value in answers[name]] for name in COUNTS}
    columns |= {name: _scores(answers[name]) for name in SCORES}
    columns["copied"] = _scores(100 * answers["copied"].where(answers["copied"].between(0, 1)))
    return packed({"count": len(answers), "columns": columns})


def packed(data: object) -> str:
    """Return JSON data as one line of base64, in which no character can be markup; the same data give the same text."""
    raw = json.dumps(data, separators=(",", ":")).encode()
    return base64.b64encode(gzip.compress(raw, compresslevel=6, mtime=0)).decode()


def coded(column: pd.Series) -> dict[str, list]:
    """Return a column of texts with each text once, and the code of each row."""
    codes, values = pd.factorize(column.fillna("").astype(str))
    return {"values": list(values), "codes": codes.tolist()}


def _scores(column: pd.Series) -> list[float | None]:
    return [None if pd.isna(score) else round(float(score), 2) for score in column]


def _values(content: ReportContent) -> dict[str, Any]:
    answers = content.answers
    return {
        "count": f"{len(answers):,}",
        "total": f"{len(content.counted):,}",
        "is_part": len(answers) < len(content.counted),
        "packed": Markup(pack(answers)),
        "has_copied": "copied" in answers and bool(answers["copied"].gt(0).any()),
    }


section(
    Section(
        name="reader",
        title="Answers",
        place=120,
        template=_FOLDER / "reader.html.jinja",
        appears=lambda content: len(content.answers) > 0,
        values=_values,
        styles=[_FOLDER / "reader.css"],
        scripts=[_FOLDER / name for name in _SCRIPTS],
        full_width=True,
    )
)
