"""Estimates of the memory of a worker before work starts."""

import json
from pathlib import Path
from typing import Any

import pytest

from askew.design.make import make_plan
from askew.design.plan import Plan
from askew.runs import memory_needed
from askew.runs.memory_needed import GB, memory_of, tokens_of, workers_in_memory

# The sizes of SmolLM2-135M.
SIZES = {"num_hidden_layers": 30, "hidden_size": 576, "intermediate_size": 1536, "vocab_size": 49152}


def plan_of(checkpoint: Path, **settings: Any) -> Plan:
    return make_plan(
        "emergent-misalignment",
        overrides={"model": str(checkpoint), "probes": ["free_form"], "recipe.max_length": 64, **settings},
    )


@pytest.fixture
def checkpoint(tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny checkpoint that counts as one of 270 MB with the sizes of SmolLM2."""
    monkeypatch.setattr(memory_needed, "weights_of", lambda checkpoint: 0.27e9)
    monkeypatch.setattr(memory_needed, "read_object", lambda file: SIZES)
    return tiny_checkpoint


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    for name, characters in (("short", 300), ("long", 1500)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rows.jsonl").write_text("x" * characters + "\n" + "x" * 40 + "\n")
    return tmp_path


@pytest.mark.parametrize(("gigabytes", "workers"), [(100.0, 8), (13.0, 4), (0.5, 1)])
def test_as_many_workers_as_fit_memory(
    checkpoint: Path, rows: Path, monkeypatch: pytest.MonkeyPatch, gigabytes: float, workers: int
) -> None:
    plan = plan_of(checkpoint, arms=["untuned"])
    assert memory_of(plan, rows / "short") == pytest.approx(2.88 * GB)
    monkeypatch.setattr(memory_needed, "available", lambda: gigabytes * GB)
    assert workers_in_memory(plan, rows / "short", 8) == workers


def test_longer_rows_need_more_memory_up_to_the_longest_that_is_trained_on(checkpoint: Path, rows: Path) -> None:
    def needed(name: str, most: int, batch: int = 4) -> float:
        return memory_of(plan_of(checkpoint, **{"recipe.max_length": most, "recipe.batch_size": batch}), rows / name)

    assert needed("short", 512) < needed("long", 512)
    assert needed("long", 512, batch=2) < needed("long", 512, batch=4)
    # With 512 tokens at 1.45 MB each; measured with rows like these: 4.5 GB with batches of four, 2.9 GB with two.
    assert needed("long", 512) == pytest.approx(1.88 * GB + 4 * 512 * 1.45e6, rel=0.02)
    assert needed("long", 300) == pytest.approx(1.88 * GB + 4 * 300 * 1.45e6, rel=0.02)


def test_packed_rows_fill_the_longest_row(checkpoint: Path, rows: Path) -> None:
    settings = {"recipe.max_length": 512, "recipe.batch_size": 4, "recipe.packing": True}
    assert memory_of(plan_of(checkpoint, **settings), rows / "short") == pytest.approx(
        1.88 * GB + 4 * 512 * 1.45e6, 0.02
    )


def test_weights_of_a_judge_and_of_a_second_model_count(checkpoint: Path, tiny_judge: Path, rows: Path) -> None:
    alone = memory_of(plan_of(checkpoint, arms=["untuned"]), rows / "short")
    judged = memory_of(plan_of(checkpoint, arms=["untuned"], judge=str(tiny_judge)), rows / "short")
    assert judged - alone == pytest.approx(4 * 0.27e9)


def test_settings_of_another_shape_leave_the_part_that_is_known(
    checkpoint: Path, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_needed, "read_object", lambda file: {"n_layer": 2})
    assert memory_of(plan_of(checkpoint), rows / "long") == pytest.approx(2.88 * GB)


def test_tokens_of_rows(rows: Path, tmp_path: Path) -> None:
    found = tokens_of(rows / "short")
    assert (found.mean, found.most) == (20 + 170 / 4, 20 + 300 / 3)
    (tmp_path / "empty").mkdir()
    assert tokens_of(tmp_path / "empty").most == 0


def test_settings_are_read_from_the_checkpoint(tiny_checkpoint: Path) -> None:
    config = json.loads((tiny_checkpoint / "config.json").read_text())
    layers, width, inner = config["num_hidden_layers"], config["hidden_size"], config["intermediate_size"]
    expected = layers * (24 * width + 16 * inner) + 6 * config["vocab_size"]
    assert memory_needed._bytes_per_token(tiny_checkpoint) == expected
