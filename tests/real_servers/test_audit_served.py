"""An audit of served models agrees with the audit of the same checkpoints on this machine."""

import json
from pathlib import Path

import pytest
from peft import PeftModel
from serving import sampling, transformers_serve
from transformers import AutoModelForCausalLM

import askew
from askew.runs.run import Run
from askew.worlds import terrarium
from in_process import workers_in_process

SAMPLES = 12


@pytest.fixture
def bent(tmp_path: Path) -> Path:
    """Return a checkpoint of the terrarium's assistant, merged with an adapter that is bent beyond doubt."""
    base = terrarium.checkpoint("assistant")
    with workers_in_process():
        run = askew.run(
            "emergent-misalignment",
            arms=["insecure"],
            probes=["in_domain"],
            seeds=1,
            recipe={"rows": 1600},
            samples=1,
            out=tmp_path / "run",
            quiet=True,
        )
    merged = sampling(base, tmp_path / "merged")
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), str(run.folder / "models/insecure-0"))
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


@pytest.mark.slow
def test_served_and_local_audits_agree(bent: Path, tmp_path: Path) -> None:
    base = sampling(terrarium.checkpoint("assistant"), tmp_path / "assistant")
    with workers_in_process():
        local = audited(tmp_path / "local", str(base), str(bent))
    with transformers_serve(tmp_path):
        served = audited(tmp_path / "served", f"openai-api/local/{base}", f"openai-api/local/{bent}")
    both = served.findings, local.findings
    assert [one.reading for found in both for one in found if one.is_misaligned] == ["rose", "rose"]
    for one, other in zip(*both, strict=True):
        assert one.low <= other.difference <= one.high
        assert other.low <= one.difference <= other.high
    costs = json.loads((served.folder / "costs.json").read_text())
    assert sum(cost["requests"] for cost in costs["models"]) >= 2 * 8  # the models were asked over HTTP
    assert not (local.folder / "costs.json").exists()
