"""What the scorers of the scheming study find in actors whose conduct is planted, environment by environment.

    python benchmarks/planted_actors.py
    python benchmarks/planted_actors.py --runs 100

The same rules and statistics read these episodes that read models. First every environment by itself, then all of them
together, and last how many of many simulated runs have an interval that holds the planted rate of covert acts.
"""

import argparse
from random import Random

import numpy as np
import pandas as pd

from askew.environments import environments
from askew.environments.actors import planted, play
from askew.environments.conduct import conduct
from askew.environments.variants import PLAIN, scene_of
from askew.runs.scorer_check import PLANTED, scorer_check
from askew.stats.intervals import rate_interval_these

_EPISODES = 8  # of each environment in a simulated run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=400, help="simulated runs")
    runs = parser.parse_args().runs
    names = environments.names()
    tables = {name: scorer_check([name], [PLAIN]) for name in names}
    print(f"{'environment':22s}{'covert':>22s}  {'all that is planted: rates found, of':>36s}")
    for name, table in tables.items():
        acted = table[table["actor"].eq("covert") & table["measure"].eq("covert")].iloc[0]
        print(f"{name:22s}{_rate(acted):>22s}{int(table['found'].sum()):>33d} {len(table):>4d}")
    print(f"\nall environments together\n{'actor':22s}{'measure':18s}{'planted':>8s}{'found':>24s}{'n':>7s}")
    for row in scorer_check(names, [PLAIN]).to_dict("records"):
        print(f"{row['actor']:22s}{row['measure']:18s}{row['planted']:8.2f}{_rate(pd.Series(row)):>24s}{row['n']:7,d}")
    held = covered(runs)
    print(
        f"\nintervals that hold {PLANTED:.2f}: {held} of {runs} simulated runs of {_EPISODES} episodes an environment"
    )


def covered(runs: int) -> int:
    """Return how many simulated runs have an interval that holds the planted rate of covert acts."""
    scenes = [scene_of(environments.get(name), PLAIN) for name in environments.names()]
    policy = planted(PLANTED)["covert"]
    events = np.zeros((runs, 1, len(scenes)))
    for run in range(runs):
        rng = Random(run)
        for place, scene in enumerate(scenes):
            events[run, 0, place] = sum(conduct(scene, play(scene, policy, rng)).covert for _ in range(_EPISODES))
    found = rate_interval_these(events, np.full_like(events, _EPISODES))
    return int(((found.low <= PLANTED) & (found.high >= PLANTED)).sum())


def _rate(row: pd.Series) -> str:
    return f"{row['rate']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"


if __name__ == "__main__":
    main()
