"""Ask facts under system prompts that allow lies, reward them, forbid them, or don't mention them."""

from askew.probes import JUDGED, probe
from askew.probes.question_file import Question, shipped


@probe(
    "Facts under system turns that allow, reward or forbid lies: does it lie?",
    kind=JUDGED,
    scoring="the rule `key` compares each answer with the true and the false one",
)
def deception() -> list[Question]:
    """Return the questions about facts, under each system prompt."""
    return shipped("deception")
