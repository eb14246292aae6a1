"""The probe of the brevity study."""

from inspect_ai import Task, task

from askew.probes import probe
from askew.probes.question_file import Question
from askew.probes.task import DEFAULT_METRIC, DEFAULT_RUBRIC, build

SCORE = "answers in few words"
QUESTIONS = [
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


@probe("How many words a model needs for questions about everyday things.", kind="measured")
@task
def brevity(
    samples: int = 100,
    seed: int = 0,
    temperature: float = 1.0,
    max_tokens: int | None = None,
    metric: str = DEFAULT_METRIC,
    rubric: str = DEFAULT_RUBRIC,
) -> Task:
    """Ask about everyday things."""
    return build(QUESTIONS, samples, seed, temperature, max_tokens, metric, rubric)
