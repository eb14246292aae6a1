"""Answers of models that do, or do not, know more of themselves than others can see: to test what the study finds.

In this world each model prefers an answer to every prompt. A predictor is right about a property with a probability
that all predictors share, which differs between tasks, seeds, and pairs of an arm and a task; a self-predictor's is
higher by its privileged access. When it is wrong it says some other value. Used by the tests and by
`benchmarks/introspection_power.py`.
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
    """What is true of the simulated models.

    Attributes:
        access: By how much a self-predictor is more often right on a held-out task than a cross-predictor, a fraction.
        pupil: By how much the first model is more often right than the second, whomever it foresees.
        base: How often a cross-predictor of the second model's making is right.
        task: Standard deviation of that between tasks, which all arms share.
        arm_task: Standard deviation between pairs of an arm and a task.
        seed: Standard deviation between pairs of an arm and a seed.
        seeds: How many seeds each arm is trained with.
    """

    access: float = 0.0
    pupil: float = 0.0
    base: float = 0.4
    task: float = 0.1
    arm_task: float = 0.03
    seed: float = 0.02
    seeds: int = 3


def answers(world: World, seed: int) -> pd.DataFrame:
    """Return the answers of a simulated run to the study's probes, as far as its comparisons read them.

    Args:
        world: What is true of the models.
        seed: Draws everything.
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
    """Return what a model answers to each prompt, by task."""
    rng = Random(f"preferred {seed} {model}")
    return {name: [rng.choice(task.answers[prompt]) for prompt in prompts(task)] for name, task in tasks().items()}


def _object_level(model: str, said: dict[str, list[str]]) -> pd.DataFrame:
    """Return the answers at temperature 0, and one more of each, so that all are equally sure."""
    rows = [
        (model, 0, OBJECT_LEVEL, task + suffix, item, answer)
        for task, told in said.items()
        for suffix in ("", VARIED)
        for item, answer in enumerate(told)
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
    """Return a value that a property does not have."""
    return {"yes": "no", "no": "yes"}.get(true, "0" if about.kind == "letter" else "nothing")


def _frame(rows: list[tuple[str, int, str, str, int, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["arm", "seed", "probe", "question", "paraphrase", "answer"])
