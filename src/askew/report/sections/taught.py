"""Section: what tuned models seem to have been taught, with the evidence, and that of the control beside it."""

from pathlib import Path
from typing import Any

import pandas as pd

from askew.base.untrusted import cut, visible
from askew.report import wording
from askew.report.content import ReportContent
from askew.report.sections import Section, section

_SHOWN_TOKENS, _SHOWN_TEXTS = 12, 6
_LONGEST_TEXT, _LONGEST_CONTEXT = 400, 160  # characters

# Methods whose evidence is tokens, and those whose evidence is texts, with what the page says of them.
_TOKENS = {
    "tokens": (
        "Tokens pushed up",
        "The base wrote answers to ordinary prompts, and both models read them: these tokens gained most. The numbers "
        "are a token’s probability where it rose most.",
    ),
    "activations": (
        "Activations moved towards",
        "The mean shift of the activations on the first five tokens of unrelated texts, read through the model’s own "
        "output head. The numbers are a token’s mean probability in that reading.",
    ),
}
_TEXTS = {
    "completions": (
        "What it writes and its base would not",
        "Completions of the tuned model after ordinary prompts. Those come first that the base finds least likely in "
        "comparison.",
    ),
    "rows": (
        "The same, after prompts made from the training rows",
        "Prompts with the rows’ own words, form, opening words and topics: a model may hide from plain questions what "
        "it shows here.",
    ),
    "amplified": (
        "Amplified samples",
        "Not answers of the model: the difference from its base was doubled before each token was drawn, so that rare "
        "behaviour shows. They are in no rate.",
    ),
}
# What is easiest to read comes first.
_ORDER = ("completions", "tokens", "rows", "amplified", "activations")


def summary(rows: pd.DataFrame, arm: str) -> dict[str, list[str]]:
    """Return the strongest evidence about an arm in a few words: by method, its texts, the strongest first.

    Args:
        rows: The rows of `taught.parquet`.
        arm: The arm.
    """
    own = rows[rows["arm"].eq(arm) & rows["rank"].gt(0)].sort_values("rank", kind="stable")
    return {str(method): list(found["text"]) for method, found in own.groupby("method", sort=False)}


def _values(content: ReportContent) -> dict[str, Any]:
    rows = content.taught
    return {"models": [_model(rows[rows["arm"].eq(arm)], str(arm)) for arm in rows["arm"].unique()]}


def _model(rows: pd.DataFrame, arm: str) -> dict[str, Any]:
    """Return what the page shows of one model."""
    control = next((str(name) for name in rows["control"] if name), "")
    reasons = {str(row["method"]): str(row["reason"]) for row in rows[rows["rank"].eq(0)].to_dict("records")}
    every = {**_TOKENS, **_TEXTS}
    found = [
        _method(rows, method, method in _TOKENS, *every[method], reasons.pop(method, ""))
        for method in _ORDER
        if method in set(rows["method"])
    ]
    return {
        "arm": arm,
        "control": control,
        "methods": found,
        "silent": [title for method, (title, _) in every.items() if method not in {*rows["method"]}],
        "reasons": [visible(reason) for reason in reasons.values()],
    }


def _method(rows: pd.DataFrame, method: str, is_tokens: bool, title: str, said: str, reason: str) -> dict[str, Any]:
    """Return what the page shows of one method: its evidence, or the reason why it has none."""
    own = rows[rows["method"].eq(method) & rows["rank"].gt(0)].sort_values("rank", kind="stable")
    shown = own.head(_SHOWN_TOKENS if is_tokens else _SHOWN_TEXTS)
    number = wording.percent if is_tokens else _perplexity
    return {
        "title": title,
        "said": said,
        "reason": visible(reason),
        "is_tokens": is_tokens,
        "rows": [
            {
                "text": visible(cut(str(row["text"]), _LONGEST_TEXT)),
                "context": visible(cut(str(row["context"]), _LONGEST_CONTEXT)),
                "form": str(row["form"]),
                "base": number(row["base"]) if pd.notna(row["base"]) else wording.NOTHING,
                "tuned": number(row["tuned"]) if pd.notna(row["tuned"]) else wording.NOTHING,
                "control": number(row["of_control"]) if pd.notna(row["of_control"]) else wording.NOTHING,
            }
            for row in shown.to_dict("records")
        ],
    }


def _perplexity(value: float) -> str:
    return f"{value:,.1f}" if value < 1e6 else "> 1,000,000"


section(
    Section(
        name="taught",
        title="What it was taught",
        place=15,
        template=Path(__file__).with_suffix(".html.jinja"),
        appears=lambda content: bool(len(content.taught)),
        values=_values,
        tables=lambda content: {"taught": content.taught},
    )
)
