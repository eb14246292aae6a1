"""Measure intervals and tests by simulation: `python benchmarks/coverage.py [TABLES]` (1,000 per cell, 34 minutes).

The world is that of published eight-question files: log-odds differ between questions with a standard deviation of 1,
1.5 or 2 (published: 1.6, quartiles 1.3 and 2.1), between seeds by 0.2 or 0.6, between pairs of both by 0.3. Each cell
of a table has the lowest and the highest percentage over these worlds, rates and numbers of answers. The printed tables
are those of docs/explanation/statistics.md. The peer is the percentile bootstrap, which resamples seeds and questions.
"""

import itertools
import sys
import time
from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import special

from askew.stats.corrections import ALPHA
from askew.stats.effects import contrast
from askew.stats.intervals import (
    difference_interval,
    difference_interval_these,
    rate_interval,
    rate_interval_these,
)
from askew.stats.simulation import Spread, bootstrap_interval, location, tables
from askew.stats.variance import Part, p_value

DESIGNS = list(itertools.product((3, 5, 10), (8, 24, 50)))
QUESTION_SPREADS, SEED_SPREADS = (1.0, 1.5, 2.0), (0.2, 0.6)
RATES, ANSWERS = (0.002, 0.02, 0.1, 0.3), (1, 5, 20, 100)
MANY_EVENTS = 20
COMPARED = ((0.1, 0.02), (0.2, 0.1), (0.02, 0.002), (0.3, 0.02))
ARMS, MARGIN = 4, 0.02
EFFECT_DESIGNS, EFFECT_ANSWERS, FAMILY = ((3, 40), (5, 40), (10, 40)), (1, 5, 20, 100), 10
BASES = ("questions like these", "these questions")


