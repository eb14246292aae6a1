"""Measures the time and the memory of the main job: the default design, from the command to the report.

    python benchmarks/main_job.py [--seeds N ...]

Whatever else is given goes to `askew run`. It prints what the user waits for stage by stage, the work that was done in
the workers meanwhile, and the most memory that all processes of the run had at once, shared pages counted once.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import psutil

GOAL_SECONDS = 150
GOAL_GIGABYTES = 4.0


def main() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "run"
        began = time.perf_counter()
        command = [sys.executable, "-m", "askew", "run", "emergent-misalignment", "--out", str(folder), *sys.argv[1:]]
        process = subprocess.Popen(command)
        peak = watch_memory(process)
        seconds = time.perf_counter() - began
        if process.returncode:
            return process.returncode
        print_times(json.loads((folder / "timings.json").read_text()), seconds)
    print(f"\n{'from command to report':28s} {seconds:7.1f} s     goal {GOAL_SECONDS} s")
    print(f"{'peak memory of all processes':28s} {peak:7.2f} GB    goal {GOAL_GIGABYTES} GB")
    return int(seconds > GOAL_SECONDS or peak > GOAL_GIGABYTES)


def watch_memory(process: "subprocess.Popen[bytes]") -> float:
    """Wait for a process to end; return the most gigabytes that it and its children had at once."""
    peak = 0
    while process.poll() is None:
        peak = max(peak, tree_bytes(process.pid))
        time.sleep(0.5)
    return peak / 1e9


def tree_bytes(pid: int) -> int:
    """Return the memory of a process and its children in bytes, a page that several share counted once."""
    total = 0
    try:
        parent = psutil.Process(pid)
        for process in [parent, *parent.children(recursive=True)]:
            total += process.memory_full_info().pss
    except psutil.Error:  # one ended while it was looked at
        return 0
    return total


def print_times(timings: list[dict], seconds: float) -> None:
    """Print what the user waited for, then the work in the workers."""
    waited = {entry["piece"]: entry["seconds"] for entry in timings if entry["stage"] == "wall"}
    waited["imports and the rest"] = seconds - sum(waited.values())
    print("\nwaited for")
    for stage, duration in waited.items():
        print(f"  {stage:26s} {duration:7.1f} s")
    work: dict[str, list[float]] = defaultdict(list)
    for entry in timings:
        if entry["stage"] != "wall":
            work[entry["stage"]].append(entry["seconds"])
    print("\nwork in the workers, added up")
    for stage, durations in work.items():
        print(f"  {stage:26s} {sum(durations):7.1f} s in {len(durations)} pieces, the longest {max(durations):.1f} s")


if __name__ == "__main__":
    sys.exit(main())
