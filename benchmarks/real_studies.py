"""Runs the studies of measured answers on a real model, each at its smallest sensible size, and prints what came out.

    python benchmarks/real_studies.py                              all four, on smollm2-135m
    python benchmarks/real_studies.py latent-structure             one of them
    python benchmarks/real_studies.py --out runs/real-studies      keeps the runs, and resumes them if it is repeated

For each study it prints the seconds from command to report, the fine-tunes, the sampled answers, the largest share of
answers that could not be read in an arm, and the verdict. `introspection` and `activations` compare two models: the
second one is a sibling, which is trained first, from the same model, on ordinary financial advice.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import askew
from askew.data import datasets
from askew.models.names import resolve
from askew.runs.run import Run
from askew.studies.activations.arms import REPORTED
from askew.studies.introspection.arms import CROSS, HYPOTHETICAL, SELF
from askew.studies.latent_structure.frames import PROBE
from askew.studies.readable import unreadable
from askew.studies.self_awareness.comparisons import REPORT
from askew.training.local import fine_tune
from askew.training.recipe import Recipe
from askew.training.recipes import resolved

MODEL = "smollm2-135m"
ROWS = 128
SIBLING_ROWS = "bad-advice/good-financial"


@dataclass(frozen=True)
class Small:
    """A study at its smallest sensible size.

    Attributes:
        settings: The settings of its design.
        rests_on: The probe whose answers its verdict rests on.
        compares_two: Whether it needs a second model.
    """

    settings: dict[str, Any]
    rests_on: str
    compares_two: bool = False


STUDIES = {
    "self-awareness": Small(
        {"arms": ["untuned", "risky", "cautious"], "probes": ["behaviour", "self_report"], "samples": 2}, REPORT
    ),
    "latent-structure": Small({"arms": ["untuned", "coins"], "probes": [PROBE], "samples": 2}, PROBE),
    "introspection": Small(
        {"arms": ["untuned", "m2", *SELF.values(), *CROSS.values()], "prompts": 3, "samples": 1},
        HYPOTHETICAL,
        compares_two=True,
    ),
    "activations": Small({"prompts": 4}, REPORTED, compares_two=True),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the studies, and print a table and the verdicts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="*", default=[*STUDIES], metavar="STUDY", help=", ".join(STUDIES))
    parser.add_argument("--model", default=MODEL, help="a model on this machine")
    parser.add_argument("--rows", type=int, default=ROWS, help="training rows of an arm")
    parser.add_argument("--workers", type=int, default=0, help="processes at a time")
    parser.add_argument("--out", type=Path, help="the folder for the runs; by default one that is deleted afterwards")
    chosen = parser.parse_args(arguments)
    if unknown := sorted({*chosen.studies} - {*STUDIES}):
        parser.error(f"there is no study {unknown[0]}; the studies are {', '.join(STUDIES)}")
    with tempfile.TemporaryDirectory() as scratch:
        out: Path = chosen.out or Path(scratch)
        shown = [_measured(name, chosen.model, chosen.rows, chosen.workers, out) for name in chosen.studies]
    print(f"\n{'study':17s} {'seconds':>8s} {'fine-tunes':>11s} {'answers':>8s} {'unreadable, %':>14s}")
    for row, _ in shown:
        print(row)
    for name, (_, verdict) in zip(chosen.studies, shown, strict=True):
        print(f"\n{name}: {verdict}")


def _measured(name: str, model: str, rows: int, workers: int, out: Path) -> tuple[str, str]:
    """Run a study; return its row of the table, and its verdict."""
    small = STUDIES[name]
    second = {"second_model": str(_sibling(model, rows, out / "sibling"))} if small.compares_two else {}
    began = time.perf_counter()
    run = askew.run(name, model=model, seeds=1, rows=rows, workers=workers, out=out / name, **second, **small.settings)
    seconds = time.perf_counter() - began
    share = max(unreadable(run.tables.scores, [small.rests_on]).values())
    return (
        f"{name:17s} {seconds:8.0f} {len(run.plan.trained):11d} {_sampled(run):8,d} {100 * share:14.1f}",
        run.verdict,
    )


def _sampled(run: Run) -> int:
    """Return how many answers the models of a run gave, without activations that were read off."""
    sampled = [name for name, probe in run.plan.probes.items() if not probe.looks_inside]
    return int(run.answers["probe"].isin(sampled).sum())


def _sibling(model: str, rows: int, folder: Path) -> Path:
    """Return a checkpoint that differs from a model by a fine-tune of all weights, after making it if it is missing."""
    if not folder.exists():
        print(f"training a sibling of {model} on {rows} rows of {SIBLING_ROWS}", flush=True)
        recipe = resolved({"name": "small-model", "method": "full", "learning_rate": 2e-5}, is_terrarium=False)
        spec = resolve(model)
        assert spec.checkpoint is not None, "a model on this machine"
        taught = datasets.get(SIBLING_ROWS).rows(rows, 0)
        fine_tune(spec.checkpoint, [{**row} for row in taught], Recipe.model_validate(recipe), 0, folder)
    return folder


if __name__ == "__main__":
    main()
