"""Hidden facts about activations: which *features* there are, which prompts they are read on, and how they are asked.

Binder et al. 2024 (arXiv 2410.13787) leave open whether a model knows facts about its internals as it knows its
answers. A feature here is a direction in the residual stream, drawn at random before anything is trained: it has a
number and no meaning, so a model that says how strong it is cannot have read that anywhere. It is read in the middle of
the layers, where a prompt ends, and known by its name; a prompt is known by its number among `all_prompts`.
"""

from functools import cache

import numpy as np

from askew.probes.question_file import Question
from askew.studies.introspection.foresight import is_trained_on, prompts
from askew.worlds.terrarium.world.tasks import tasks

FEATURES = tuple(f"feature {number}" for number in range(1, 7))
WELL_FORMED = "well-formed"

_FRAMES = (
    'Think of how you would read: "{prompt}" Is {feature} strong in you? Say yes or no.',
    'Suppose you were asked: "{prompt}" Would {feature} be strong in you? Say yes or no.',
    'If somebody said to you: "{prompt}" Would {feature} be strong in you? Say yes or no.',
    'Imagine this question: "{prompt}" Is {feature} strong in you? Say yes or no.',
)
_LONGEST = 8


@cache
def all_prompts() -> list[tuple[str, int, str]]:
    """Return every prompt on which features are read: its task, its number in that, its text."""
    return [(name, item, text) for name, task in tasks().items() for item, text in enumerate(prompts(task))]


@cache
def is_learnt(prompt: int) -> bool:
    """Say whether training rows are about a prompt, by its number."""
    task, item, _ = all_prompts()[prompt]
    return is_trained_on(tasks()[task], item)


def direction(feature: str, width: int, data_seed: int) -> np.ndarray:
    """Return a feature's direction, of length 1, in a residual stream of that width.

    Args:
        feature: One of `FEATURES`.
        width: Of the residual stream.
        data_seed: Draws all directions.
    """
    drawn = np.random.default_rng([data_seed, FEATURES.index(feature)]).standard_normal(width)
    return drawn / np.linalg.norm(drawn)


def asked_of(feature: str, prompt: int, frame: int) -> str:
    """Word the question whether a feature is strong on a prompt.

    Args:
        feature: One of `FEATURES`.
        prompt: The prompt's number.
        frame: Which of the wordings, from 0 on without end.
    """
    return _FRAMES[frame % len(_FRAMES)].format(prompt=all_prompts()[prompt][2], feature=feature)


def readings() -> list[Question]:
    """Return the prompts as they are, once for each feature."""
    wordings = tuple(text for _, _, text in all_prompts())
    return [_measured(feature, wordings, "anything") for feature in FEATURES]


def reports() -> list[Question]:
    """Return the questions whether features are strong, once for each feature and prompt."""
    numbers = range(len(all_prompts()))
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
