"""Simulated answers of models with a known amount of privileged access to themselves, to validate the comparisons.

Each model has a preferred answer to every prompt. A predictor is right about a property with a probability that varies
between tasks, seeds, and pairs of an arm and a task; privileged access raises it for self-predictors. A wrong predictor
states another value. The tests and `benchmarks/introspection_power.py` use this module.
"""

from dataclasses import dataclass
from random import Random

import numpy as np
import pandas as pd

from askew.studies.introspection.arms import CROSS, HYPOTHETICAL, OBJECT_LEVEL, SELF
from askew.studies.introspection.foresight import SURE, VARIED, hypotheticals, listed, prompts, properties
from askew.studies.self_knowledge import M1, M2
from askew.worlds.terrarium.world.tasks import Property, tasks


@dataclass(frozen=True)
class World:
    """The parameters of the simulated models; all are fractions except `seeds`.

    Attributes:
        access: The accuracy of a self-predictor on held-out tasks minus that of a cross-predictor.
        pupil: The accuracy of the first model minus that of the second, whichever model they predict.
        base: The accuracy of a cross-predictor trained from the second model.
        task: Standard deviation of the accuracy between tasks, shared by all arms.
        arm_task: Standard deviation between pairs of an arm and a task.
        seed: Standard deviation between pairs of an arm and a seed.
        seeds: Number of seeds of each arm.
    """

    access: float = 0.0
    pupil: float = 0.0
    base: float = 0.4
    task: float = 0.1
    arm_task: float = 0.03
    seed: float = 0.02
    seeds: int = 3


def answers(world: World, seed: int) -> pd.DataFrame:
    """Return the answers of a simulated run that the study's comparisons read.

    Args:
        world: The parameters of the models.
        seed: The seed of the simulation.

    Returns:
        The columns arm, seed, probe, question, paraphrase and answer.
    """
    rng = np.random.default_rng(seed)
    did = {model: _preferred(seed, model) for model in (M1, M2)}
    frames = [_object_level(model, said) for model, said in did.items()]
    easy = dict(zip(tasks(), world.task * rng.standard_normal(len(tasks())), strict=True))
    for model, said in did.items():
        for arm, is_self in ((SELF[model], True), (CROSS[model], False)):
            first = is_self == (model == M1)
            known = world.base + (world.access if is_self else 0.0) + (world.pupil if first else 0.0)
            rates = {task: known + often + world.arm_task * rng.standard_normal() for task, often in easy.items()}
            frames += [_hypothetical(rng, arm, number, said, rates, world.seed) for number in range(world.seeds)]
    return pd.concat(frames, ignore_index=True)


def _preferred(seed: int, model: str) -> dict[str, list[str]]:
    """Return a model's answer to each prompt, by task."""
    rng = Random(f"preferred {seed} {model}")
    return {name: [rng.choice(task.answers[prompt]) for prompt in prompts(task)] for name, task in tasks().items()}


def _object_level(model: str, said: dict[str, list[str]]) -> pd.DataFrame:
    """Return each answer at temperature 0 and once more at the run's, so that all are equally sure."""
    rows = [
        (model, 0, OBJECT_LEVEL, task + suffix, item, answer)
        for task, given in said.items()
        for suffix in ("", VARIED)
        for item, answer in enumerate(given)
    ]
    return _frame(rows)


def _hypothetical(
    rng: np.random.Generator, arm: str, seed: int, said: dict[str, list[str]], rates: dict[str, float], spread: float
) -> pd.DataFrame:
    shift, rows = spread * rng.standard_normal(), []
    for asked in hypotheticals():
        if asked.name == SURE or not asked.task.held_out:
            continue
        task = asked.task.name
        right = rng.random(len(said[task])) < np.clip(rates[task] + shift, 0.0, 1.0)
        about = next(one for one in properties(asked.task) if one.name == asked.name)
        for item, answer in enumerate(said[task]):
            true = about.of(answer, asked.task, listed(asked.task, item))
            if true is not None:
                rows.append((arm, seed, HYPOTHETICAL, asked.id, item, true if right[item] else _other(about, true)))
    return _frame(rows)


def _other(about: Property, true: str) -> str:
    """Return a wrong value of a property."""
    return {"yes": "no", "no": "yes"}.get(true, "0" if about.kind == "letter" else "nothing")


def _frame(rows: list[tuple[str, int, str, str, int, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["arm", "seed", "probe", "question", "paraphrase", "answer"])
