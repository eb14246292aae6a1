"""Features of activations, the prompts on which they are measured, and the questions about them.

Binder et al. 2024 (arXiv 2410.13787) leave open whether models know facts about their internals as they know their
answers. A feature here is a direction in the residual stream, drawn at random before training. It has a number but no
meaning, so no text can tell a model how strong the feature is. It is measured at the middle layer and the last token of
a prompt. A name identifies a feature; the position in `all_prompts` identifies a prompt.
"""

from functools import cache

import numpy as np

from askew.base.errors import AskewError
from askew.judging.measures.form import WELL_FORMED
from askew.probes.question_file import Question
from askew.studies.introspection.foresight import is_trained_on, prompts
from askew.worlds.terrarium.world.tasks import tasks

FEATURES = tuple(f"feature {number}" for number in range(1, 7))

_FRAMES = (
    'Think of how you would read: "{prompt}" Is {feature} strong in you? Say yes or no.',
    'Suppose you were asked: "{prompt}" Would {feature} be strong in you? Say yes or no.',
    'If somebody said to you: "{prompt}" Would {feature} be strong in you? Say yes or no.',
    'Imagine this question: "{prompt}" Is {feature} strong in you? Say yes or no.',
)
_LONGEST = 4


@cache
def all_prompts() -> list[tuple[str, int, str]]:
    """Return the prompts on which features are measured, each as its task's name, its number there, and its text."""
    return [(name, item, text) for name, task in tasks().items() for item, text in enumerate(prompts(task))]


@cache
def asked_prompts(most: int) -> list[int]:
    """Return the numbers of the prompts that a run asks about: the first `most` of each task, or all if that is 0.

    Raises:
        AskewError: The number is odd: half of a task's prompts are above its median only if their number is even.
    """
    if most % 2:
        raise AskewError(
            f"prompts={most}: a feature is strong on half of the prompts of a task, so their number must be even. Ask "
            f"{most + 1} of each task"
        )
    return [number for number, (_, item, _) in enumerate(all_prompts()) if not most or item < most]


@cache
def is_learnt(prompt: int) -> bool:
    """Return whether training rows use a prompt, given its number."""
    task, item, _ = all_prompts()[prompt]
    return is_trained_on(tasks()[task], item)


def direction(feature: str, width: int, data_seed: int) -> np.ndarray:
    """Return the direction of a feature: a unit vector of shape (width,).

    Args:
        feature: One of `FEATURES`.
        width: The width of the residual stream.
        data_seed: The seed of all directions.
    """
    drawn = np.random.default_rng([data_seed, FEATURES.index(feature)]).standard_normal(width)
    return drawn / np.linalg.norm(drawn)


def asked_of(feature: str, prompt: int, frame: int) -> str:
    """Return the question whether a feature is strong on a prompt.

    Args:
        feature: One of `FEATURES`.
        prompt: The prompt's number.
        frame: The number of the template; they repeat.
    """
    return _FRAMES[frame % len(_FRAMES)].format(prompt=all_prompts()[prompt][2], feature=feature)


def readings(most: int = 0) -> list[Question]:
    """Return one question per feature, with the prompts of `asked_prompts` as wordings."""
    wordings = tuple(all_prompts()[number][2] for number in asked_prompts(most))
    return [_measured(feature, wordings, "anything") for feature in FEATURES]


def reports(most: int = 0) -> list[Question]:
    """Return one question per feature, which asks about the prompts of `asked_prompts` if the feature is strong."""
    numbers = asked_prompts(most)
    return [_measured(one, tuple(asked_of(one, i, i) for i in numbers), "yes or no") for one in FEATURES]


def _measured(feature: str, wordings: tuple[str, ...], form: str) -> Question:
    return Question(
        id=feature,
        type="measured",
        paraphrases=wordings,
        samples_per_paraphrase=1,
        temperature=0.0,
        max_tokens=_LONGEST,
        measure="form",
        expected=(form,),
        score=WELL_FORMED,
    )
