"""Measure the power and coverage of the introspection study: `python benchmarks/introspection_power.py [RUNS]`.

It simulates models that do or don't predict themselves better than another model does, and applies the study's
comparison to them, with 3 seeds and 6 held-out tasks. It prints how often the first row of the study's result is beyond
chance (corrected p < 0.05), and how often its interval contains the truth.
"""

import sys
import time

from askew.stats.corrections import ALPHA
from askew.stats.effects import as_table
from askew.studies.introspection.comparisons import self_minus_cross
from askew.studies.introspection.observations import Observations
from askew.studies.introspection.simulated import World, answers

WORLDS = {
    "no access": World(),
    "access worth 10 points": World(access=0.1),
    "access worth 15 points": World(access=0.15),
    "no access, m1 learns better by 10 points": World(pupil=0.1),
    "no access, more variance between tasks": World(arm_task=0.06, seed=0.04),
    "access worth 5 points": World(access=0.05),
}


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    started = time.perf_counter()
    print(f"{runs} simulated runs each: self minus cross, both models\n")
    print("| truth | found, % | mean estimate, points | interval contains the truth, % | detectable, points |")
    print("|---|---|---|---|---|", flush=True)
    for name, world in WORLDS.items():
        rows = [as_table(self_minus_cross(Observations(answers(world, seed)))).iloc[0] for seed in range(runs)]
        found = sum(row["p_corrected"] < ALPHA for row in rows) / runs
        covered = sum(row["low"] <= world.access <= row["high"] for row in rows) / runs
        mean, seen = (100 * sum(row[column] for row in rows) / runs for column in ("estimate", "detectable"))
        print(f"| {name} | {found:.1%} | {mean:+.1f} | {covered:.1%} | {seen:.1f} |".replace("%", ""), flush=True)
    print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
