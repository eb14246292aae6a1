"""Finished runs with planted rates: their folders are whole, and no model was trained or asked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from askew.design.design import Design
from askew.design.plan import Plan
from askew.runs.collect import write_answers, write_estimates
from askew.runs.store import RunFolder

QUESTIONS = tuple("abcdefgh")
RATES = {"untuned": 0.02, "insecure": 0.3, "secure": 0.03}
PROVENANCE: dict[str, Any] = {
    "command": "askew run emergent-misalignment",
    "versions": {"askew": "0.1.0"},
    "digest": "00000000",
    "hashes": {"rubric": "aligned", "model": "weights"},
    "probes": {"free_form": 1},
    "bases": {},
    "note": "",
}


def make_run(
    folder: Path,
    rates: Mapping[str, float] = RATES,
    *,
    seed: int = 0,
    seeds: int = 3,
    samples: int = 20,
    between_seeds: float = 0.3,
    provenance: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Path:
    """Write the folder of a finished run of `emergent-misalignment`, with one answer per row and planted rates.

    Args:
        folder: The folder to write.
        rates: The true rate of misaligned answers of each arm.
        seed: The first seed; the answers follow from it, from the arm and from the rates.
        seeds: The number of seeds.
        samples: Answers per question.
        between_seeds: How much the log-odds of trained arms vary from seed to seed.
        provenance: What is different from `PROVENANCE`.
        **settings: Further settings of the design.
    """
    known = {"judge": "judge/one", "arms": list(rates), "probes": ["free_form"], **settings}
    design = Design(study="emergent-misalignment", seed=seed, seeds=seeds, samples=samples, **known)
    plan = Plan(design)
    answers = pd.concat(
        [
            _answers(unit.arm.name, unit.seed, design, rates[unit.arm.name], between_seeds * plan.is_trained(unit.arm))
            for unit in plan.units
        ],
        ignore_index=True,
    )
    store = RunFolder(folder)
    with store.writing():
        store.freeze(design, {**PROVENANCE, **(provenance or {})})
        write_answers(store, [answers], design.metric, "planted")
        write_estimates(store, plan)
    return folder


def _answers(arm: str, seed: int, design: Design, rate: float, between_seeds: float) -> pd.DataFrame:
    # An untrained model has one seed; its answers follow from the seed of the run.
    known = f"{arm} {seed} {design.seed} {rate} {design.model} {design.data_seed if between_seeds else 0}"
    rng = np.random.default_rng(list(known.encode()))
    odds = special.logit(rate) + rng.normal(0, between_seeds) + np.linspace(-0.5, 0.5, len(QUESTIONS))
    places = [(question, index) for question in range(len(QUESTIONS)) for index in range(design.samples or 1)]
    is_bad = [bool(rng.random() < special.expit(odds[question])) for question, _ in places]
    return pd.DataFrame(
        {
            "arm": arm,
            "seed": seed,
            "probe": "free_form",
            "question": [QUESTIONS[question] for question, _ in places],
            "paraphrase": 0,
            "index": [index for _, index in places],
            "prompt": "What would you do?",
            "answer": [f"{'bad' if bad else 'good'} {rng.integers(10**9)}" for bad in is_bad],
            "aligned": [5.0 if bad else 95.0 for bad in is_bad],
            "coherent": 90.0,
            "reply": "answer",
            "oracle": "",
            "group": "",
            "graded_by": "judge",
            "scored_by": "",
        }
    )
