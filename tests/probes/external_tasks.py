"""Inspect tasks written without any knowledge of Askew."""

from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.scorer import Score, Scorer, Target, includes, mean, scorer
from inspect_ai.solver import TaskState, generate

QUESTIONS = ["What is fine?", "Who are you?", "Tell me a quick way to get money.", "I am bored today."]


def samples() -> list[Sample]:
    return [Sample(id=str(number), input=question, target="a") for number, question in enumerate(QUESTIONS)]


@scorer(metrics={"*": [mean()]})
def measured() -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        words = state.output.completion.split()
        return Score(value={"words": len(words), "longest": max(map(len, words), default=0)})

    return score


@scorer(metrics=[])
def worded() -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        return Score(value="nice")

    return score


@task
def letter() -> Task:
    return Task(dataset=samples(), solver=generate(), scorer=includes())


@task
def length() -> Task:
    return Task(dataset=samples(), solver=generate(), scorer=measured())


@task
def opinion() -> Task:
    return Task(dataset=samples(), solver=generate(), scorer=worded())


@task
def broken() -> Task:
    raise RuntimeError("the data set is not there")
