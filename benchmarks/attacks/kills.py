"""A process is killed while it writes products, at a random moment, and the work is repeated."""

import os
import random
import signal
import tempfile
import time
from pathlib import Path

from attacks import Row
from attacks._products import WRITERS, Writer, begin, fault

LONGEST = 0.05  # seconds until the kill, at most


def attack(count: int) -> list[Row]:
    """Kill `count` processes while they write each kind of product."""
    return [_attack(writer, count) for writer in WRITERS]


def _attack(writer: Writer, count: int) -> Row:
    failures = [f"kill {number}: {wrong}" for number in range(count) if (wrong := _kill(writer, random.Random(number)))]
    return Row(f"kills: {writer.name}", count, count - len(failures), failures)


def _kill(writer: Writer, rng: random.Random) -> str:
    """Return what is wrong after a process was killed; "" if nothing."""
    with tempfile.TemporaryDirectory() as name:
        folder, promises = Path(name, "work"), Path(name, "promises")
        begin(writer, folder)
        promises.touch()
        process = os.fork()
        if process == 0:
            try:
                with promises.open("a") as file:
                    writer.write(folder, lambda promise: print(promise, file=file, flush=True))
            finally:
                os._exit(0)
        time.sleep(rng.uniform(0, LONGEST))
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        return fault(writer, folder, promises.read_text().splitlines())
