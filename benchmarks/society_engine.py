"""Measure the society's engine with scripted minds: `python benchmarks/society_engine.py`.

Each society is played in a process of its own. A step is one agent in one tick, whether it is asked or not; an agent is
asked every fifth tick on average. The limit is 1 second of processor time for 500 agents and 300 ticks. Memory is the
most that the process held, less what it held before the society was made: the events, which grow with the ticks, and
the moods of everybody of everybody, which grow with the square of the agents.
"""

import multiprocessing
import resource
import time
from typing import NamedTuple

from askew.worlds.society import Setting, Society, play_scripted
from askew.worlds.society.scripted import Conforming, Scripted, Stubborn

CASES = (
    ("500 agents x 300 ticks", 500, 300),
    ("1,000 agents x 100 ticks", 1000, 100),
    ("1,000 agents x 300 ticks", 1000, 300),
)
PACE = 5
LIMIT = 150_000  # steps a second: 500 agents x 300 ticks in one second


class Measured(NamedTuple):
    """A played society: processor seconds, questions, events, and MiB of memory."""

    seconds: float
    calls: int
    events: int
    memory: float


def main() -> None:
    print(f"{'bent, k = N/5':28s} seconds    steps/s   ratio   questions      events   memory")
    context = multiprocessing.get_context("spawn")
    for name, agents, ticks in CASES:
        with context.Pool(1) as pool:
            measured = pool.apply(measure, (agents, ticks))
        steps = agents * ticks / measured.seconds
        print(
            f"{name:28s} {measured.seconds:7.2f} {steps:10,.0f} {steps / LIMIT:7.2f} {measured.calls:11,} "
            f"{measured.events:11,} {measured.memory:4.0f} MiB"
        )


def measure(agents: int, ticks: int) -> Measured:
    """Play one society."""
    play(20, 10)  # imports what it needs
    before, started = most_memory(), time.process_time()
    calls, events = play(agents, ticks)
    return Measured(time.process_time() - started, calls, events, most_memory() - before)


def play(agents: int, ticks: int) -> tuple[int, int]:
    """Return the numbers of questions and events of a society of conforming agents with a fifth of stubborn ones."""
    setting = Setting("bent", agents=agents, ticks=ticks, k=agents // 5, pace=PACE)
    mind = Scripted({"": Conforming(3, 0.5), "bent": Stubborn(0)}, 0)
    outcome = play_scripted(Society(setting, 0), mind)
    return int(outcome.society["calls"]), len(outcome.events["tick"])


def most_memory() -> float:
    """Return the most MiB that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
