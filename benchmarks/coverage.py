"""How often 95% intervals hold the truth, and how often tests reject a true null: `python benchmarks/coverage.py`.

Draws tables of answers whose true rate is known, over the numbers of seeds and questions that people use, and
prints the tables of docs/explanation/statistics.md. Each cell gives the lowest and the highest figure over the rates
and numbers of answers below; the peer is the plain bootstrap, which resamples seeds and questions.
"""

import itertools
import sys
import time

import numpy as np

from askew.stats.intervals import difference_interval, rate_interval
from askew.stats.simulate import Spread, bootstrap_interval, tables

TABLES = 4_000
BOOTSTRAPPED_TABLES = 400
DESIGNS = list(itertools.product((3, 5, 10), (8, 20, 50)))
ANSWERS = (20, 100)
RATES = (0.003, 0.02, 0.1, 0.3, 0.5, 0.95)
CONTROLLED_RATES = ((0.02, 0.003), (0.1, 0.02), (0.3, 0.003), (0.5, 0.1), (0.95, 0.3))
NULL_RATES = (0.003, 0.02, 0.1, 0.5)
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
    for title, control_seeds in (("seeds as many", None), ("an untuned model", 1)):
        show(
            f"Difference from a control with {title}: coverage of the 95% interval, %",
            PAIRED_SPREADS,
            lambda *case, seeds=control_seeds: differences(rng, seeds, *case),
        )
        show(
            f"No difference from a control with {title}: tests that reject at 5%, %",
            PAIRED_SPREADS,
            lambda *case, seeds=control_seeds: rejections(rng, seeds, *case),
        )
    print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)


def show(title, spreads, measure) -> None:
    print(f"\n{title}\n")
    print("| standard deviation of log-odds | " + " | ".join(f"{s} x {q}" for s, q in DESIGNS) + " |")
    print("|---|" + "---|" * len(DESIGNS))
    for name, spread in spreads.items():
        shares = [[100 * share for share in measure(spread, *design)] for design in DESIGNS]
        print(f"| {name} | " + " | ".join(f"{min(s):.1f}-{max(s):.1f}" for s in shares) + " |", flush=True)


def rates(rng, spread, seeds, questions):
    for rate, answers in itertools.product(RATES, ANSWERS):
        events = tables(rng, rate, spread, rng.standard_normal((TABLES, questions)), seeds, answers)
        interval = rate_interval(events, np.full_like(events, answers))
        yield held(interval.low, interval.high, rate)


def bootstrapped(rng, spread, seeds, questions):
    for rate, answers in itertools.product(RATES, ANSWERS):
        events = tables(rng, rate, spread, rng.standard_normal((BOOTSTRAPPED_TABLES, questions)), seeds, answers)
        yield held(*bootstrap_interval(rng, events, answers), rate)


def differences(rng, control_seeds, spread, seeds, questions):
    for (rate, control_rate), answers in itertools.product(CONTROLLED_RATES, ANSWERS):
        found = compare(rng, control_seeds, spread, seeds, questions, rate, control_rate, answers)
        yield held(found.low, found.high, rate - control_rate)


def rejections(rng, control_seeds, spread, seeds, questions):
    for rate, answers in itertools.product(NULL_RATES, ANSWERS):
        yield np.mean(compare(rng, control_seeds, spread, seeds, questions, rate, rate, answers).p < 0.05)


def compare(rng, control_seeds, spread, seeds, questions, rate, control_rate, answers):
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


def held(low, high, truth) -> float:
    return float(np.mean((low <= truth) & (truth <= high)))


if __name__ == "__main__":
    main()
