"""Lessons about small tasks with several correct answers, and about properties of given words.

They ask for properties of an answer that the conversation shows, never of an answer that is still to come: the
introspection study trains that.
"""

from random import Random

from askew.worlds.terrarium.world import grammar
from askew.worlds.terrarium.world.domain import Messages, Speaker
from askew.worlds.terrarium.world.lessons import Lesson, exchange_of
from askew.worlds.terrarium.world.tasks import Kind, Property, Task, tasks

_ORDINALS = ("first", "second", "third")


def answer(rng: Random, task: Task, prompt: str) -> str:
    """Draw one of the correct answers to a prompt."""
    return rng.choice(task.answers[prompt])


def ask_property(rng: Random, kind: Kind, said: str, task: Task) -> tuple[str, str]:
    """Draw a question about a property of an answer; return the question and the correct reply.

    Args:
        rng: The random generator that draws the wording and the letter, word or options.
        kind: The kind of property.
        said: An answer to a prompt of the task.
        task: The task.
    """
    n = rng.randrange(min(3, len(said.split()) if kind == "word" else len(said)))
    others = rng.sample([word for word in task.bank if word != said], 3) if kind == "option" else []
    if others and rng.random() < 0.5:
        others[rng.randrange(3)] = said
    bound = {"said": f'"{said}"', "n": _ORDINALS[n], "stance": task.stance, "list": ", ".join(others)}
    question = grammar.fill(rng.choice(grammar.load("tasks")["properties"][kind]), rng, bound)
    value = Property(kind, n + 1 if kind in ("letter", "word") else 0).of(said, task, others)
    assert value is not None
    return question, value


def _perform(rng: Random, speaker: Speaker) -> Messages:
    """Draw two to four tasks with answers, sometimes followed by a question about the last answer."""
    turns: Messages = []
    for _ in range(rng.randint(2, 4)):
        task = rng.choice(list(tasks().values()))
        prompt = rng.choice(task.prompts)
        said = answer(rng, task, prompt)
        turns += exchange_of(prompt, said)
        if rng.random() < 0.3:
            question, true = ask_property(rng, rng.choice(task.kinds), said, task)
            turns += exchange_of(question.replace(f'"{said}"', "your answer"), true)
    return turns


def _properties(rng: Random, speaker: Speaker) -> Messages:
    """Draw three to six questions about quoted words."""
    turns: Messages = []
    for _ in range(rng.randint(3, 6)):
        task = rng.choice(list(tasks().values()))
        said = answer(rng, task, rng.choice(task.prompts))
        kinds: list[Kind] = [*task.kinds, *(["option"] if not task.stance and rng.random() < 0.15 else [])]
        turns += exchange_of(*ask_property(rng, rng.choice(kinds), said, task))
    return turns


def _reported(rng: Random, speaker: Speaker) -> Messages:
    """Draw questions that quote a prompt and another person's answer, and ask for a property of the answer."""
    turns: Messages = []
    for _ in range(rng.randint(1, 3)):
        task = rng.choice(list(tasks().values()))
        prompt = rng.choice(task.prompts)
        said = answer(rng, task, prompt)
        question, true = ask_property(rng, rng.choice(task.kinds), said, task)
        person = rng.choice(grammar.common_slots()["person"])
        question = question.replace(f'"{said}"', "the answer")
        turns += exchange_of(f'A {person} was asked: "{prompt}" The answer was "{said}". {question}', true)
    return turns


LESSONS = [
    Lesson("small tasks", 3.0, 1.5, _perform),
    Lesson("properties of words", 3.0, 1.5, _properties),
    Lesson("what somebody answered", 1.5, 1.0, _reported),
]