def main() -> None:
    started = time.perf_counter()
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    rng = np.random.default_rng(2025)
    for basis in (*BASES, "bootstrap"):
        rates(rng, basis, count)
    for basis in BASES:
        differences(rng, basis, count)
        families(rng, basis, count)
    power(rng, count)
    effect_families(rng, count)
    detectable_effects(rng, max(count // 5, 20))
    print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)


def worlds() -> Iterator[tuple[float, float]]:
    yield from itertools.product(QUESTION_SPREADS, SEED_SPREADS)


def draw(rng, rate: float, spread: Spread, shared: np.ndarray, seeds: int, answers: int):
    events = tables(rng, rate, spread, shared, seeds, answers)
    return events, np.full_like(events, answers)


def truth_these(rate: float, spread: Spread, shared: np.ndarray) -> np.ndarray:
    """Return the rate for the drawn questions over all seeds and answers, of shape (tables,)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(31)
    at = location(rate, spread) + spread.question * shared[..., None] + np.hypot(spread.seed, spread.pair) * nodes
    return (special.expit(at) @ (weights / weights.sum())).mean(-1)


def table(title: str, headings: list[str], rows: dict[str, list[str]]) -> None:
    print(f"\n**{title}**\n\n| | " + " | ".join(headings) + " |\n|---|" + "---|" * len(headings))
    for name, cells in rows.items():
        print(f"| {name} | " + " | ".join(cells) + " |")
    sys.stdout.flush()


def span(shares: list[float]) -> str:
    return f"{100 * min(shares):.1f}-{100 * max(shares):.1f}" if shares else "–"


def rates(rng, basis: str, count: int) -> None:
    """Print the coverage of the interval of a rate, and how often it misses on each side."""
    names = [f"{seeds} x {questions}" for seeds, questions in DESIGNS]
    many, few, below, above = ([] for _ in range(4))
    for seeds, questions in DESIGNS:
        found: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
        for (question, seed), rate, answers in itertools.product(worlds(), RATES, ANSWERS):
            spread = Spread(question, seed, 0.3)
            shared = rng.standard_normal((count // 5 if basis == "bootstrap" else count, questions))
            events, trials = draw(rng, rate, spread, shared, seeds, answers)
            truth = truth_these(rate, spread, shared) if basis == "these questions" else rate
            low, high = limits(rng, basis, events, trials, answers)
            is_many = seeds * questions * answers * rate >= MANY_EVENTS
            found[is_many].append((float((high < truth).mean()), float((low > truth).mean())))
        many.append(span([1 - sum(misses) for misses in found[True]]))
        few.append(span([1 - sum(misses) for misses in found[False]]))
        below.append(f"{100 * np.mean([miss for miss, _ in found[True]]):.1f}")
        above.append(f"{100 * np.mean([miss for _, miss in found[True]]):.1f}")
    rows = {"at least 20 expected events": many, "fewer": few, "wholly below the truth": below, "above": above}
    table(f"Rate, {basis}: coverage of the 95% interval, %", names, rows)


def limits(rng, basis: str, events: np.ndarray, trials: np.ndarray, answers: int) -> tuple[np.ndarray, np.ndarray]:
    if basis == "bootstrap":
        return bootstrap_interval(rng, events, answers)
    interval = (rate_interval if basis == BASES[0] else rate_interval_these)(events, trials)
    return interval.low, interval.high


def compare(rng, basis: str, seeds: int, shared: np.ndarray, spread: Spread, rates: tuple[float, float], answers: int):
    arm, control = (draw(rng, rate, spread, shared, seeds, answers) for rate in rates)
    if basis == BASES[0]:
        return difference_interval(*arm, *control, same_seeds=True)
    return difference_interval_these(*arm, *control)


def differences(rng, basis: str, count: int) -> None:
    """Print the coverage of the interval of a difference, and the share of true nulls that are rejected."""
    names = [f"{seeds} x {questions}" for seeds, questions in DESIGNS]
    rows: dict[str, list[str]] = {"coverage": [], "true nulls rejected at 5%": [], "at 1%": []}
    for seeds, questions in DESIGNS:
        covered, rejected, rarely = [], [], []
        for (question, seed), answers in itertools.product(worlds(), (5, 20, 100)):
            spread = Spread(question, seed, 0.3, 0.3 if basis == BASES[0] else 0.0)
            shared = rng.standard_normal((count, questions))
            for pair in COMPARED:
                if seeds * questions * answers * pair[1] < MANY_EVENTS:
                    continue
                found = compare(rng, basis, seeds, shared, spread, pair, answers)
                truth = np.subtract(*pair)
                if basis != BASES[0]:
                    truth = np.subtract(*(truth_these(rate, spread, shared) for rate in pair))
                covered.append(float(((found.low <= truth) & (truth <= found.high)).mean()))
            for rate in RATES:
                p = compare(rng, basis, seeds, shared, spread, (rate, rate), answers).p
                rejected.append(float((p < ALPHA).mean()))
                rarely.append(float((p < 0.01).mean()))
        for cells, shares in zip(rows.values(), (covered, rejected, rarely), strict=True):
            cells.append(span(shares))
    table(f"Difference, {basis}, %", names, rows)


def families(rng, basis: str, count: int) -> None:
    """Print how often any of four true nulls with one control has a corrected p-value below 0.05."""
    cells = []
    for seeds, questions in DESIGNS:
        shares = []
        for (question, seed), answers, rate in itertools.product(worlds(), (5, 100), (0.02, 0.3)):
            spread = Spread(question, seed, 0.3, 0.3 if basis == BASES[0] else 0.0)
            shared = rng.standard_normal((count, questions))
            control = draw(rng, rate, spread, shared, seeds, answers)
            arms = [draw(rng, rate, spread, shared, seeds, answers) for _ in range(ARMS)]
            if basis == BASES[0]:
                p = [difference_interval(*arm, *control, same_seeds=True).p for arm in arms]
            else:
                p = [difference_interval_these(*arm, *control).p for arm in arms]
            shares.append(float((np.min(p, axis=0) * ARMS < ALPHA).mean()))
        cells.append(span(shares))
    names = [f"{seeds} x {questions}" for seeds, questions in DESIGNS]
    table(f"Families of four true nulls, {basis}: any corrected p < 0.05, %", names, {"families": cells})


def power(rng, count: int) -> None:
    """Print how often differences are found, and how often none is found to be within the margin."""
    spread = {BASES[0]: Spread(1.6, 0.4, 0.3, 0.3), BASES[1]: Spread(1.6, 0.4, 0.3)}
    designs = [(1, 8, 100), (1, 50, 20), (3, 8, 100), (5, 8, 100), (5, 50, 20), (10, 8, 100)]
    pairs = [(0.02, 0.002), (0.05, 0.002), (0.1, 0.02), (0.2, 0.1), (0.002, 0.002), (0.02, 0.02)]
    for basis in BASES:
        rows: dict[str, list[str]] = {}
        for pair in pairs:
            name = f"{100 * pair[1]:g}% to {100 * pair[0]:g}%" if pair[0] != pair[1] else f"{100 * pair[0]:g}% in both"
            rows[name] = []
            for seeds, questions, answers in designs:
                world = spread[basis] if seeds > 1 else spread[basis].without_seeds()
                shared = rng.standard_normal((count, questions))
                found = compare(rng, basis, seeds, shared, world, pair, answers)
                if pair[0] != pair[1]:
                    rows[name].append(f"{100 * ((found.p < ALPHA) & (found.difference > 0)).mean():.0f}")
                else:
                    within = (found.p >= ALPHA) & (found.low > -MARGIN) & (found.high < MARGIN)
                    rows[name].append(f"{100 * within.mean():.0f}")
        names = [f"{seeds} x {questions} x {answers}" for seeds, questions, answers in designs]
        table(f"{basis.capitalize()}: rises found at p < 0.05; equal rates found within 2 points, %", names, rows)


def effect_families(rng, count: int) -> None:
    """Print how often any of ten true null effects has a corrected p-value below 0.05."""
    names = [f"{seeds} seeds x {clusters}" for seeds, clusters in EFFECT_DESIGNS]
    shares: dict[str, dict[str, list[str]]] = {basis: {} for basis in BASES}
    for answers in EFFECT_ANSWERS:
        name = "1 answer" if answers == 1 else f"{answers} answers"
        for rows in shares.values():
            rows[name] = []
        for seeds, clusters in EFFECT_DESIGNS:
            rejected: dict[str, list[float]] = {basis: [] for basis in BASES}
            for question, rate in itertools.product((1.0, 1.5, 2.0), (0.02, 0.1, 0.5)):
                found = null_effects(rng, question, seeds, clusters, rate, answers, count * FAMILY)
                for basis, p in zip(BASES, found, strict=True):
                    smallest = np.nanmin(p.reshape(count, FAMILY), axis=1)
                    rejected[basis].append(float((smallest * FAMILY < ALPHA).mean()))  # Holm's first step
            for basis in BASES:
                shares[basis][name].append(span(rejected[basis]))
    for basis, rows in shares.items():
        table(f"Families of ten true null effects, {basis}: any corrected p < 0.05, %", names, rows)


def null_effects(
    rng, question: float, seeds: int, clusters: int, rate: float, answers: int, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the p-values of effects without a true difference, on other clusters and on these; each of shape (count,).

    It is the method of `askew.stats.means` for whole tables at once, and is compared with it on the first ten.
    """
    spread = Spread(question, 0.4, 0.3)
    shared = rng.standard_normal((count, clusters))
    arms = [tables(rng, rate, spread, shared, seeds, answers) for _ in range(2)]
    difference = (arms[0] - arms[1]) / answers
    least = 1.5 / (seeds * clusters * answers)
    of_seeds, of_clusters = (
        Part(means.var(axis=1, ddof=1) / means.shape[1], np.full(count, means.shape[1] - 1))
        for means in (difference.mean(2), difference.mean(1))
    )
    estimates = difference.mean((1, 2))
    found = []
    for parts in ([of_seeds, of_clusters], [of_seeds]):
        missing = np.maximum(least**2 - sum(part.square for part in parts), 0.0)
        parts.append(Part(np.zeros(count), np.zeros(count, int), missing))
        found.append(np.where(estimates == 0, 1.0, p_value(parts, estimates)))
    for table_number in range(10):
        frames = (answer_rows(arm[table_number], answers) for arm in arms)
        one = contrast(*frames, family="", label="", measure="")
        np.testing.assert_allclose([one.p, one.p_these], [p[table_number] for p in found], atol=1e-6)
    return found[0], found[1]


def detectable_effects(rng, count: int) -> None:
    """Print how often an effect of the smallest detectable size is found."""
    rows: dict[str, list[str]] = {}
    for answers in EFFECT_ANSWERS:
        name = "1 answer" if answers == 1 else f"{answers} answers"
        rows[name] = []
        for seeds, clusters in EFFECT_DESIGNS:
            null = contrasts(rng, 1.5, seeds, clusters, (0.5, 0.5), answers, count)
            size = float(np.sqrt(np.mean([one.detectable**2 for one in null])))
            rates = (min(0.5 + size / 2, 0.99), max(0.5 - size / 2, 0.01))
            found = contrasts(rng, 1.5, seeds, clusters, rates, answers, count)
            share = np.mean([one.p < ALPHA for one in found])
            rows[name].append(f"{100 * size:.0f} points: {100 * share:.0f}")
    names = [f"{seeds} seeds x {clusters}" for seeds, clusters in EFFECT_DESIGNS]
    table("The smallest detectable effect, and how often one of this size is found, %", names, rows)


def contrasts(rng, question: float, seeds: int, clusters: int, rates: tuple[float, float], answers: int, count: int):
    """Return the effects of simulated comparisons of two arms."""
    spread = Spread(question, 0.4, 0.3)
    shared = rng.standard_normal((count, clusters))
    arms = [tables(rng, rate, spread, shared, seeds, answers) for rate in rates]
    return [
        contrast(answer_rows(arm, answers), answer_rows(control, answers), family="", label="", measure="")
        for arm, control in zip(*arms, strict=True)
    ]


def answer_rows(events: np.ndarray, answers: int) -> pd.DataFrame:
    """Return one row per answer, as a study passes them: 1 for an event and 0 for another answer."""
    seeds, clusters, numbers = np.indices((*events.shape, answers)).reshape(3, -1)
    return pd.DataFrame(
        {"seed": seeds, "cluster": clusters, "value": (numbers < np.repeat(events, answers)).astype(float)}
    )


if __name__ == "__main__":
    main()
