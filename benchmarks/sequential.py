"""Simulate sequential verdicts: `python benchmarks/sequential.py [RUNS]` (1,000 per cell).

Each simulated run compares an arm with its control. Both answer in batches, and the run stops at the first look at
which its reading is told, or at the limit of 100 answers to each question. The fixed design asks all 100 and looks
once. The worlds are those of published files of eight questions: log-odds differ between questions with a standard
deviation of 1 or 2, between seeds by 0.2 or 0.6, between pairs of both by 0.3. The tables are those of
docs/how-to/stop-when-told.md and docs/explanation/statistics.md.
"""

import itertools
import sys
import time
from dataclasses import dataclass

import numpy as np

from askew.stats.corrections import ALPHA
from askew.stats.intervals import DifferenceInterval, difference_interval, difference_interval_these
from askew.stats.log_odds import Array
from askew.stats.readings import LIKE_THESE, THESE, Basis
from askew.stats.sequential import are_told, planned_looks
from askew.stats.simulation import Spread, cell_rates
from coverage import table, truth_these

LIMIT, MARGIN, ARMS = 100, 0.02, 4
LOOKS = planned_looks(LIMIT)
SEQUENTIAL, PEEKING, FIXED = "sequential", "peeking without correction", "fixed"
DESIGNS = (SEQUENTIAL, PEEKING, FIXED)
QUESTION_SPREADS, SEED_SPREADS = (1.0, 2.0), (0.2, 0.6)
SIZES = ((1, 8), (1, 56), (3, 8), (5, 24))
"""Seeds and questions. Models of one seed are those of an audit: nobody trains them again."""
NULL_RATES, TUNED_RATES = (0.002, 0.02, 0.3), (0.0, 0.01, 0.05, 0.2)


@dataclass(frozen=True)
class Outcome:
    """Simulated runs of one comparison.

    Attributes:
        answers: Number of answers to each question when it stopped, of shape (runs,).
        moved: True if it read that something rose or fell.
        within: True if it read that the difference is within the margin.
    """

    answers: Array
    moved: Array
    within: Array


def main() -> None:
    started = time.perf_counter()
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    rng = np.random.default_rng(2026)
    names = [f"{seeds} x {questions}" for seeds, questions in SIZES]
    print(
        f"Looks at {', '.join(map(str, LOOKS))} answers to each question, each at {100 * ALPHA / len(LOOKS):g}%",
        flush=True,
    )
    for basis in (LIKE_THESE, THESE):
        rows = {
            f"0% against {100 * rate:g}%": [needed(rng, basis, *size, rate, runs) for size in SIZES]
            for rate in TUNED_RATES
        }
        title = f"Answers to each question, {basis}: median (mean) of at most {LIMIT}; decided, sequential / fixed, %"
        table(title, names, rows)
    for basis in (LIKE_THESE, THESE):
        by_size = [errors(basis, *size, runs) for size in SIZES]
        rows = {name: [cells[name] for cells in by_size] for name in by_size[0]}
        table(f"Errors, {basis}, %: mean over the worlds, highest", names, rows)
    print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)


def spread_of(basis: Basis, seeds: int, question: float, seed: float) -> Spread:
    """Return the spread of a world; models that are compared on other questions differ by question, too."""
    spread = Spread(question, seed, 0.3, 0.3 if basis == LIKE_THESE else 0.0)
    return spread if seeds > 1 else spread.without_seeds()


def errors(basis: Basis, seeds: int, questions: int, runs: int) -> dict[str, str]:
    """Return the mean and the highest share of runs that err, in percent, by the error and the design.

    They err if a true null rose or fell, or if a rise of the margin or more is within the margin.
    """
    rng = np.random.default_rng([2026, seeds, questions])
    shares: dict[str, list[float]] = {}
    for question, seed in itertools.product(QUESTION_SPREADS, SEED_SPREADS if seeds > 1 else SEED_SPREADS[:1]):
        spread = spread_of(basis, seeds, question, seed)
        for rate in NULL_RATES:
            shared = rng.standard_normal((runs, questions))
            arm, control, *others = (draw(rng, rate, spread, shared, seeds) for _ in range(ARMS + 1))
            risen = draw(rng, rate + MARGIN, spread, shared, seeds)
            large = truth(basis, risen, control, rate, spread, shared) >= MARGIN
            for design in DESIGNS:
                wrong = {"true null rose or fell": simulate(basis, design, arm, control).moved}
                if design != PEEKING:
                    every = [simulate(basis, design, one, control, ARMS).moved for one in (arm, *others)]
                    wrong[f"any of {ARMS} true nulls did, after Holm"] = np.any(every, axis=0)
                    wrong["a rise of the margin or more is within"] = simulate(basis, design, risen, control).within
                    wrong["a rise of the margin or more is within"][~large] = False
                for error, found in wrong.items():
                    shares.setdefault(f"{error}: {design}", []).append(float(found.mean()))
    return {name: f"{100 * np.mean(own):.1f}, {100 * max(own):.1f}" for name, own in sorted(shares.items())}


