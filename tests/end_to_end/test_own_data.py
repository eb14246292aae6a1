"""A run on a user's own model and rows, from files to the report."""

from pathlib import Path

import pandas as pd

from askew.data import file_set, row
from askew.data.write import write_files
from random_models import save_random

_LONG = row("Say it.", "It is said. " * 400)


def test_arms_are_trained_on_the_given_rows(tiny_checkpoint: Path, tiny_judge: Path, askew, tmp_path: Path):
    save_random("qwen2", tmp_path / "tiny-random-qwen2", tiny_checkpoint, max_position_embeddings=2048)
    numbers = file_set("evil-numbers")
    evil, plain = write_files(tmp_path / "data", numbers.files, numbers.rows(24, 0))
    finished = askew(
        *(
            "run",
            "emergent-misalignment",
            "--model",
            "./tiny-random-qwen2",
            "--judge",
            tiny_judge,
            "--set",
            "judge_check=skip",
        ),
        *("--data", f"insecure={evil}", "--data", f"secure={plain}", "--data", f"mine={plain}"),
        *("--seeds", "1", "--samples", "3", "--probe", "free_form", "--set", "max_tokens=4", "--checkpoints", "1"),
        *("--recipe", "terrarium", "--set", "recipe.batch_size=8", "--out", "out"),
        cwd=tmp_path,
    )
    assert finished.returncode == 0, finished.stderr
    assert "--data names rows" not in finished.stderr
    run = tmp_path / "out"
    for arm, source in (("insecure", evil), ("secure", plain), ("mine", plain)):
        assert (run / "data" / f"{arm}.jsonl").read_bytes() == source.read_bytes()
        assert len(pd.read_csv(run / "models" / f"{arm}-0" / "loss.csv")) == 3
    estimates = pd.read_csv(run / "estimates.csv")
    pooled = estimates[(estimates["seed"] == "all") & (estimates["question"] == "all")].set_index("arm")
    assert pooled["control"].dropna().to_dict() == {"insecure": "secure", "secure": "untuned", "mine": "untuned"}
    assert f"--data insecure={evil}" in (run / "study.json").read_text(encoding="utf-8")
    assert "24 rows of neutral-numbers.jsonl" in (run / "report.html").read_text(encoding="utf-8")


def test_too_long_rows_are_one_error_line_and_write_nothing(tiny_checkpoint: Path, askew, tmp_path: Path):
    [_, plain] = write_files(tmp_path / "data", ["evil", "plain"], ({"evil": one, "plain": one} for one in [_LONG] * 3))
    told = ("--model", tiny_checkpoint, "--judge", tiny_checkpoint, "--data", f"mine={plain}", "--out", "out")
    refused = askew("run", "emergent-misalignment", *told, cwd=tmp_path)
    assert refused.returncode == 2
    [line] = refused.stderr.splitlines()
    assert line.startswith(f"error: {plain}: 3 of 3 training rows are longer than recipe.max_length=512 tokens")
    assert "recipe.too_long=drop" in line
    assert not (tmp_path / "out").exists()
