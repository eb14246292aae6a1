"""Measure the coverage of 95% intervals and the level of tests by simulation: `python benchmarks/coverage.py`.

It draws tables of answers with a known true rate, for usual numbers of seeds and questions, and prints the tables of
docs/explanation/statistics.md. Each cell has the lowest and the highest percentage over the rates and numbers of
answers below. The peer is the percentile bootstrap, which resamples seeds and questions.
"""

import itertools
import sys
import time
from dataclasses import asdict

import numpy as np
import pandas as pd

from askew.stats.corrections import ALPHA
from askew.stats.effects import contrast
from askew.stats.intervals import difference_interval, rate_interval
from askew.stats.simulation import Spread, bootstrap_interval, tables

TABLES = 4_000
BOOTSTRAPPED_TABLES = 400
DESIGNS = list(itertools.product((3, 5, 10), (8, 20, 50)))
ANSWERS = (20, 100)
RATES = (0.003, 0.02, 0.1, 0.3, 0.5, 0.95)
CONTROLLED_RATES = ((0.02, 0.003), (0.1, 0.02), (0.3, 0.003), (0.5, 0.1), (0.95, 0.3))
NULL_RATES = (0.003, 0.02, 0.1, 0.5)
EFFECT_TABLES = 200
EFFECT_DESIGNS = [(3, 10), (3, 20), (3, 40), (5, 20)]
EFFECT_ANSWERS = (1, 5)
EFFECT_RATES = ((0.7, 0.4), (0.95, 0.5))
EFFECT_NULL_RATES = (0.05, 0.5)
SPREADS = {
    "questions and seeds all alike": Spread(0, 0, 0),
    "question 1, seed 0.3": Spread(1, 0.3, 0.3),
    "question 1, seed 0.5": Spread(1, 0.5, 0.3),
    "question 1, seed 1": Spread(1, 1, 0.3),
}
PAIRED_SPREADS = {
    "questions and seeds all alike": Spread(0, 0, 0),
    "question 1, seed 0.3": Spread(1, 0.3, 0.3, arm_question=0.3),
    "question 1, seed 0.5": Spread(1, 0.5, 0.3, arm_question=0.5),
    "question 1, seed 1": Spread(1, 1, 0.3, arm_question=0.5),
}


def main() -> None:
    started = time.perf_counter()
    rng = np.random.default_rng(2025)
    show("Rate: coverage of the 95% interval, %", SPREADS, lambda *case: rates(rng, *case))
    show("Rate: coverage of the plain bootstrap, %", SPREADS, lambda *case: bootstrapped(rng, *case))
    for title, control_seeds in (("a control with as many seeds", None), ("an untuned model", 1)):
        show(
            f"Difference from {title}: coverage of the 95% interval, %",
            PAIRED_SPREADS,
            lambda *case, seeds=control_seeds: differences(rng, seeds, *case),
        )
        show(
            f"No difference from {title}: tests that reject at 5%, %",
            PAIRED_SPREADS,
            lambda *case, seeds=control_seeds: rejections(rng, seeds, *case),
        )
    effects(rng)
    print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)


def effects(rng) -> None:
    """Print the tables of effects, which have Student's intervals, for few answers per cell."""
    case = {"designs": EFFECT_DESIGNS}
    show("Effect: coverage of the 95% interval, %", PAIRED_SPREADS, lambda *to: effect_coverage(rng, *to), **case)
    show("No effect: tests that reject at 5%, %", PAIRED_SPREADS, lambda *to: effect_rejections(rng, *to), **case)
    show("The smallest detectable effect: found, %", PAIRED_SPREADS, lambda *to: effects_found(rng, *to), **case)


def show(title, spreads, measure, designs=DESIGNS) -> None:
    """Print one table: a row per spread, a column per design, in each cell the range of the measured percentages."""
    print(f"\n{title}\n")
    print("| standard deviation of log-odds | " + " | ".join(f"{s} x {q}" for s, q in designs) + " |")
    print("|---|" + "---|" * len(designs))
    for name, spread in spreads.items():
        shares = [[100 * share for share in measure(spread, *design)] for design in designs]
        print(f"| {name} | " + " | ".join(f"{min(s):.1f}-{max(s):.1f}" for s in shares) + " |", flush=True)


def rates(rng, spread, seeds, questions):
    """Yield the coverage of the interval of a rate, 0-1, for each rate and number of answers."""
    for rate, answers in itertools.product(RATES, ANSWERS):
        events = tables(rng, rate, spread, rng.standard_normal((TABLES, questions)), seeds, answers)
        interval = rate_interval(events, np.full_like(events, answers))
        yield held(interval.low, interval.high, rate)