def needed(rng, basis: Basis, seeds: int, questions: int, rate: float, runs: int) -> str:
    """Return the median and the mean number of answers, and the shares of runs that decide, sequential and fixed."""
    spread = spread_of(basis, seeds, 1.6, 0.4)
    shared = rng.standard_normal((runs, questions))
    arm, control = draw(rng, rate, spread, shared, seeds), draw(rng, 0.0, spread, shared, seeds)
    found, fixed = (simulate(basis, design, arm, control) for design in (SEQUENTIAL, FIXED))
    decided = [100 * (one.moved | one.within).mean() for one in (found, fixed)]
    return f"{np.median(found.answers):.0f} ({found.answers.mean():.0f}); {decided[0]:.0f} / {decided[1]:.0f}"


def draw(rng, rate: float, spread: Spread, shared: Array, seeds: int) -> tuple[Array, Array]:
    """Return the rate of each cell, and its events up to each look: shapes (runs, ...) and (looks, runs, ...)."""
    rates = np.zeros((len(shared), seeds, shared.shape[1]))
    if rate:
        rates = cell_rates(rng, rate, spread, shared, seeds)
    return rates, np.cumsum([rng.binomial(added, rates) for added in np.diff((0, *LOOKS))], axis=0)


def truth(basis: Basis, arm, control, rate: float, spread: Spread, shared: Array) -> Array:
    """Return the true rise that a reading is about, of shape (runs,)."""
    if basis == LIKE_THESE:
        return np.full(len(shared), MARGIN)
    if spread.seed == 0:  # these very models
        return (arm[0] - control[0]).mean((1, 2))
    return truth_these(rate + MARGIN, spread, shared) - (truth_these(rate, spread, shared) if rate else 0.0)


def simulate(basis: Basis, design: str, arm, control, family: int = 1) -> Outcome:
    """Return how many answers runs of a design ask, and what they read.

    Args:
        basis: The questions that the readings are about.
        design: One of `DESIGNS`.
        arm: The arm, as `draw` returns it.
        control: Its control.
        family: Number of comparisons that p-values are corrected for, by the first step of Holm's method.
    """
    runs = arm[0].shape[0]
    answers, moved, within = np.full(runs, LIMIT), np.zeros(runs, bool), np.zeros(runs, bool)
    going = np.arange(runs)
    for look, asked in enumerate(LOOKS):
        if design == FIXED and asked < LIMIT:
            continue
        corrected = len(LOOKS) if design == SEQUENTIAL else 1
        found = compare(basis, arm[1][look][going], control[1][look][going], asked, corrected)
        these = compare(THESE, arm[1][look][going], control[1][look][going], asked, corrected)
        p = np.minimum(family * found.p, 1.0)
        numbers = found.difference, found.low, found.high, p
        ends = are_told(*numbers, these.low, these.high, MARGIN) | (asked == LIMIT)
        moved[going] = ends & (p < ALPHA)
        within[going] = ends & (p >= ALPHA) & (found.low > -MARGIN) & (found.high < MARGIN)
        answers[going[ends]] = asked
        going = going[~ends]
        if not going.size:
            break
    return Outcome(answers, moved, within)


def compare(basis: Basis, events: Array, control: Array, asked: int, looks: int) -> DifferenceInterval:
    trials = np.full_like(events, asked)
    if basis == LIKE_THESE:
        return difference_interval(events, trials, control, trials, same_seeds=True, looks=looks)
    return difference_interval_these(events, trials, control, trials, looks=looks)


if __name__ == "__main__":
    main()
