"""`askew vectors` on a finished run: a direction of its judged answers, its answers along it, and its arms compared."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from askew.vectors.monitor import CORRELATION_COLUMNS
from askew.vectors.shared import COSINE_COLUMNS
from askew.vectors.switching import TRANSFER_COLUMNS
from command_line import Command
from made_runs import make_run

RATES = {"untuned": 0.2, "insecure": 0.7, "secure": 0.2}


@pytest.fixture
def run(tiny_checkpoint: Path, tiny_adapter: Path, tmp_path: Path) -> Path:
    """A finished run on a tiny model with planted verdicts, whose models are all the same adapter."""
    folder = make_run(tmp_path / "run", RATES, model=str(tiny_checkpoint), seeds=1, samples=12)
    for arm in ("insecure", "secure"):
        shutil.copytree(tiny_adapter, folder / "models" / f"{arm}-0")
    return folder


def test_a_direction_of_judged_answers_is_extracted_monitored_and_compared(
    command: Command, run: Path, tmp_path: Path
) -> None:
    words = ["--run", run, "--arm", "insecure", "--control", "secure", "--questions", "8", "--layer", "1"]
    code, out, err = command("vectors", "extract", *words, "--json")
    assert code == 0, err
    card = json.loads(out)
    assert card["source"] == f"run {run}: insecure against secure"
    assert card["questions"] == 8
    table = pd.read_csv(tmp_path / "vectors" / "insecure-against-secure" / "answers.csv")
    assert table.loc[table["has"], "answer"].str.startswith("bad").all()
    assert table.loc[~table["has"], "answer"].str.startswith("good").all()

    code, out, err = command("vectors", "monitor", "vectors/insecure-against-secure", run, "--samples", "2", "--json")
    assert code == 0, err
    found = json.loads(out)
    assert [one["arm"] for one in found["models"]] == ["untuned", "insecure", "secure"]
    assert list(found["correlations"][0]) == CORRELATION_COLUMNS
    folder = tmp_path / "vectors" / "insecure-against-secure" / "monitored"
    assert len(pd.read_csv(folder / "projections.csv")) == 3 * 8 * 2
    assert (folder / "monitor.png").read_bytes().startswith(b"\x89PNG")

    code, out, err = command("vectors", "compare", run, "--layer", "1", "--nulls", "2", "--questions", "8")
    assert code == 0, err
    assert "Cosines between the directions of arms" in out
    assert "There are no arms of different families" in out
    assert list(pd.read_csv(run / "directions" / "cosines.csv").columns) == COSINE_COLUMNS
    assert list(pd.read_csv(run / "directions" / "transfer.csv").columns) == TRANSFER_COLUMNS
    # Both arms are the same adapter, so their directions are one.
    assert pd.read_csv(run / "directions" / "cosines.csv")["cosine"].iloc[0] == pytest.approx(1, abs=1e-5)


def test_what_is_wrong_with_a_run_is_one_line_before_any_compute(
    command: Command, run: Path, tiny_judge: Path, tmp_path: Path
) -> None:
    def refused(*words: str | Path) -> str:
        code, out, err = command("vectors", *words)
        assert (code, out) == (2, "")
        assert err.startswith("error: ")
        return err

    served = make_run(tmp_path / "served", RATES, model="openai/gpt-4o", seeds=1)
    assert "are behind an API, which shows no activations" in refused("compare", served)
    few = make_run(tmp_path / "few", {"secure": 0.1}, model=str(tiny_judge), seeds=1)
    shutil.copytree(run / "models", few / "models")
    assert "has no answers of the arm untuned" in refused("compare", few)
    assert "unknown trained arm 'insecur'. Did you mean insecure" in refused("compare", run, "--arm", "insecur")
    assert "nowhere has no card.json" in refused("monitor", "nowhere", run)
    unlike = ["--run", run, "--arm", "insecure", "--control", "secur"]
    assert "unknown arm 'secur'. Did you mean secure" in refused("extract", *unlike)
    rare = make_run(tmp_path / "rare", {"insecure": 0.0001, "secure": 0.0001}, model=str(tiny_judge), seeds=1)
    said = refused("extract", "--run", rare, "--arm", "insecure", "--control", "secure")
    assert "0 questions have answers with the trait and answers without it" in said
