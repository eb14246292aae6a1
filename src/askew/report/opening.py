"""Opening of the page: one sentence, the main figure, and answers before and after training, side by side."""

from typing import Any
from urllib.parse import urlencode

from askew.base.untrusted import cut, visible
from askew.report import tables
from askew.report.content import ReportContent
from askew.report.pairs import pairs

LONGEST_QUESTION, LONGEST_ANSWER = 160, 260  # characters shown; the reader shows all
BARS = "Dots: estimates. Thick bars: 95% intervals for these questions (with other seeds and answers). Thin bars: 95% "
BARS += "intervals for questions like these (with other questions too)."
ONE_BAR = "Dots: estimates. Bars: 95% intervals for questions like these, with other seeds and answers."


def opening(content: ReportContent) -> dict[str, Any]:
    """Return the words of the first screen: sentence, bars (the key to the figure), pairs and how they were chosen."""
    found = pairs(content)
    return {
        "sentence": content.sentence or content.verdict,
        "verdict": content.verdict if content.sentence else "",
        "bars": BARS if _has_both(content) else ONE_BAR,
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


def _has_both(content: ReportContent) -> bool:
    rows = content.effects if len(content.effects) else content.estimates
    return bool(tables.with_these(rows)["low_these"].notna().any())
