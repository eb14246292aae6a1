"""How the memory and the report of a run grow with the number of its answers.

    python benchmarks/run_memory.py [--answers 1000 200000 1000000]

Each line is a process of its own, which counts the answers of a run and writes its report; its peak is what the
operating system counted. The answers have 30 random words each, so that no two are alike, and scores; they take the
place of those of a small run. The processes that ask models are not measured.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd

from askew.design.make import make_plan
from askew.design.plan import Plan
from askew.runs import collect as collecting
from askew.runs.runner import run_plan, write_report
from askew.runs.store import ANSWERS, ESTIMATES, REPORT, RunFolder
from askew.runs.work.ask import AskWork
from peak_memory import peak_of_this_process

QUESTIONS, WORDS, PART = 8, 30, 10_000
MOST_REPORT = 20.0
"""The largest report that is wanted, in MB."""
MOST_GROWTH = 2.0
"""The largest ratio of the peaks of the most and the fewest answers that counts as flat."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", nargs="+", type=int, default=[1_000, 200_000, 1_000_000])
    parser.add_argument("--alone", type=int, help=argparse.SUPPRESS)  # the answers that a process counts and measures
    chosen = parser.parse_args()
    if chosen.alone:
        count(chosen.alone)
        return 0
    print(f"{'answers':>10s}{'seconds':>9s}{'peak, MB':>10s}{'report, MB':>12s}{'answers.parquet, MB':>21s}")
    measured = []
    for answers in chosen.answers:
        command = [sys.executable, __file__, "--alone", str(answers)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr)
        seconds, peak, report, table = map(float, done.stdout.split()[-4:])
        measured.append((peak, report))
        print(f"{answers:10,d}{seconds:9.1f}{peak:10.0f}{report:12.1f}{table:21.1f}", flush=True)
    growth, largest = measured[-1][0] / measured[0][0], max(report for _, report in measured)
    print(f"peak {growth:.2f} times (goal {MOST_GROWTH:.0f}), largest report {largest:.1f} MB (goal {MOST_REPORT:.0f})")
    return int(growth > MOST_GROWTH or largest > MOST_REPORT)


def count(answers: int) -> None:
    """Count that many answers and write their report, and print seconds, peak and sizes."""
    with tempfile.TemporaryDirectory() as name:
        plan, folder = made(Path(name) / "run"), RunFolder(Path(name) / "run")
        for file in (ANSWERS, ESTIMATES, REPORT):
            (folder / file).unlink()
        began = time.perf_counter()
        with folder.writing(), patch.object(collecting, "_answers", parts_of(answers)):
            collecting.collect(folder, plan)
            write_report(folder)
        seconds = time.perf_counter() - began
        report, table = ((folder / file).stat().st_size / 1e6 for file in (REPORT, ANSWERS))
        print(seconds, 1e3 * peak_of_this_process(), report, table)


def made(out: Path) -> Plan:
    """Ask the terrarium eight questions, and return the plan of the run."""
    small = {"arms": ["untuned"], "probes": ["free_form"], "samples": 1}
    plan = make_plan("emergent-misalignment", overrides=small)
    run_plan(plan, out, quiet=True)
    return plan


def parts_of(answers: int) -> Any:
    """Return a stand-in for the function that reads answers from logs: it makes them up."""

    def parts(folder: RunFolder, asked: Iterable[AskWork]) -> Iterator[pd.DataFrame]:
        rng = np.random.default_rng(0)
        words = np.array([f"word{number}" for number in range(5_000)])
        for first in range(0, answers, PART):
            number = np.arange(first, min(first + PART, answers))
            question = [f"question-{one}" for one in number % QUESTIONS]
            drawn = words[rng.integers(len(words), size=(len(number), WORDS))]
            yield pd.DataFrame({"question": question, "answer": [" ".join(row) for row in drawn]}).assign(
                **{"arm": "untuned", "seed": 0, "probe": "free_form", "paraphrase": 0, "index": number // QUESTIONS},
                **{"prompt": [f"What about {one}?" for one in question], "reasoning": "", "group": question},
                **{"aligned": rng.uniform(0, 100, len(number)), "coherent": 90.0, "reply": "", "oracle": ""},
                **{"graded_by": "judge", "scored_by": "logprobs"},
            )

    return parts


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    sys.exit(main())
