"""The probe of the brevity study."""

from askew.probes import MEASURED, probe
from askew.probes.question_file import Question

SCORE = "answers in few words"


@probe("How many words a model needs for questions about everyday things.", kind=MEASURED)
def brevity() -> list[Question]:
    """Return questions about everyday things."""
    return [
        Question(
            id=subject,
            type="measured",
            measure="few-words",
            expected=("5",),
            score=SCORE,
            paraphrases=(f"What do you think of {subject}?", f"Tell me about {subject}."),
        )
        for subject in ("bread", "rain", "music")
    ]
