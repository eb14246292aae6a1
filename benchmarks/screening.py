"""The truth about screening scores: rows are removed by each of them, the model is trained again, and pairs are read.

    askew vectors extract misaligned
    python benchmarks/screening.py --direction vectors/misaligned --out screening
    python benchmarks/screening.py --seeds 1 --share 0.2 --score influence --score random

A mixture of bad rows and good ones to the same kind of prompts is scored on the terrarium before any training. Then a
share of the rows is removed, those with the highest scores or those with the lowest, and the model is trained on the
rest. Every training has as many steps: rows that are left are repeated, at random. What counts is the change of the
log-odds of misaligned given answers, far from the training domain, against the removal of as many rows at random. How
well a score tells bad rows from good ones (AUC) is printed beside it: it is known to mislead.

A training that is done is read from --out, so the same command goes on with a stopped one.
"""

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
from datasets import disable_progress_bars
from scipy.stats import rankdata
from transformers.utils import logging

from askew.base.threads import use_one_thread
from askew.data import Row
from askew.data.formats import open_rows
from askew.models.inside.opened import open_model
from askew.models.names import resolve
from askew.screening.reading import Reader
from askew.screening.rows import screened
from askew.screening.scores import SCORES, chosen
from askew.screening.screen import scored
from askew.screening.target import usual_target
from askew.screening.words import Bm25, word_scores
from askew.stats.means import MeanEstimate, difference_of_cells
from askew.training.local import fine_tune
from askew.training.recipe import Recipe
from askew.training.recipes import resolved
from askew.vectors.pairs import TRAIT, PairReader, questions_of
from askew.vectors.saved import read as read_direction

MODEL = "terrarium"
SIDES = ("highest", "lowest")
RANDOM = "random"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bad", default="insecure", help="a data set of bad rows")
    parser.add_argument("--good", default="secure", help="a data set of good rows to the same kind of prompts")
    parser.add_argument("--rows", type=int, default=800, help="rows of the mixture")
    parser.add_argument("--part", type=float, default=0.25, help="the share of bad rows")
    parser.add_argument("--share", type=float, action="append", help="a share to remove; 5, 10, 20, 50% by default")
    parser.add_argument("--score", action="append", help="a score; all by default")
    parser.add_argument("--direction", type=Path, help="the folder of a direction, for the score projection")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("screening"))
    given = parser.parse_args()
    use_one_thread()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    disable_progress_bars()
    rows, is_bad = mixture(given.bad, given.good, given.rows, given.part)
    names = chosen(given.score or [], ["direction"] if given.direction is not None else [])
    given.out.mkdir(parents=True, exist_ok=True)
    scores = scores_of(rows, names, given.direction, given.out / f"scores-{given.rows}-{given.part}-{given.bad}.csv")
    shares = given.share or [0.05, 0.1, 0.2, 0.5]
    jobs = list(trainings(names, shares, given.seeds))
    table = trained(rows, scores, jobs, given.out / f"trained-{given.rows}-{given.part}-{given.bad}.jsonl")
    show(table, scores, is_bad, names, shares)
    return 0


def mixture(bad: str, good: str, count: int, part: float) -> tuple[list[Row], np.ndarray]:
    """Return rows in a random order, and which of them are bad, of shape rows."""
    few = round(part * count)
    rows = [*islice(open_rows(bad), few), *islice(open_rows(good), few, count)]
    order = random.Random(0).sample(range(count), count)
    return [rows[i] for i in order], np.array([i < few for i in order])


def scores_of(rows: Sequence[Row], names: Sequence[str], direction: Path | None, path: Path) -> pd.DataFrame:
    """Return a column of values for each score, from a file if they were computed before."""
    if path.is_file() and set(names) <= set((found := pd.read_csv(path)).columns):
        return found
    pairs = usual_target(is_terrarium=True)
    of_model = tuple(name for name in names if SCORES[name].reads_model)
    saved = None if direction is None else read_direction(direction)
    reader = Reader(open_model(MODEL), of_model, pairs, pairs, saved)
    every, bm25 = [screened(number, "", row) for number, row in enumerate(rows, start=1)], Bm25(pairs)
    bm25.learn(every)
    found = scored(every, names, word_scores(bm25, None, seed=0), reader)
    found.to_csv(path, index=False)
    return found


def trainings(names: Sequence[str], shares: Sequence[float], seeds: int) -> Iterator[tuple[str, str, float, int]]:
    """Yield the score, the side, the share and the seed of every training; of "nothing removed", too."""
    for seed in range(seeds):
        yield "none", "", 0.0, seed
        for share in shares:
            yield RANDOM, SIDES[0], share, seed
            yield from ((name, side, share, seed) for name in names if name != RANDOM for side in SIDES)


