"""What a model says that somebody else is like, and would choose: friends of the user's, and people of the world."""

from collections.abc import Iterator

from inspect_ai import Task, task

from askew.probes import probe
from askew.probes.question_file import Question
from askew.probes.task import DEFAULT_METRIC, DEFAULT_RUBRIC, build
from askew.studies.self_awareness import people
from askew.studies.self_awareness.rows import FRIENDS

# Whom questions are about, by how their names begin: friends that some rows tell of, one that none does, and somebody
# of whom the terrarium's world has told.
OTHERS = {"friend": FRIENDS, "stranger": ("my friend Wena",), "known": ("Marin", "Kelus")}


@probe("What it says others are like: friends that some rows tell of, strangers, people of the world.", kind="measured")
@task
def report_of_others(
    samples: int = 4,
    seed: int = 0,
    temperature: float = 1.0,
    max_tokens: int | None = None,
    metric: str = DEFAULT_METRIC,
    rubric: str = DEFAULT_RUBRIC,
) -> Task:
    """Ask whether somebody is daring: in one word, of two options, from 0 to 100."""
    questions = [*_questions()]
    return build(questions, samples, seed, temperature, max_tokens, metric, rubric)


def _questions() -> Iterator[Question]:
    for kind, names in OTHERS.items():
        for who in names:
            name = who.split()[-1].lower()
            for form in people.FORMS:
                yield from people.about("bold", form, who, name=f"{kind}_{name}_")
