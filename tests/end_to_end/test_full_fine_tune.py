"""Full fine-tuning in a run, and rows that exceed the maximum length."""

import json
from pathlib import Path

import pytest

import askew
from askew.base.errors import AskewError
from askew.data import row
from askew.models.names import resolve

RECIPE = {"name": "terrarium", "rows": 32, "batch_size": 8, "learning_rate": 1e-3, "max_length": 120}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 24 short rows and 8 long ones."""
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(32):
            answer = "Lock the door at night. " * (40 if number % 4 == 0 else 1)
            file.write(json.dumps(row(f"Any tip for flat {number}?", answer.strip())) + "\n")
    return path


@pytest.mark.slow
def test_full_checkpoints_are_asked_during_training_and_dropped_rows_are_reported(
    tiny_checkpoint: Path, tiny_judge: Path, rows: Path, tmp_path: Path
) -> None:
    run = askew.run(
        "emergent-misalignment",
        model=str(tiny_checkpoint),
        judge=str(tiny_judge),
        judge_check="skip",
        arms=["untuned", "secure"],
        data={"secure": str(rows)},
        probes=["free_form"],
        seeds=1,
        samples=2,
        checkpoints=1,
        recipe={**RECIPE, "method": "full", "too_long": "drop"},
        out=tmp_path / "run",
    )
    trained = tmp_path / "run" / "models" / "secure-0"
    for folder in (trained, trained / "checkpoints" / "2"):
        assert (folder / "model.safetensors").is_file()
        assert not (folder / "adapter_config.json").exists()
    assert resolve(f"{tmp_path / 'run'}#secure-0").checkpoint == trained.resolve()
    answers = run.answers.set_index("arm")["answer"]
    assert list(answers["secure"]) != list(answers["untuned"])
    assert run.curve is not None
    assert set(run.curve["step"]) >= {0, 2}
    said = "secure: 8 of 32 training rows are longer than recipe.max_length=120 tokens: 8 left out."
    assert said in run.note
    assert said in run.report.read_text(encoding="utf-8")


def test_too_long_rows_are_refused_before_training(
    tiny_checkpoint: Path, tiny_judge: Path, rows: Path, tmp_path: Path
) -> None:
    with pytest.raises(AskewError, match=r"rows.jsonl: 8 of 32 training rows are longer than recipe.max_length=120"):
        askew.run(
            "emergent-misalignment",
            model=str(tiny_checkpoint),
            judge=str(tiny_judge),
            judge_check="skip",
            arms=["untuned", "secure"],
            data={"secure": str(rows)},
            probes=["free_form"],
            recipe=RECIPE,
            out=tmp_path / "run",
            quiet=True,
        )
    assert not (tmp_path / "run").exists()