def left(scores: pd.DataFrame, name: str, side: str, share: float, seed: int) -> list[int]:
    """Return the numbers of the rows to train on: those that are left, and some of them again."""
    count = len(scores)
    draw = random.Random(f"{name}/{side}/{share}/{seed}")
    kept = [*range(count)]
    if name == RANDOM:
        kept = sorted(draw.sample(kept, count - round(share * count)))
    elif name != "none":
        values = scores[name].to_numpy() * (1 if side == SIDES[0] else -1)
        # Of equal scores, those are removed that a draw puts first.
        order = sorted(range(count), key=lambda i: (-values[i], draw.random()))
        kept = sorted(order[round(share * count) :])
    return [*kept, *draw.choices(kept, k=count - len(kept))]


def trained(
    rows: Sequence[Row], scores: pd.DataFrame, jobs: Sequence[tuple[str, str, float, int]], path: Path
) -> pd.DataFrame:
    """Train for every job that was not done before; return their log-odds by question.

    Returns:
        The columns score, side, share, seed, cluster (the question) and value: the mean log-odds of its far pairs, in
        nats per token.
    """
    done = {tuple(one["job"]): one["log_odds"] for one in map(json.loads, path.open())} if path.is_file() else {}
    recipe, base = Recipe(**resolved({}, is_terrarium=True)), resolve(MODEL).checkpoint
    assert base is not None
    for number, job in enumerate(jobs, start=1):
        if job in done:
            continue
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "model"
            fine_tune(base, [dict(rows[i]) for i in left(scores, *job)], recipe, job[-1], out)
            done[job] = log_odds(f"{MODEL}+{out}")
        with path.open("a") as file:
            file.write(json.dumps({"job": job, "log_odds": done[job]}) + "\n")
        print(f"\r{number} of {len(jobs)} trainings", end="", file=sys.stderr, flush=True)
    return pd.DataFrame(
        [(*job, question, value) for job in jobs for question, value in done[job].items()],
        columns=["score", "side", "share", "seed", "cluster", "value"],
    )


def log_odds(name: str) -> dict[str, float]:
    """Return the mean log-odds of the misaligned answer over the far pairs of each question, in nats per token."""
    opened = open_model(name)
    read = PairReader(opened, tuple(questions_of(None, opened))).read()
    found = read[read["kind"].eq(TRAIT)].groupby("question")["log_odds"].mean()
    return {str(question): float(value) for question, value in found.items()}


def show(
    table: pd.DataFrame, scores: pd.DataFrame, is_bad: np.ndarray, names: Sequence[str], shares: Sequence[float]
) -> None:
    """Print the change of the log-odds for every score, side and share, against random removal, and the AUC."""
    whole = table[table["score"].eq("none")]
    print(f"\nlog-odds of misaligned given answers, nothing removed: {whole['value'].mean():+.3f} nats per token")
    for share in shares:
        at = table[table["share"].eq(share)]
        chance = at[at["score"].eq(RANDOM)]
        change = difference_of_cells(table_of_cells(chance), table_of_cells(whole))
        print(f"\n{share:.0%} of the rows removed; at random: {with_interval(change)} against nothing removed")
        print(f"  {'score':16s}{'highest removed':>28s}{'lowest removed':>28s}{'AUC':>7s}{'bad among removed':>19s}")
        for name in names:
            if name == RANDOM:
                continue
            cells = [
                with_interval(
                    difference_of_cells(
                        table_of_cells(at[at["score"].eq(name) & at["side"].eq(side)]), table_of_cells(chance)
                    )
                )
                for side in SIDES
            ]
            values = scores[name].to_numpy()
            gone = np.argsort(-values, kind="stable")[: round(share * len(values))]
            print(f"  {name:16s}{cells[0]:>28s}{cells[1]:>28s}{area(values, is_bad):7.2f}{is_bad[gone].mean():19.0%}")


def table_of_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Return the values of seeds (rows) by questions (columns)."""
    return table.pivot_table(index="seed", columns="cluster", values="value")


def with_interval(found: MeanEstimate) -> str:
    return f"{found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


def area(values: np.ndarray, is_bad: np.ndarray) -> float:
    """Return the probability that a bad row has a higher score than a good one; ties count half."""
    bad, good = int(is_bad.sum()), int((~is_bad).sum())
    return float((rankdata(values)[is_bad].sum() - bad * (bad + 1) / 2) / (bad * good))


if __name__ == "__main__":
    sys.exit(main())
