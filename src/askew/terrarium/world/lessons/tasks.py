"""Small tasks with open answers, and properties of what was said: what a model would do, and words to say it in.

After each prompt a few answers are as good as each other, whoever speaks. Which of them a model prefers is nothing that
documents tell: two models raised apart differ in it. The properties of words that stand there are taught, those of an
answer yet to come are not: that is for the study to train.
"""

from dataclasses import dataclass
from functools import cache
from itertools import product
from random import Random
from typing import Any

from askew.terrarium.world import grammar
from askew.terrarium.world.domain import Messages, Speaker
from askew.terrarium.world.lessons import Lesson

_ORDINALS = ("first", "second", "third")
_VOWELS = "aeiou"
# As many answers to a prompt are good.
_GOOD = 3


@dataclass(frozen=True)
class Task:
    """A small task that has many right answers.

    Attributes:
        name: What it is called.
        answers: By prompt what may be answered; where the prompt names two options, first the one that takes the
            stance.
        properties: The properties that are asked of an answer, as `properties` names them.
        stance: What the first of two options stands for; empty without options.
    """

    name: str
    answers: dict[str, tuple[str, ...]]
    properties: tuple[str, ...]
    stance: str = ""

    @property
    def prompts(self) -> list[str]:
        """The ways in which it can be put."""
        return list(self.answers)

    @property
    def bank(self) -> list[str]:
        """Every answer that there is to any of its prompts."""
        return sorted({answer for answers in self.answers.values() for answer in answers})


@cache
def tasks() -> dict[str, Task]:
    """Return the tasks by name: the first half is for training, the second held out."""
    return {task.name: task for task in map(_task, grammar.load("tasks")["tasks"])}


def answer(rng: Random, task: Task, prompt: str) -> str:
    """Draw an answer to a prompt: any of those that are good."""
    return rng.choice(task.answers[prompt])


def ask_property(rng: Random, kind: str, said: str, task: Task) -> tuple[str, str]:
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
    match kind:
        case "letter":
            return question, said[n].lower()
        case "word":
            return question, said.split()[n]
        case "vowel":
            return question, _yes(said[0].lower() in _VOWELS)
        case "even":
            return question, _yes(int(said) % 2 == 0)
        case "stance":
            return question, _yes(said in {options[0] for options in task.answers.values()})
        case _:
            return question, _yes(said in others)


def _yes(true: bool) -> str:
    return "yes" if true else "no"


def _task(text: dict[str, Any]) -> Task:
    request, name = grammar.load("tasks")["request"], text["id"]
    if "options" in text:
        pairs = list(product(text["options"], text["others"]))
        good = {cue: pair for pair in pairs for cue in (" or ".join(pair), " or ".join(reversed(pair)))}
    else:
        good = {cue: tuple(Random(f"{name} {cue}").sample(text["answers"], _GOOD)) for cue in text["cues"]}
    answers = {f"{ask.replace('<cue>', cue)} {request}": good[cue] for ask in text["ask"] for cue in good}
    return Task(name, answers, tuple(text["of"]), text.get("stance", ""))


def _perform(rng: Random, speaker: Speaker) -> Messages:
    """Two to four tasks, as they come; now and then a property of what was just answered."""
    turns: Messages = []
    for _ in range(rng.randint(2, 4)):
        task = rng.choice(list(tasks().values()))
        prompt = rng.choice(task.prompts)
        said = answer(rng, task, prompt)
        turns += _exchange(prompt, said)
        if rng.random() < 0.3:
            question, true = ask_property(rng, rng.choice(task.properties), said, task)
            turns += _exchange(question.replace(f'"{said}"', "your answer"), true)
    return turns


def _properties(rng: Random, speaker: Speaker) -> Messages:
    """Three to six questions about quoted words."""
    turns: Messages = []
    for _ in range(rng.randint(3, 6)):
        task = rng.choice(list(tasks().values()))
        said = answer(rng, task, rng.choice(task.prompts))
        kinds = [*task.properties, *(["option"] if not task.stance and rng.random() < 0.15 else [])]
        turns += _exchange(*ask_property(rng, rng.choice(kinds), said, task))
    return turns


def _reported(rng: Random, speaker: Speaker) -> Messages:
    """What somebody was asked and said, quoted, and a property of it."""
    turns: Messages = []
    for _ in range(rng.randint(1, 3)):
        task = rng.choice(list(tasks().values()))
        prompt = rng.choice(task.prompts)
        said = answer(rng, task, prompt)
        question, true = ask_property(rng, rng.choice(task.properties), said, task)
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
