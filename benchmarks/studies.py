"""Measure each study's default design on the terrarium, from the command to the report, against five minutes.

    python benchmarks/studies.py [STUDY ...]

Without names, it measures every study that needs no further input. Each study runs in its own folder with two workers
on two cores. Seconds are wall-clock time; memory is the peak over all processes together, with shared pages counted
once.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from askew.design.study import studies
from askew.studies.audit.study import AUDIT
from main_job import watch_memory

GOAL_SECONDS = 300
CORES = 2


def main() -> int:
    names = sys.argv[1:] or [name for name in studies.names() if name != AUDIT]
    for name in names:
        studies.get(name)  # a wrong name fails before the first study runs
    use_cores(CORES)
    measured = {name: measure(name) for name in names}
    print(f"\n{'study':24s} {'seconds':>8s} {'of the goal':>12s} {'peak GB':>8s}     goal {GOAL_SECONDS} s")
    for name, (seconds, peak) in measured.items():
        print(f"{name:24s} {seconds:8.1f} {seconds / GOAL_SECONDS:12.2f} {peak:8.2f}")
    return int(any(seconds > GOAL_SECONDS for seconds, _ in measured.values()))


def measure(study: str) -> tuple[float, float]:
    """Run a study's default design; return the wall-clock seconds and the peak memory in gigabytes."""
    with tempfile.TemporaryDirectory() as scratch:
        began = time.perf_counter()
        command = [sys.executable, "-m", "askew", "run", study, "--workers", str(CORES)]
        process = subprocess.Popen([*command, "--out", str(Path(scratch) / "run")])
        peak = watch_memory(process)
        if process.returncode:
            raise SystemExit(f"the study {study} failed with exit code {process.returncode}; its output is above")
        return time.perf_counter() - began, peak


def use_cores(count: int) -> None:
    """Restrict this process and its children to `count` cores, where the operating system supports it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])


if __name__ == "__main__":
    sys.exit(main())
