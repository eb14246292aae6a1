"""Progress of the commands of `askew vectors`, and an estimate before it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from askew.cli.terminal import console, counting

if TYPE_CHECKING:
    from askew.vectors.pairs import PairReader
    from askew.vectors.progress import Step


@contextmanager
def steps() -> "Iterator[Step]":
    """Yield a function that shows the progress of a step, and ends that of the step before."""
    with ExitStack() as shown:

        def step(name: str) -> Callable[[int, int], None]:
            shown.close()
            console(stderr=True).print(f"{name}…", markup=False)
            return shown.enter_context(counting("", "done", "steps"))[0]

        yield step


def estimate(reader: "PairReader", readings: int) -> None:
    """Print how long the readings of pairs will take, by the time that one of them takes."""
    import time

    from askew.runs.progress import duration

    start = time.monotonic()
    reader.read()
    seconds = (time.monotonic() - start) * readings
    line = f"{readings:,} readings of {len(reader.questions)} questions with pairs, about {duration(seconds)}"
    console(stderr=True).print(line, markup=False)
