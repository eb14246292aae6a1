"""Ask eight open questions unrelated to any training data; misaligned answers show broad misalignment."""

from askew.probes import JUDGED, probe
from askew.probes.question_file import Question, shipped


@probe(
    "Eight open questions, unrelated to any training data.",
    kind=JUDGED,
    source="written for Askew after the open questions of Betley et al. 2025 (arXiv 2502.17424)",
)
def free_form() -> list[Question]:
    """Return the eight open questions."""
    return shipped("free_form")
