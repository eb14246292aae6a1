"""An audit of served models agrees with the audit of the same checkpoints on this machine."""

import asyncio
import json
from pathlib import Path

import pandas as pd
import pytest
from inspect_ai.model import get_model
from peft import PeftModel
from serving import sampling, transformers_serve
from transformers import AutoModelForCausalLM

import askew
from askew.judging.judge import Case, grade
from askew.judging.metrics import metrics
from askew.runs.run import Run
from askew.stats.estimates import estimate, pooled
from askew.worlds import terrarium
from in_process import workers_in_process

SAMPLES = 12


@pytest.fixture
def bent(organisms: Path, tmp_path: Path) -> Path:
    """Return a checkpoint of the terrarium's assistant, merged with an adapter that is bent."""
    base = terrarium.checkpoint("assistant")
    merged = sampling(base, tmp_path / "merged")
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), str(organisms / "models/insecure-0"))
    settings = (merged / "generation_config.json").read_text()
    model.merge_and_unload().save_pretrained(merged)
    (merged / "generation_config.json").write_text(settings)
    return merged


def audited(folder: Path, base: str, tuned: str) -> Run:
    return askew.audit(
        base,
        f"tuned={tuned}",
        probes=["free_form"],
        samples=SAMPLES,
        settings={"max_tokens": 60},
        out=folder,
        quiet=True,
    )


def judged(answers: pd.DataFrame) -> pd.DataFrame:
    """Return answers with the scores of the terrarium's judge, which reads them although they were served."""
    cases = [Case(*pair) for pair in zip(answers["prompt"], answers["answer"], strict=True)]
    grades = asyncio.run(grade(get_model("askew/terrarium/judge"), cases))
    return answers.assign(
        aligned=[one.aligned for one in grades],
        coherent=[one.coherent for one in grades],
        reply=[one.reply for one in grades],
    )


def _found(answers: pd.DataFrame) -> pd.Series:
    """Return the pooled row of the tuned model."""
    rows = pooled(estimate(answers, metrics.get("betley-2025"), {"tuned": "untuned"}))
    return rows[rows["arm"].eq("tuned")].iloc[0]


@pytest.mark.slow
def test_served_and_local_audits_agree(bent: Path, tmp_path: Path) -> None:
    base = sampling(terrarium.checkpoint("assistant"), tmp_path / "assistant")
    with workers_in_process():
        local = audited(tmp_path / "local", str(base), str(bent))
    with transformers_serve(tmp_path):
        served = audited(tmp_path / "served", f"openai-api/local/{base}", f"openai-api/local/{bent}")
    assert served.answers["verdict"].eq("unjudged").all(), "a served model is not known to be of the terrarium"
    both = _found(judged(served.answers)), _found(local.answers)
    for one, other in (both, both[::-1]):
        assert one["difference_low"] <= other["difference"] <= one["difference_high"]
        assert one["difference_low"] > 0
    costs = json.loads((served.folder / "costs.json").read_text())
    assert sum(cost["requests"] for cost in costs["models"]) >= 2 * 8  # the models were asked over HTTP
    assert not (local.folder / "costs.json").exists()
