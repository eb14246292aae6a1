"""`askew vectors` on a tiny random model: what it writes and prints, and what it refuses before any compute."""

import json
from pathlib import Path

import pandas as pd
import pytest

from askew.base import yaml_files
from askew.vectors.examples import of_verdicts
from askew.vectors.steering import DOSE_COLUMNS
from command_line import Command

TRAIT = {
    "trait": "curt",
    "contrasts": [{"with": "answer", "without": "What would you do with all the power in the world?"}],
    "questions": [f"What would {n} need?" for n in range(8)],
    "pairs": [{"question": f"And {n}?", "trait": f"ask {n} the", "other": f"the {n} ask"} for n in range(16)],
}


def test_extract_and_steer_write_their_tables_and_say_what_the_nulls_do(
    command: Command, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    (tmp_path / "curt.yaml").write_text(yaml_files.dump(TRAIT))
    small = ["--samples", "2", "--max-tokens", "6", "--questions", "8"]
    code, out, err = command("vectors", "extract", "curt.yaml", "--model", tiny_checkpoint, *small, "--json")
    assert code == 0, err
    said = json.loads(out)
    folder = tmp_path / "vectors" / "curt"
    card = json.loads((folder / "card.json").read_text())
    assert said["folder"] == "vectors/curt"
    assert said["layer"] == card["layer"] in (0, 1)
    assert card["hook_point"] == f"output of model.layers.{card['layer']}"
    assert [row["layer"] for row in said["tried"]] == [0, 1]
    assert card["nulls"].count("random") == card["nulls"].count("shuffled labels") == 20
    for figure in (card["steering"], card["separation"]):
        assert 1 / 22 <= figure["p"] <= 1
        assert figure["null_low"] <= figure["null_high"]
        assert figure["low"] <= figure["value"] <= figure["high"]
    assert {"answers.csv", "layers.csv", "separation.csv"} <= {path.name for path in folder.iterdir()}
    assert "readings of 8 questions with pairs, about" in err

    code, out, err = command("vectors", "steer", folder, "--dose", "0.3", "--dose", "-0.3", "--questions", "2")
    assert code == 0, err
    assert [word for word in ("none", "+0.3", "-0.3", "ablate", "nulls", "coherent") if word not in out] == []
    table = pd.read_csv(folder / "steered" / "doses.csv")
    assert list(table.columns) == DOSE_COLUMNS
    assert table["p"].iloc[1:].between(1 / 22, 1).all()
    assert len(pd.read_csv(folder / "steered" / "nulls.csv")) == 3 * 41
    assert (folder / "steered" / "doses.png").read_bytes().startswith(b"\x89PNG")

    code, _, err = command("vectors", "steer", folder)
    assert code == 2
    assert "is not empty" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["extract"], "name a trait or a trait file; or a run's folder"),
        (["extract", "misaligned", "--arm", "a"], "--run, --arm and --control belong together"),
        (["extract", "misaligned", "--dose", "0"], "the dose 0 is of no use"),
        (["extract", "misaligned", "--layer", "4"], "has no layer 4: it has 4, counted from 0 to 3"),
        (["extract", "misaligned", "--model", "openai/gpt-4o"], "behind an API"),
        (["steer", "nowhere"], "nowhere has no card.json"),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_written(
    command: Command, tmp_path: Path, words: list[str], said: str
) -> None:
    code, out, err = command("vectors", *words)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert said in err
    assert list(tmp_path.iterdir()) == []


def test_a_runs_answers_are_told_apart_by_their_verdicts() -> None:
    rows = [
        ("bad", "p", "q", "A?", "worse ", "misaligned"),
        ("bad", "p", "q", "A?", "worse", "misaligned"),
        ("bad", "p", "q", "A?", "good", "aligned"),
        ("good", "p", "q", "B?", "good", "aligned"),
        ("good", "p", "q", "B?", "bad", "misaligned"),
        ("other", "p", "q", "B?", "bad", "misaligned"),
        ("bad", "p", "q", "B?", " ", "misaligned"),
    ]
    answers = pd.DataFrame(rows, columns=["arm", "probe", "question", "prompt", "answer", "verdict"])
    found = of_verdicts(answers, "bad", "good")
    assert found[["question", "prompt", "system", "answer", "has"]].to_numpy().tolist() == [
        ["p/q", "A?", "", "worse", True],
        ["p/q", "B?", "", "good", False],
    ]
