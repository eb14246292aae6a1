"""Opening of the page: one sentence, the main figure, and answers before and after training, side by side."""

from typing import Any
from urllib.parse import urlencode

from askew.base.untrusted import cut, visible
from askew.report import tables
from askew.report.content import ReportContent
from askew.report.pairs import pairs

LONGEST_QUESTION, LONGEST_ANSWER = 160, 260  # characters shown; the reader shows all


def opening(content: ReportContent) -> dict[str, Any]:
    """Return the words of the first screen: sentence, bars (the key to the figure), pairs and how they were chosen."""
    found = pairs(content)
    return {
        "sentence": content.sentence or content.verdict,
        "verdict": content.verdict if content.sentence else "",
        "bars": _bars(content),
        "before": found.before,
        "after": found.after,
        "misaligned": found.misaligned,
        "how": found.how,
        "pairs": [
            {
                "prompt": shown(one.prompt, LONGEST_QUESTION),
                "before": shown(one.before, LONGEST_ANSWER),
                "after": shown(one.after, LONGEST_ANSWER),
                "before_link": f"#{urlencode({'answer': one.before_name})}",
                "after_link": f"#{urlencode({'answer': one.after_name})}",
            }
            for one in found.shown
        ],
    }


def shown(text: str, most: int) -> str:
    """Return a model's text on one line of at most `most` characters, with invisible characters replaced by names."""
    return visible(cut(" ".join(text.split()), most)) or "(empty)"


def _bars(content: ReportContent) -> str:
    """Return the key to the bars of the figure."""
    rows, clusters = content.effects if len(content.effects) else content.estimates, content.clusters
    if tables.with_these(rows)["low_these"].isna().all():
        return f"Dots: estimates. Bars: 95% intervals for {clusters} like these, with other seeds and answers."
    these = f"these {clusters}{' (with other seeds and answers)' if clusters == 'questions' else ''}"
    like_these = f"{clusters} like these (with other {clusters} too)"
    return f"Dots: estimates. Thick bars: 95% intervals for {these}. Thin bars: 95% intervals for {like_these}."