def bootstrapped(rng, spread, seeds, questions):
    """Yield the coverage of the bootstrap's interval, 0-1, for each rate and number of answers."""
    for rate, answers in itertools.product(RATES, ANSWERS):
        events = tables(rng, rate, spread, rng.standard_normal((BOOTSTRAPPED_TABLES, questions)), seeds, answers)
        yield held(*bootstrap_interval(rng, events, answers), rate)


def differences(rng, control_seeds, spread, seeds, questions):
    """Yield the coverage of the interval of a difference, 0-1, for each pair of rates and number of answers."""
    for (rate, control_rate), answers in itertools.product(CONTROLLED_RATES, ANSWERS):
        found = compare(rng, control_seeds, spread, seeds, questions, rate, control_rate, answers)
        yield held(found.low, found.high, rate - control_rate)


def rejections(rng, control_seeds, spread, seeds, questions):
    """Yield the share of tests that reject a true null, 0-1, for each rate and number of answers."""
    for rate, answers in itertools.product(NULL_RATES, ANSWERS):
        yield np.mean(compare(rng, control_seeds, spread, seeds, questions, rate, rate, answers).p < ALPHA)


def compare(rng, control_seeds, spread, seeds, questions, rate, control_rate, answers):
    """Return the intervals of `TABLES` simulated comparisons; `control_seeds` None gives the control as many seeds."""
    shared = rng.standard_normal((TABLES, questions))
    events = tables(rng, rate, spread, shared, seeds, answers)
    # An untuned model is one fixed model, not one draw from many fine-tunings.
    control_spread = spread if control_seeds is None else spread.without_seeds()
    control_events = tables(rng, control_rate, control_spread, shared, control_seeds or seeds, answers)
    return difference_interval(
        events,
        np.full_like(events, answers),
        control_events,
        np.full_like(control_events, answers),
        same_seeds=control_seeds is None,
    )


def effect_coverage(rng, spread, seeds, clusters):
    """Yield the coverage of the interval of an effect, 0-1."""
    for (rate, control_rate), answers in itertools.product(EFFECT_RATES, EFFECT_ANSWERS):
        found = contrasts(rng, spread, seeds, clusters, rate, control_rate, answers)
        yield held(found["low"], found["high"], rate - control_rate)


def effect_rejections(rng, spread, seeds, clusters):
    """Yield the share of tests of an effect that reject a true null, 0-1."""
    for rate, answers in itertools.product(EFFECT_NULL_RATES, EFFECT_ANSWERS):
        yield float(contrasts(rng, spread, seeds, clusters, rate, rate, answers)["p"].lt(ALPHA).mean())


def effects_found(rng, spread, seeds, clusters):
    """Yield how often an effect of the smallest detectable size is found, 0-1."""
    for answers in EFFECT_ANSWERS:
        # Around 50%, where shares vary most.
        null = contrasts(rng, spread, seeds, clusters, 0.5, 0.5, answers)
        half = float(np.sqrt((null["detectable"] ** 2).mean())) / 2
        found = contrasts(rng, spread, seeds, clusters, min(0.5 + half, 0.99), max(0.5 - half, 0.01), answers)
        yield float(found["p"].lt(ALPHA).mean())


def contrasts(rng, spread, seeds, clusters, rate, control_rate, answers):
    """Return the effects of `EFFECT_TABLES` simulated comparisons, one per row."""
    shared = rng.standard_normal((EFFECT_TABLES, clusters))
    events = tables(rng, rate, spread, shared, seeds, answers)
    control_events = tables(rng, control_rate, spread, shared, seeds, answers)
    found = [
        asdict(contrast(one_by_one(arm, answers), one_by_one(control, answers), family="", label="", measure=""))
        for arm, control in zip(events, control_events, strict=True)
    ]
    return pd.DataFrame(found)


def one_by_one(events, answers):
    """Return one row per answer of a table of event counts, seeds by clusters."""
    seeds, clusters = np.indices(events.shape).repeat(answers, axis=-1)
    value = np.tile(np.arange(answers), events.size).reshape(seeds.shape) < events.repeat(answers, axis=-1)
    return pd.DataFrame({"seed": seeds.ravel(), "cluster": clusters.ravel(), "value": value.ravel().astype(float)})


def held(low, high, truth) -> float:
    """Return the share of intervals that contain the truth, 0-1."""
    return float(np.mean((low <= truth) & (truth <= high)))


if __name__ == "__main__":
    main()
