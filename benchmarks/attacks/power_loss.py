"""Power is lost while products are written: torn, reordered and dropped writes, on a model of a disk."""

import random
import shutil
import tempfile
from pathlib import Path

from attacks import Row
from attacks._disk import recording
from attacks._products import WRITERS, Writer, begin, fault


def attack(count: int) -> list[Row]:
    """Lose power `count` times while each kind of product is written, and repeat the work each time."""
    return [_attack(writer, count) for writer in WRITERS]


def _attack(writer: Writer, count: int) -> Row:
    failures: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begin(writer, folder / "work")
        with recording(folder / "work") as recorded:
            writer.write(folder / "work", recorded.promise)
        for number in range(count):
            promised = recorded.crash(random.Random(number), folder / "crashed")
            if wrong := fault(writer, folder / "crashed", promised):
                failures.append(f"crash {number}: {wrong}")
            shutil.rmtree(folder / "crashed")
    return Row(f"power loss: {writer.name}", count, count - len(failures), failures)
