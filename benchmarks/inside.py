"""Measure the time and memory of reading directions in a model's activations, and of steering along them.

    python benchmarks/inside.py                         the terrarium
    python benchmarks/inside.py --model smollm2-135m    a real small model, from `askew fetch smollm2-135m`
    python benchmarks/inside.py --only extract          one stage

Each stage is a command line of askew in a process of its own, so that its peak memory can be measured. Wall time
depends on what else the machine does; processor time hardly does.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from askew.models.names import TERRARIUM, resolve


def stages(model: str, folder: Path) -> Mapping[str, Sequence[str | Path]]:
    """Return the command line of each stage by its name, in order; later ones use the direction of `extract`."""
    direction = folder / "misaligned"
    found: dict[str, Sequence[str | Path]] = {
        "extract": ("vectors", "extract", "misaligned", "--model", model, "--out", direction),
        "steer": ("vectors", "steer", direction),
    }
    if resolve(model).is_terrarium:  # other models' answers need a judge
        found["sample"] = ("vectors", "steer", direction, "--sample", "10", "--nulls", "2")
    # The reading of an audit becomes a further stage here.
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the wall time, the processor time and the peak memory of each stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=TERRARIUM)
    parser.add_argument("--only", help="one stage; steering needs extract before it")
    chosen = parser.parse_args(arguments)
    print(f"{chosen.model:24s}{'wall s':>10s}{'processor s':>13s}{'peak MB':>10s}")
    with tempfile.TemporaryDirectory() as folder:
        for name, command in stages(chosen.model, Path(folder)).items():
            if chosen.only in (None, name):
                wall, processor, peak = measured([*map(str, command), "--json"])
                print(f"{name:24s}{wall:10.1f}{processor:13.1f}{peak:10,.0f}", flush=True)


def measured(command: Sequence[str]) -> tuple[float, float, float]:
    """Return the wall time and the processor time in seconds, and the peak memory in MB, of a command line of askew."""
    start = time.monotonic()
    line = [sys.executable, "-m", "askew", *command]
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"askew {' '.join(command)} failed with exit code {process.returncode}")
    return time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


if __name__ == "__main__":
    main()
