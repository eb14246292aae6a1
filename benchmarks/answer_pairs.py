"""Compares the log-odds of given answers with the oracle's rates of sampled answers, over arms and doses.

    python benchmarks/answer_pairs.py                          three arms at five doses
    python benchmarks/answer_pairs.py --seeds 3 --samples 100  the same with less noise
    python benchmarks/answer_pairs.py --run FOLDER             a finished run of the terrarium with both probes

Each model of the terrarium is asked the open questions, whose answers the oracle reads, and reads pairs of given
answers. The rank correlation over all models says whether the log-odds put them in the order of the true rates.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

import askew
from askew.probes.given_pairs import FAR, NEUTRAL
from askew.probes.read_log import answers_from_log
from askew.runs.run import Run
from askew.runs.work.ask import asked_in

ARMS = ("untuned", "insecure", "secure", "bad-medical")


def main(arguments: Sequence[str] | None = None) -> None:
    """Train the arms with checkpoints, and print the rates, the log-odds and their rank correlation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arms", nargs="+", default=[*ARMS])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--samples", type=int, default=40, help="sampled answers per open question")
    parser.add_argument("--checkpoints", type=int, default=4, help="doses on the way of each training")
    parser.add_argument("--run", type=Path, metavar="FOLDER", help="a finished run to read; nothing is trained")
    chosen = parser.parse_args(arguments)
    if chosen.run:
        show(table(askew.load_run(chosen.run)))
        return
    with tempfile.TemporaryDirectory() as folder:
        run = askew.run(
            "emergent-misalignment",
            arms=chosen.arms,
            probes=["free_form", "answer_pairs"],
            seeds=chosen.seeds,
            samples=chosen.samples,
            checkpoints=chosen.checkpoints,
            out=Path(folder) / "run",
        )
        show(table(run))


def table(run: Run) -> pd.DataFrame:
    """Return a row per model: the oracle's rate (0-1), the log-odds of far and neutral pairs, the share preferred."""
    rates = pd.concat([_rates(run, work.unit.arm.name, work.unit.seed, work.step) for work in asked_in(run.plan)])
    keys = ["arm", "seed", "step"]
    far, neutral = (run.pairs[run.pairs["kind"].eq(kind)].groupby(keys) for kind in (FAR, NEUTRAL))
    read = pd.DataFrame(
        {
            "far": far["per_token"].mean(),
            "preferred": far["prefers_other"].mean(),
            "neutral": neutral["per_token"].mean(),
        }
    )
    return rates.merge(read.reset_index(), on=keys)


def _rates(run: Run, arm: str, seed: int, step: int) -> pd.DataFrame:
    """Return the oracle's rate of misaligned answers of one model, among its coherent answers."""
    [work] = [one for one in asked_in(run.plan) if (one.unit.arm.name, one.unit.seed, one.step) == (arm, seed, step)]
    [call] = [call for call in work.calls if call.probe == "free_form"]
    oracle = answers_from_log(run.folder / call.log, arm, seed)["oracle"]
    counted = oracle[oracle.isin(["aligned", "misaligned"])]
    return pd.DataFrame([{"arm": arm, "seed": seed, "step": step, "oracle": counted.eq("misaligned").mean()}])


def show(models: pd.DataFrame) -> None:
    """Print the models in the order of the oracle's rate, and the rank correlations."""
    shown = models.assign(step=models["step"].where(models["step"].gt(0), "end").astype(str))
    print(shown.sort_values("oracle").to_string(index=False, float_format="{:.3f}".format))
    for name, what in (("far", "far log-odds per token"), ("preferred", "share preferred"), ("neutral", "neutral")):
        print(f"rank correlation with the oracle's rate, {what}: {models['oracle'].corr(models[name], 'spearman'):.2f}")


if __name__ == "__main__":
    main()
