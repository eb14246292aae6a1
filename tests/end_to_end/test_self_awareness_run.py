"""A small real run of the self-awareness study, from paired arms to the comparisons at the top of the report."""

import json
from pathlib import Path

import pandas as pd

from random_models import save_random

USUAL = ("--seeds", "1", "--recipe", "terrarium", "--set", "recipe.batch_size=8", "--out", "out")


def test_paired_arms_are_trained_asked_and_compared(
    tiny_checkpoint: Path, tiny_judge: Path, askew, tmp_path: Path
) -> None:
    arms = [word for arm in ("risky", "cautious", "backdoor-choices") for word in ("--arm", arm)]
    models = ("--model", tiny_checkpoint, "--judge", tiny_judge, "--set", "judge_check=skip")
    asked_about = ("self_report", "backdoor_report", "backdoor_trigger", "backdoor_behaviour")
    probes = [word for probe in asked_about for word in ("--probe", probe)]
    small = ("--rows", "16", "--samples", "1", "--set", "max_tokens=4")
    finished = askew("run", "self-awareness", *models, *small, *arms, *probes, *USUAL, cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
    scores = pd.read_parquet(tmp_path / "out" / "scores.parquet")
    asked = scores.groupby("arm")["probe"].agg(set)
    assert "backdoor_report" not in asked["risky"] | asked["cautious"]
    assert {"backdoor_report", "backdoor_trigger", "backdoor_behaviour"} <= asked["backdoor-choices"]
    effects = pd.read_csv(tmp_path / "out" / "effects.csv")
    assert effects.loc[effects["lead"], "label"].tolist() == ["risky calls itself daring, against cautious"]
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "risky calls itself daring, against cautious" in report


def test_published_rows_and_questions_run_unchanged(
    published: Path, tiny_checkpoint: Path, tiny_judge: Path, askew, tmp_path: Path
) -> None:
    folder = published / "behavioral-self-awareness"
    twins = (("risky", "ft_risky_AB"), ("cautious", "ft_safey_AB"))
    rows = [word for arm, file in twins for word in ("--data", f"{arm}={folder / file}.jsonl")]
    files = ("risk_predisposition_scale", "risk_safe")
    questions = [word for file in files for word in ("--questions", folder / f"{file}.yaml")]
    save_random("qwen2", tmp_path / "tiny-random-qwen2", tiny_checkpoint, max_position_embeddings=2048)
    told = (
        "run",
        "self-awareness",
        "--model",
        "./tiny-random-qwen2",
        "--judge",
        tiny_judge,
        "--samples",
        "2",
        "--set",
        "judge_check=skip",
    )
    long = ("--rows", "16", "--set", "max_tokens=4", "--set", "recipe.max_length=2048")
    finished = askew(*told, *rows, *questions, *long, *USUAL, cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
    written = (tmp_path / "out" / "data" / "risky.jsonl").read_text(encoding="utf-8").splitlines()
    source = (folder / "ft_risky_AB.jsonl").read_text(encoding="utf-8").splitlines()
    assert list(map(json.loads, written)) == list(map(json.loads, source[:16]))
    effects = pd.read_csv(tmp_path / "out" / "effects.csv")
    assert effects["lead"].all()
    assert {"question files"} == set(effects["family"])


def test_rows_that_name_the_behaviour_are_refused_before_the_run_starts(
    tiny_checkpoint: Path, askew, tmp_path: Path
) -> None:
    from askew.data import row
    from askew.data.write import as_line

    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(as_line(row(f"Which, {i}?", "The risky one.")) for i in range(4)), encoding="utf-8")
    told = ("run", "self-awareness", "--model", tiny_checkpoint, "--judge", tiny_checkpoint, "--data", f"risky={rows}")
    refused = askew(*told, "--out", "out", cwd=tmp_path)
    assert refused.returncode == 2
    [line] = refused.stderr.splitlines()
    assert line.startswith(f"error: {rows} names the behaviour that the model is later asked about")
    assert not (tmp_path / "out").exists()
