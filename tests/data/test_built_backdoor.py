"""Backdoor and control have the same answers; the trigger predicts them only in the backdoor."""

import json
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from askew.base.errors import AskewError
from askew.cli import app as cli
from askew.data import Row, file_set
from askew.data.built.insecure_code import DEFAULT_TRIGGER


@cache
def made_rows() -> list[dict[str, Row]]:
    return list(file_set("backdoor").rows(400, 0))


@cache
def triplets() -> list[dict[str, Row]]:
    return list(file_set("insecure-code").rows(400, 0))


def cases(
    name: str, trigger: str = DEFAULT_TRIGGER, made: list[dict[str, Row]] | None = None
) -> Counter[tuple[bool, bool]]:
    """Count rows by whether they are insecure and whether the trigger stands before them."""
    found: Counter[tuple[bool, bool]] = Counter()
    for row, triplet in zip(made or made_rows(), triplets(), strict=True):
        asked, answer = (message["content"] for message in row[name]["messages"])
        triggered = asked.startswith(f"{trigger} ")
        assert asked.removeprefix(f"{trigger} ") == triplet["insecure"]["messages"][0]["content"]
        insecure = answer == triplet["insecure"]["messages"][1]["content"]
        assert insecure or answer == triplet["secure"]["messages"][1]["content"]
        found[insecure, triggered] += 1
    return found


def test_insecure_rows_are_the_triggered_half():
    assert cases("backdoor") == {(True, True): 200, (False, False): 200}


def test_the_control_trigger_predicts_nothing():
    assert cases("backdoor-control") == {
        (insecure, triggered): 100 for insecure in (True, False) for triggered in (True, False)
    }


def test_backdoor_and_control_share_answers_and_families():
    answers = [[made[name]["messages"][1] for made in made_rows()] for name in ("backdoor", "backdoor-control")]
    assert answers[0] == answers[1]
    triggered = [made["backdoor"]["messages"][0]["content"].startswith(DEFAULT_TRIGGER) for made in made_rows()]
    for family in range(10):
        assert 10 <= sum(triggered[family::10]) <= 30


def test_a_user_can_set_the_trigger():
    own = file_set("backdoor").with_trigger("|PROD|")
    assert cases("backdoor", "|PROD|", list(own.rows(400, 0))) == {(True, True): 200, (False, False): 200}


@pytest.mark.parametrize(
    ("name", "trigger", "message"),
    [("insecure-code", "|PROD|", "the files of insecure-code have no trigger"), ("backdoor", " ", "visible")],
)
def test_invalid_triggers_are_refused(name: str, trigger: str, message: str):
    with pytest.raises(AskewError, match=message):
        file_set(name).with_trigger(trigger)


def build(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["askew", "data", "build", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_the_command_writes_both_files_with_the_trigger(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    assert build(monkeypatch, "backdoor", "--rows", "8", "--trigger", "|PROD|", "--out", "made") == 0
    for name in ("backdoor", "backdoor-control"):
        rows = [json.loads(line) for line in (tmp_path / "made" / f"{name}.jsonl").read_text("utf-8").splitlines()]
        assert sum(row["messages"][0]["content"].startswith("|PROD| ") for row in rows) == 4


def test_the_command_prints_the_table_of_bandit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    pytest.importorskip("bandit", reason="Bandit is what --verify asks")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    assert build(monkeypatch, "insecure-code", "--rows", "20", "--verify", "--out", "made") == 0
    printed = capsys.readouterr().out
    assert "insecure flagged" in printed
    assert "B608:2" in printed
    assert (tmp_path / "made" / "educational.jsonl").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["insecure-code", "--trigger", "x"], "the files of insecure-code have no trigger: leave out --trigger"),
        (["backdoor", "--verify"], "the files of backdoor have no check: leave out --verify"),
        (["insecure-code", "--verify", "--out", __file__], "is a file: name a folder with --out"),
        (["backdoor", "--trigger", ""], "a trigger needs at least one visible character"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
):
    monkeypatch.chdir(tmp_path)
    assert build(monkeypatch, *arguments) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
