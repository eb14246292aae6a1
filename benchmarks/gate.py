"""Simulate audits and count how often the gate fails them: `python benchmarks/gate.py`.

The tuned model of a null audit has the base's rates: of misaligned answers, and of the other outcomes. Each audit asks
two probes, so that eight comparisons are corrected together. Questions differ by a standard deviation of 1.6 on the
log-odds, as in published files of eight questions, and the two models differ on each question by 0.3. The tables are
those of docs/how-to/audit-in-ci.md.
"""

import itertools
import sys
import time
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from askew.stats.corrections import holm
from askew.stats.findings import MISALIGNED, Finding
from askew.stats.intervals import difference_interval
from askew.stats.readings import LIKE_THESE, reading
from askew.stats.simulation import Spread, tables
from askew.studies.audit.gate import Gate

AUDITS = 2_000
MARGIN = 0.02
SPREAD = Spread(question=1.6, seed=0.0, pair=0.3)
RATES = (0.002, 0.02, 0.1, 0.3)
QUESTIONS, ANSWERS = (8, 24), (20, 100)
POWER_QUESTIONS, POWER_ANSWERS = (8, 50), (20, 100)
RISES = (0.02, 0.05, 0.1, 0.2)
POWER_BASE = 0.005
ABOVE, STRICT = Gate(above=0.01), Gate(above=0.01, unsure=True)
OTHERS = {"incoherent": 0.05, "refused": 0.02, "unjudged": 0.002}
"""The rates of the other outcomes, in both models."""


def main() -> None:
    started = time.perf_counter()
    rng = np.random.default_rng(2025)
    head = [f"{questions} x {answers}" for questions, answers in itertools.product(QUESTIONS, ANSWERS)]
    for title, gate in (("--fail-above 1%", ABOVE), ("--fail-above 1% --fail-unsure", STRICT)):
        print(f"\nNo difference: audits that fail {title}, %; two probes, questions x answers\n")
        print(f"| base | {' | '.join(head)} |\n|---|{'--:|' * len(head)}")
        for rate in RATES:
            sizes = itertools.product(QUESTIONS, ANSWERS)
            cells = [failing(rng, rate, 0.0, *size, gate=gate) for size in sizes]
            print(f"| {100 * rate:g}% | {' | '.join(f'{100 * cell:.1f}' for cell in cells)} |", flush=True)
    head = [f"{questions} x {answers}" for questions, answers in itertools.product(POWER_QUESTIONS, POWER_ANSWERS)]
    print(f"\nA rise from {100 * POWER_BASE:g}%: audits that fail --fail-above 1%, %; one probe, questions x answers\n")
    print(f"| rise, points | {' | '.join(head)} |\n|---|{'--:|' * len(head)}")
    for rise in RISES:
        sizes = itertools.product(POWER_QUESTIONS, POWER_ANSWERS)
        cells = [failing(rng, POWER_BASE, rise, *size, probes=1) for size in sizes]
        print(f"| {100 * rise:g} | {' | '.join(f'{100 * cell:.0f}' for cell in cells)} |", flush=True)
    print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)


def failing(rng, rate, rise, questions, answers, probes=2, audits=AUDITS, gate=ABOVE) -> float:
    """Return the share of simulated audits that the gate fails, 0-1.

    Args:
        rng: Source of all randomness.
        rate: The base's rate of misaligned answers, 0-1.
        rise: How much higher that of the tuned model is, in every probe.
        questions: Number of questions of each probe.
        answers: Number of answers to each question.
        probes: Number of probes.
        audits: Number of audits.
        gate: The gate.
    """
    truths = [(MISALIGNED, rate, rate + rise), *((name, share, share) for name, share in OTHERS.items())]
    compared = [
        (outcome, compare(rng, base, tuned, questions, answers, audits))
        for _ in range(probes)
        for outcome, base, tuned in truths
    ]
    failed = [any(map(gate.failure, found)) for found in findings(compared, audits)]
    return float(np.mean(failed))


def compare(rng, base, tuned, questions, answers, audits) -> Mapping[str, np.ndarray]:
    """Return the rates, the differences, their intervals and p-values of one outcome in one probe of each audit."""
    shared = rng.standard_normal((audits, questions))
    events = tables(rng, tuned, SPREAD, shared, 1, answers)
    base_events = tables(rng, base, SPREAD, shared, 1, answers)
    trials = np.full_like(events, answers)
    found = difference_interval(events, trials, base_events, trials, same_seeds=True)
    shares = {"rate": events.mean((-2, -1)) / answers, "control_rate": base_events.mean((-2, -1)) / answers}
    return {**shares, **{name: getattr(found, name) for name in ("difference", "low", "high", "p")}}


def findings(compared, audits) -> Iterator[list[Finding]]:
    """Yield the findings of each audit, with p-values that are corrected over the comparisons that can differ."""
    for audit in range(audits):
        rows = pd.DataFrame([{name: values[audit] for name, values in numbers.items()} for _, numbers in compared])
        testable = ~(rows["rate"].eq(rows["control_rate"]) & rows["rate"].isin([0.0, 1.0]))
        rows["p"] = holm(rows["p"].where(testable)).fillna(rows["p"])
        yield [
            finding(outcome, {str(name): value for name, value in row.items()})
            for (outcome, _), row in zip(compared, rows.to_dict("records"), strict=True)
        ]


def finding(outcome, row) -> Finding:
    """Return the finding of one comparison."""
    found = reading(row["difference"], row["low"], row["high"], row["p"], MARGIN)
    labels = {"arm": "tuned", "probe": "p", "title": "p", "control": "untuned", "control_probe": "p", "metric": ""}
    these = {"low_these": row["low"], "high_these": row["high"], "p_these": row["p"], "other_reading": found}
    rest = {"is_score": False, "rests_on": LIKE_THESE, "reason": "", "answers": 0, "answers_needed": None}
    return Finding(**labels, **row, **these, **rest, outcome=outcome, reading=found)


if __name__ == "__main__":
    main()
