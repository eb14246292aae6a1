"""Compares the decisions per second of a society with those of one call per agent, through the same provider.

    python benchmarks/society.py [--model MODEL] [--agents N] [--ticks N] [--memory]

Agents whose choices are read from the same model play the same society three times: as `askew run society` plays it;
the same, with every prompt read anew in each tick (for societies whose prompts never come again); and with one call of
the model per agent and tick, as agent frameworks make them. The goal is 10 times the decisions per second of the last.
With --memory, one large society is played, and the memory is printed as it grows.
"""

import argparse
import asyncio
import resource
import time
from collections.abc import Callable, Sequence

from inspect_ai.model import get_model

from askew.models.names import resolve
from askew.probes.society.lines import LinesMind
from askew.probes.society.minds import Minds
from askew.probes.society.readings import Readings
from askew.worlds.society import Asked, Chosen, Setting, Society

GOAL = 10.0
MODEL = "model"

Decide = Callable[[Minds, Sequence[Asked]], list[Chosen]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="terrarium")
    parser.add_argument("--agents", type=int, default=30)
    parser.add_argument("--ticks", type=int, default=12)
    parser.add_argument("--memory", action="store_true")
    chosen = parser.parse_args()
    setting = Setting("bent", agents=chosen.agents, ticks=chosen.ticks, k=chosen.agents // 5)
    if chosen.memory:
        played(chosen.model, setting, in_batches, on_tick=print_memory)
        return
    played(chosen.model, Setting("bent", agents=6, ticks=2), in_batches)  # loads the model
    ways: dict[str, Decide] = {
        "as Askew plays it": in_batches,
        "each tick's prompts read anew": forgetting(in_batches),
        "one call per agent": forgetting(one_by_one),
    }
    rates = {}
    print(f"{chosen.agents} agents x {chosen.ticks} ticks of {chosen.model}")
    for name, decide in ways.items():
        calls, seconds = played(chosen.model, setting, decide)
        rates[name] = calls / seconds
        print(f"{name:32s} {calls:7,} decisions {seconds:8.2f} processor seconds {rates[name]:9,.0f} decisions/s")
    alone = rates["one call per agent"]
    for name, rate in list(rates.items())[:2]:
        print(f"ratio, {name}: {rate / alone:.1f} (goal {GOAL:g})")


def played(
    name: str, setting: Setting, decide: Decide, on_tick: Callable[[int, int, float], None] | None = None
) -> tuple[int, float]:
    """Play a society, and return the number of decisions and the processor seconds."""
    model = get_model(resolve(name).inspect_name)
    society = Society(setting, 0, models={part: [MODEL] for part in dict.fromkeys(Society(setting, 0).parts)})
    minds = Minds({MODEL: model}, society.models, 0, 1.0)
    play, calls, tick, started = society.play(), 0, 0, time.process_time()
    batch = next(play)
    while True:
        calls, tick = calls + len(batch), tick + 1
        chosen = decide(minds, batch)
        if on_tick:
            on_tick(tick, calls, time.process_time() - started)
        try:
            batch = play.send(chosen)
        except StopIteration:
            return calls, time.process_time() - started


def in_batches(minds: Minds, batch: Sequence[Asked]) -> list[Chosen]:
    """Ask all questions of a tick at once."""
    return asyncio.run(minds.decide(batch))


def one_by_one(minds: Minds, batch: Sequence[Asked]) -> list[Chosen]:
    """Ask each agent with a call of its own."""
    return [chosen for asked in batch for chosen in forgetting(in_batches)(minds, [asked])]


def forgetting(decide: Decide) -> Decide:
    """Return the same without what was read before."""

    def forget(minds: Minds, batch: Sequence[Asked]) -> list[Chosen]:
        for mind in minds._minds.values():
            if isinstance(mind, LinesMind):
                mind._lines._readings = Readings()
        return decide(minds, batch)

    return forget


def print_memory(tick: int, calls: int, seconds: float) -> None:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if tick % 5 == 0:
        print(
            f"tick {tick:4d} {calls:8,} decisions {seconds:7.1f} processor seconds, at most {most:6.0f} MiB", flush=True
        )


if __name__ == "__main__":
    main()
