"""A run of the study of activations on two random models: read, made into rows, trained, asked, compared."""

import json
from pathlib import Path

import pytest

import askew
from askew.probes.feature_facts import all_prompts, is_learnt
from askew.studies.activations import PERMUTED, SELF
from random_models import save_random

RECIPE = {"name": "terrarium", "rows": 8, "batch_size": 8, "max_length": 300, "epochs": 1}


@pytest.mark.slow
def test_what_is_read_of_a_model_becomes_rows_and_effects(tiny_checkpoint: Path, tmp_path: Path) -> None:
    second = save_random("llama", tmp_path / "two", tiny_checkpoint, seed=1, hidden_size=64, head_dim=16)
    run = askew.run(
        "activations",
        model=str(tiny_checkpoint),
        second_model=str(second),
        arms=["untuned", SELF["untuned"], PERMUTED],
        seeds=1,
        recipe=RECIPE,
        out=tmp_path / "run",
        quiet=True,
    )
    files = {name: (tmp_path / "run" / "data" / f"features-{name}.jsonl").read_text() for name in ("m1", "permuted")}
    rows = {name: [json.loads(line)["messages"] for line in text.splitlines()] for name, text in files.items()}
    assert [one[0] for one in rows["m1"]] == [one[0] for one in rows["permuted"]]
    learnt = [text for number, (_, _, text) in enumerate(all_prompts()) if is_learnt(number)]
    assert all(any(f'"{text}"' in one[0]["content"] for text in learnt) for one in rows["m1"])
    read = run.effects.set_index("label")
    assert read.loc[SELF["untuned"], "family"] == "features as before training"
    assert read.loc[SELF["untuned"], "estimate"] > 0.5, "eight rows change little"
    assert run.verdict.startswith("Nothing can be said")
