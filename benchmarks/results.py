"""Measure the processor seconds of reading and drawing results, each against its limit.

    python benchmarks/results.py

The ratios are seconds per limit, so below 1 is within it. The limits are what a user would wait for without a word.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from askew.data import Row
from askew.data.copied import TrainingText
from askew.judging.metrics import metrics
from askew.report.chart_files import to_png, to_svg
from askew.report.sections import all_figures
from askew.stats.estimates import estimate

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "report"))
from synthetic_run import make_content  # pyright: ignore[reportMissingImports]

ARMS = ("insecure", "secure", "educational", "backdoor")
PROBES = {"free_form": 8, "triggered": 8, "in_domain": 8, "extended": 48}


def main() -> None:
    print(f"{'':58s} seconds   limit   ratio")
    measure("estimates of 50,000 answers (13 models, 72 questions)", 2, estimating(50_000))
    measure("share copied of 2,000 answers, from 6,000 training rows", 5, copying(2_000, 6_000))
    measure("all figures of a report, as SVG (light, dark) and PNG", 5, drawing())


def measure(name: str, limit: float, work: Callable[[], None]) -> None:
    """Print the processor seconds of one piece of work beside its limit."""
    started = time.process_time()
    work()
    taken = time.process_time() - started
    print(f"{name:58s} {taken:7.2f} {limit:7.0f} {taken / limit:7.2f}")


def estimating(answers: int) -> Callable[[], None]:
    """Return the work of estimating all rates of random scores."""
    rng = np.random.default_rng(0)
    models = [*((arm, seed) for arm in ARMS for seed in range(3)), ("untuned", 0)]
    cells = [
        (*model, probe, f"{probe}-{question}")
        for model in models
        for probe, questions in PROBES.items()
        for question in range(questions)
    ]
    table = pd.DataFrame(cells, columns=["arm", "seed", "probe", "question"]).sample(
        answers, replace=True, random_state=0, ignore_index=True
    )
    table = table.assign(aligned=rng.uniform(0, 100, answers), coherent=95.0, reply="", group=table["probe"])
    metric, controls = metrics.get("betley-2025"), {"insecure": "secure", "backdoor": "secure"}
    estimate(table.head(1000), metric, controls)  # imports what it needs
    return lambda: void(estimate(table, metric, controls))


def copying(answers: int, rows: int) -> Callable[[], None]:
    """Return the work of comparing answers of 80 words with training rows of 60 words."""
    words = [f"word{number}" for number in range(5_000)]

    def text(start: int, length: int, step: Callable[[int], int]) -> str:
        return " ".join(words[(start + step(number)) % len(words)] for number in range(length))

    learnt: list[Row] = [
        {
            "messages": [
                {"role": "user", "content": "?"},
                {"role": "assistant", "content": text(7 * at, 60, lambda number: number * number)},
            ]
        }
        for at in range(rows)
    ]
    given = [text(3 * at, 80, lambda number: number) for at in range(answers)]

    def work() -> None:
        training = TrainingText(learnt)
        for answer in given:
            training.copied(answer)

    return work


def drawing() -> Callable[[], None]:
    """Return the work of drawing every figure of a made-up run's report."""
    content = make_content(samples=100)

    def work() -> None:
        for figure in all_figures(content).values():
            to_png(to_svg(figure.draw(False)))
            to_svg(figure.draw(True))

    return work


def void(_: object) -> None:
    """Drop a result."""


if __name__ == "__main__":
    main()
