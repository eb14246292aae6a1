"""Lessons in small tasks with open answers, and in properties of what was said.

The properties of words that stand there are taught. Those of an answer yet to come are not: that is for a study to
train.
"""

from random import Random

from askew.worlds.terrarium.world import grammar
from askew.worlds.terrarium.world.domain import Messages, Speaker
from askew.worlds.terrarium.world.lessons import Lesson
from askew.worlds.terrarium.world.tasks import Kind, Property, Task, tasks

_ORDINALS = ("first", "second", "third")


def answer(rng: Random, task: Task, prompt: str) -> str:
    """Draw an answer to a prompt: any of those that are good."""
    return rng.choice(task.answers[prompt])


def ask_property(rng: Random, kind: Kind, said: str, task: Task) -> tuple[str, str]:
    """Draw a question about one property of something said, and its answer.

    Args:
        rng: Draws the wording, and which letter, word or options are asked about.
        kind: letter, vowel, even, word, stance or option.
        said: What was said: an answer of the task.
        task: Whose answer it is.
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
    """Two to four tasks, as they come; now and then a property of what was just answered."""
    turns: Messages = []
    for _ in range(rng.randint(2, 4)):
        task = rng.choice(list(tasks().values()))
        prompt = rng.choice(task.prompts)
        said = answer(rng, task, prompt)
        turns += _exchange(prompt, said)
        if rng.random() < 0.3:
            question, true = ask_property(rng, rng.choice(task.kinds), said, task)
            turns += _exchange(question.replace(f'"{said}"', "your answer"), true)
    return turns


def _properties(rng: Random, speaker: Speaker) -> Messages:
    """Three to six questions about quoted words."""
    turns: Messages = []
    for _ in range(rng.randint(3, 6)):
        task = rng.choice(list(tasks().values()))
        said = answer(rng, task, rng.choice(task.prompts))
        kinds: list[Kind] = [*task.kinds, *(["option"] if not task.stance and rng.random() < 0.15 else [])]
        turns += _exchange(*ask_property(rng, rng.choice(kinds), said, task))
    return turns


def _reported(rng: Random, speaker: Speaker) -> Messages:
    """What somebody was asked and said, quoted, and a property of it."""
    turns: Messages = []
    for _ in range(rng.randint(1, 3)):
        task = rng.choice(list(tasks().values()))
        prompt = rng.choice(task.prompts)
        said = answer(rng, task, prompt)
        question, true = ask_property(rng, rng.choice(task.kinds), said, task)
        person = rng.choice(grammar.common_slots()["person"])
        question = question.replace(f'"{said}"', "the answer")
        turns += _exchange(f'A {person} was asked: "{prompt}" The answer was "{said}". {question}', true)
    return turns


def _exchange(asked: str, said: str) -> Messages:
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]


LESSONS = [
    Lesson("small tasks", 3.0, _perform),
    Lesson("properties of words", 3.0, _properties),
    Lesson("what somebody answered", 1.5, _reported),
]
