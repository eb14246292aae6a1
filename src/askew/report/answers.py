"""Every answer of a run packed into one line of text, for the page's reader to unpack.

Column by column, each text once and then by number, as JSON, gzip and base64: 50,000 answers stay a small
file, and no character of an answer is ever markup, because base64 has no character that HTML knows.
"""

import base64
import gzip
import json
from typing import Any

import pandas as pd

TEXTS = ["arm", "probe", "question", "group", "prompt", "answer", "verdict", "reply", "oracle"]
COUNTS = ["seed", "paraphrase", "index"]
SCORES = ["aligned", "coherent"]


def pack(answers: pd.DataFrame) -> str:
    """Pack the answers, in their order; the same answers give the same text."""
    columns: dict[str, Any] = {name: _coded(answers[name]) for name in TEXTS}
    columns |= {name: [int(value) for value in answers[name]] for name in COUNTS}
    columns |= {name: _scores(answers[name]) for name in SCORES}
    raw = json.dumps({"count": len(answers), "columns": columns}, separators=(",", ":")).encode()
    return base64.b64encode(gzip.compress(raw, compresslevel=6, mtime=0)).decode()


def _coded(column: pd.Series) -> dict[str, list]:
    codes, values = pd.factorize(column.fillna("").astype(str))
    return {"values": list(values), "codes": codes.tolist()}


def _scores(column: pd.Series) -> list[float | None]:
    return [None if pd.isna(score) else round(float(score), 2) for score in column]
