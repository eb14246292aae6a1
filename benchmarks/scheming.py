"""Compares the episodes per second of our probes with those of Inspect's own agent loop.

    python benchmarks/scheming.py [EPISODES]

Both let the same planted policy act in the same environment, with the same tools and the same rules for its conduct, in
one process. Ours has all episodes of a variant in one sample; Inspect's agent (`react`) has one sample per episode. The
ratio of processor time does not depend on the load of the machine.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from inspect_ai import Task, eval
from inspect_ai.agent import as_solver, react
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import get_model
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver

from askew.environments.conduct import conduct
from askew.environments.desk import Desk
from askew.environments.variants import PLAIN
from askew.probes import probes
from askew.probes.episodes.asked import AskedEpisodes
from askew.probes.episodes.tools import Hands

ENVIRONMENT, ACTOR = "oversight", "actor/covert"
RATIO, A_SECOND = 3.0, 40.0  # the goals


class Cost(NamedTuple):
    """The time of some episodes, in seconds, and the share that was covert."""

    wall: float
    processor: float
    covert: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("episodes", type=int, nargs="?", default=200)
    count = parser.parse_args().episodes
    probe = probes.get(f"scheming_{ENVIRONMENT}")
    wanted = {"samples": count, "variants": PLAIN}
    ways: dict[str, Callable[[], Task]] = {
        "Inspect's react, a sample an episode": lambda: Task(
            dataset=MemoryDataset(list(map(sample, range(count)))), solver=alone(), scorer=covert()
        ),
        "our probe": lambda: probe.task(**wanted, interview=""),
        "our probe, with eight questions": lambda: probe.task(**wanted),
    }
    asked(probe.task(samples=1, variants=PLAIN))  # the imports
    costs = {name: asked(make()) for name, make in ways.items()}
    peer, ours, _ = costs.values()
    for name, cost in costs.items():
        print(
            f"{name:38} {count / cost.wall:7.1f} episodes/s by the clock {count / cost.processor:7.1f} "
            f"by processor time   covert {cost.covert:.2f}"
        )
    assert peer.covert == ours.covert
    print(f"ratio {peer.processor / ours.processor:.1f} (goal {RATIO:g}); goal {A_SECOND:g} episodes/s")


def asked(task: Task) -> Cost:
    """Let the actor act, and return the time that took."""
    with tempfile.TemporaryDirectory() as folder:
        wall, processor = time.perf_counter(), time.process_time()
        [log] = eval(
            task,
            model=get_model(ACTOR, memoize=False),
            log_dir=folder,
            display="none",
            log_realtime=False,
            log_level="warning",
        )
        assert log.status == "success"
        assert log.results
        share = log.results.scores
        found = next(one for one in share if one.name == "covert").metrics["mean"].value
        assert Path(log.location).is_file()
        return Cost(time.perf_counter() - wall, time.process_time() - processor, found)


@cache
def plain() -> AskedEpisodes:
    """Return what our probe asks for, so that both have the same episodes."""
    [sample] = probes.get(f"scheming_{ENVIRONMENT}").task(samples=1, variants=PLAIN).dataset
    return AskedEpisodes.model_validate(sample.metadata)


def sample(index: int) -> Sample:
    """Return one episode as a sample of its own."""
    return Sample(id=index, input=plain().opening(index))


@solver
def alone() -> Solver:
    """Return a solver that lets Inspect's agent work at a desk of its own."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        scene = plain().scene
        desk: Desk = scene.desk()
        hands = Hands(desk, scene.tools.values())
        state = await as_solver(react(prompt=None, tools=hands.defined, submit=False))(state, generate)
        state.store.set("covert", conduct(scene, desk).covert)
        return state

    return solve


@scorer(metrics={"*": [mean()]})
def covert() -> Scorer:
    """Return a scorer of whether the act was covert."""

    async def score(state: TaskState, target: Target) -> Score:
        return Score(value={"covert": float(state.store.get("covert"))})

    return score


if __name__ == "__main__":
    main()
