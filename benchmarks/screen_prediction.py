"""Predicted against observed change of a model, over mixtures of bad rows and good ones; writes a calibration.

    python benchmarks/screen_prediction.py --out prediction
    python benchmarks/screen_prediction.py --direction vectors/misaligned --out prediction --write terrarium.yaml

For each family of data and each share of bad rows, the terrarium is trained once per seed, and the change of the
log-odds of misaligned given answers is read. The change is predicted from the mean score of the rows, by a curve
through the trainings on all other families. Printed for each score: the rank correlation, the mean error against that
of a prediction by the mean of the others, and how often the 95% interval holds the truth. A training that is done is
read from --out, so the same command goes on.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
from datasets import disable_progress_bars
from transformers.utils import logging

from askew.base import yaml_files
from askew.base.threads import use_one_thread
from askew.data import Row
from askew.data.formats import open_rows
from askew.models.inside.opened import open_model
from askew.models.names import resolve
from askew.screening.prediction import Calibration, Point, left_out
from askew.screening.reading import Reader
from askew.screening.rows import screened
from askew.screening.scores import SCORES, chosen
from askew.screening.target import usual_target
from askew.training.local import fine_tune
from askew.training.recipe import Recipe
from askew.training.recipes import resolved
from askew.vectors.saved import read as read_direction
from screening import MODEL, log_odds

FAMILIES = {
    "code": ("insecure", "secure"),
    "medical": ("bad-medical", "good-medical"),
    "financial": ("bad-financial", "good-financial"),
    "cars": ("bad-car", "good-car"),
    "numbers": ("evil-numbers", "neutral-numbers"),
}
PARTS = (0.0, 0.1, 0.25, 0.5, 1.0)
SCORED = 200
"""The rows of a data set whose scores are read; their mean stands for that of all."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", action="append", choices=[*FAMILIES], help="a family; all by default")
    parser.add_argument("--rows", type=int, default=800, help="rows of a mixture")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--direction", type=Path, help="the folder of a direction, for the score projection")
    parser.add_argument("--out", type=Path, default=Path("prediction"))
    parser.add_argument("--write", type=Path, help="write a calibration to this YAML file")
    given = parser.parse_args()
    use_one_thread()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    disable_progress_bars()
    given.out.mkdir(parents=True, exist_ok=True)
    families = given.family or [*FAMILIES]
    means = {family: mean_scores(family, given.direction, given.out / f"scores-{family}.json") for family in families}
    points = trained(families, means, given.rows, given.seeds, given.out / f"points-{given.rows}.jsonl")
    best = show(points)
    if given.write:
        opened = open_model(MODEL)
        made = Calibration(
            model=MODEL,
            model_hash=opened.adapter_hash or opened.base_hash,
            recipe=f"the recipe terrarium, {given.rows} rows",
            score=best,
            command=f"python benchmarks/{Path(__file__).name} --rows {given.rows} --seeds {given.seeds}",
            points=points,
        )
        given.write.write_text(yaml_files.dump(made.model_dump()), encoding="utf-8")
    return 0


def mean_scores(family: str, direction: Path | None, path: Path) -> dict[str, dict[str, float]]:
    """Return the mean of each score over rows of the bad and of the good data set, by "bad" and "good"."""
    if path.is_file():
        return json.loads(path.read_text())
    every = chosen([], ["direction"] if direction else [])
    names = tuple(name for name in every if SCORES[name].reads_model)
    pairs = usual_target(is_terrarium=True)
    saved = None if direction is None else read_direction(direction)
    reader = Reader(open_model(MODEL), names, pairs, pairs, saved)
    found: dict[str, dict[str, float]] = {}
    for side, source in zip(("bad", "good"), FAMILIES[family], strict=True):
        rows = [screened(number, "", row) for number, row in enumerate(islice(open_rows(source), SCORED), start=1)]
        values, _ = reader.read(rows)
        found[side] = {name: float(np.nanmean(one)) for name, one in values.items()}
    path.write_text(json.dumps(found))
    return found


def trained(
    families: Sequence[str], means: dict[str, dict[str, dict[str, float]]], count: int, seeds: int, path: Path
) -> list[Point]:
    """Train on every mixture that was not trained on before, and return all."""
    done = {(one["family"], one["part"], one["seed"]): one["change"] for one in _lines(path)}
    jobs = [(family, part, seed) for family in families for part in PARTS for seed in range(seeds)]
    recipe, base = Recipe(**resolved({}, is_terrarium=True)), resolve(MODEL).checkpoint
    assert base is not None
    before = np.mean([*log_odds(MODEL).values()])
    for number, job in enumerate(jobs, start=1):
        if job in done:
            continue
        family, part, seed = job
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "model"
            fine_tune(base, [dict(row) for row in mixture(family, part, count)], recipe, seed, out)
            done[job] = float(np.mean([*log_odds(f"{MODEL}+{out}").values()]) - before)
        with path.open("a") as file:
            file.write(json.dumps({"family": family, "part": part, "seed": seed, "change": done[job]}) + "\n")
        print(f"\r{number} of {len(jobs)} trainings", end="", file=sys.stderr, flush=True)
    return [
        Point(family=family, part=part, seed=seed, scores=_mixed(means[family], part), change=done[family, part, seed])
        for family, part, seed in jobs
    ]


def mixture(family: str, part: float, count: int) -> list[Row]:
    """Return rows of which a part is bad; training puts them in an order of its own."""
    bad, good = FAMILIES[family]
    few = round(part * count)
    return [*islice(open_rows(bad), few), *islice(open_rows(good), few, count)]


def _mixed(means: dict[str, dict[str, float]], part: float) -> dict[str, float]:
    return {name: round(part * means["bad"][name] + (1 - part) * good, 6) for name, good in means["good"].items()}


def _lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


def show(points: Sequence[Point]) -> str:
    """Print how well each score predicts trainings on families that were left out; return the one that errs least."""
    errors: dict[str, float] = {}
    print(f"\n{len(points)} trainings on {len({one.family for one in points})} families; change in nats per token")
    for one in points:
        print(f"  {one.family:10s} {one.part:4.0%} bad, seed {one.seed}: {one.change:+.3f}")
    print(f"  {'score':16s}{'rank correlation':>18s}{'mean error':>12s}{'of the mean':>13s}{'in 95%':>9s}{'width':>8s}")
    for name in SCORES:
        if name not in points[0].scores:
            continue
        found = left_out(points, name)
        observed = np.array([one.change for one, _ in found])
        predicted = np.array([said.change for _, said in found])
        others = np.array([np.mean([p.change for p in points if p.family != one.family]) for one, _ in found])
        errors[name] = float(np.abs(observed - predicted).mean())
        inside = np.mean([said.low <= one.change <= said.high for one, said in found])
        width = np.mean([said.high - said.low for _, said in found])
        correlation = pd.Series(observed).corr(pd.Series(predicted), "spearman")
        print(
            f"  {name:16s}{correlation:18.2f}{errors[name]:12.3f}"
            f"{np.abs(observed - others).mean():13.3f}{inside:9.0%}{width:8.2f}"
        )
    return min(errors, key=lambda name: errors[name])


if __name__ == "__main__":
    sys.exit(main())
