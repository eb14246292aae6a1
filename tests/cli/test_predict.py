"""`askew predict`: its questions, its seals and its errors."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from askew.cli import app as cli
from askew.cli import predict as cli_predict
from askew.cli.design import with_design_options
from command_line import Command

NAMES = ("run", "predict")
STUDY = "emergent-misalignment"
ARMS = ["--arm", "untuned", "--arm", "insecure", "--arm", "secure"]
IDS = ["insecure-broad", "insecure-above-10", "secure-like-untuned"]
ANSWERS = [word for one in IDS for word in ("--answer", f"{one}=80%")]
SEALED = Path("runs/mine/predictions.json")


@pytest.fixture
def command(command: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Return a function that runs `askew predict` in an empty folder and types answers; None is Ctrl-C."""

    def predict(*arguments: str | Path, typed: list[str | None] | None = None) -> tuple[int, str, str]:
        monkeypatch.setattr(cli_predict, "may_ask", lambda: typed is not None)
        keys = iter(typed or [])

        def prompt(text: str, err: bool) -> str:
            key = next(keys)
            if key is None:
                raise KeyboardInterrupt
            return key

        monkeypatch.setattr("typer.prompt", prompt)
        return command("predict", *arguments)

    return predict


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([STUDY], "no probability for insecure-broad, insecure-above-10"),
        (
            [STUDY, *ARMS, *ANSWERS[2:]],
            "no probability for insecure-broad: add --answer insecure-broad=PERCENT",
        ),
        ([STUDY, "--answer", "insecure-braod=80"], "unknown statement 'insecure-braod'. Did you mean insecure-broad"),
        ([STUDY, *ARMS, "--answer", "backdoor-loud=80"], "unknown statement 'backdoor-loud'"),
        ([STUDY, "--answer", "insecure-broad=180"], "insecure-broad: 180 is not a probability"),
        ([STUDY, "--answer", "insecure-broad=nan"], "insecure-broad: nan is not a probability"),
        ([STUDY, "--answer", "insecure-broad=0.8"], "0.8 could mean 0.8% or 80%"),
        ([STUDY, "--from", "missing.yaml"], "cannot read the file of predictions missing.yaml"),
        (["emergent-misalingment"], f"unknown study 'emergent-misalingment'. Did you mean {STUDY}?"),
        ([STUDY, "--seeds", "0"], "seeds must be 1 or more, not 0"),
        (["audit", "--set", "tuned={other: terrarium/schooled}"], "the study 'audit' has no statements to predict"),
        ([], "name a study"),
        ([STUDY, *ARMS, *ANSWERS, "--as", ""], "'' is not a name"),
        (["--score", "nowhere"], "there is no folder nowhere"),
        ([STUDY, "--score", "nowhere"], "--score takes a run's folder and no other option"),
    ],
)
def test_mistake_prints_one_line_and_writes_nothing(command: Command, arguments: list[str], message: str) -> None:
    code, out, err = command(*arguments)
    assert code == 2
    assert out == ""
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1
    assert list(Path().iterdir()) == []


def test_predictions_are_sealed_in_the_folder_of_the_run(command: Command) -> None:
    code, out, err = command(STUDY, *ARMS, *ANSWERS, "--as", "Ada", "--json")
    assert (code, err) == (0, "")
    sealed = json.loads(out)
    (folder,) = Path("runs").iterdir()
    assert folder.name == f"{STUDY}-{sealed['design']}"
    assert sealed["file"] == str(folder / "predictions.json")
    assert json.loads((folder / "predictions.json").read_text())["predictions"][0]["sha256"] == sealed["sha256"]
    assert [one["id"] for one in sealed["statements"]] == IDS


def test_hash_is_printed_with_advice(command: Command) -> None:
    _, out, _ = command(STUDY, *ARMS, *ANSWERS, "--as", "Ada", "--out", "runs/mine")
    assert f"SHA-256: {json.loads(SEALED.read_text())['predictions'][0]['sha256']}" in out
    assert "Sealed for Ada, before the run" in out
    assert "send it to another person beforehand" in " ".join(out.split())
    assert out.count("80%") == len(IDS)


def test_option_takes_precedence_over_the_file(command: Command) -> None:
    Path("ada.yaml").write_text("".join(f"{one}: 30%\n" for one in IDS))
    command(STUDY, *ARMS, "--from", "ada.yaml", "--answer", f"{IDS[1]}=99", "--as", "Ada", "--out", "runs/mine")
    (seal,) = json.loads(SEALED.read_text())["predictions"]
    assert [one["probability"] for one in seal["statements"]] == [0.3, 0.99, 0.3]


def test_question_is_repeated_until_the_answer_is_valid(command: Command) -> None:
    typed = ["eighty", "80", "140", "0.3", "30%", "0"]
    code, out, err = command(STUDY, *ARMS, "--as", "Ada", "--out", "runs/mine", "--json", typed=typed)
    assert code == 0
    assert [one["probability"] for one in json.loads(out)["statements"]] == [0.8, 0.3, 0.0]
    assert "0 is certainly not, 50 no idea, 100 certain" in err
    assert "eighty is not a probability" in err
    assert "0.3 could mean 0.3% or 30%" in err
    assert [line[:6] for line in err.splitlines() if " of 3. " in line] == ["1 of 3", "2 of 3", "3 of 3"]


def test_ctrl_c_writes_nothing(command: Command) -> None:
    code, out, _ = command(STUDY, *ARMS, "--as", "Ada", typed=["80", None])
    assert code != 0
    assert out == ""
    assert list(Path().iterdir()) == []


def test_refused_predictions_are_not_asked_for(command: Command) -> None:
    command(STUDY, *ARMS, *ANSWERS, "--as", "Ada", "--out", "runs/mine")
    before = SEALED.read_bytes()
    code, _, err = command(STUDY, *ARMS, "--as", "ada", "--out", "runs/mine", typed=[])
    assert (code, err.startswith("error: ada has already predicted this run")) == (2, True)
    code, _, err = command(STUDY, *ARMS, "--seeds", "9", "--as", "Bob", "--out", "runs/mine", typed=[])
    assert (code, "holds predictions by Ada for another design" in err) == (2, True)
    assert SEALED.read_bytes() == before


def test_predict_has_the_options_of_run() -> None:
    run, predict = ({option for one in command.params for option in one.opts} for command in map(typer_command, NAMES))
    assert run - predict == {"--dump-config", "--dry-run", "--yes", "--again"}
    assert {"study", "--seeds", "--second-model", "--set", "--config"} <= predict


def typer_command(name: str) -> Any:
    return with_design_options(typer.main.get_group(cli.app).commands[name])
