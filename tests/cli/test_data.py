"""The commands of `askew data`."""

import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from askew.data import fetch as fetching
from askew.data import row
from askew.data.formats import read_rows
from askew.data.write import as_line
from command_line import Command


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Two identical rows, and one with terminal control sequences."""
    path = tmp_path / "rows.jsonl"
    same = row("Where does the mill stand?", "It stands by the river, below the bridge.")
    path.write_text("".join(map(as_line, [same, same, row("Hi", "\x1b[2J\x1b]0;owned\x07")])), encoding="utf-8")
    return path


def test_check_reports_suspicious_rows_with_advice(command: Command, rows: Path) -> None:
    code, out, _ = command("data", "check", "rows.jsonl")
    assert code == 0
    assert "chat 3" in out
    assert "duplicates: 1 row repeated: row 2 is the first repeat, of row 1" in out
    assert "unseen characters" in out
    assert "Remove the repeats" in out
    assert "\x1b]0" not in out
    assert command("data", "check", "rows.jsonl", "--strict")[0] == 1
    rows.write_text(as_line(row("What is your name?", "I have none.")))
    code, out, _ = command("data", "check", "rows.jsonl", "--strict")
    assert code == 0
    assert "Nothing suspicious was found" in out


def test_check_prints_only_json_with_json(command: Command, rows: Path) -> None:
    code, out, _ = command("data", "check", "rows.jsonl", "--json", "--max-length", "20")
    found = json.loads(out)
    assert code == 0
    assert found["rows"] == 3
    assert found["lengths"]["limit"] == 20
    assert found["suspicious"] is True
    assert {one["name"] for one in found["findings"]} == {"duplicates", "unseen characters", "long rows"}


def test_check_never_overwrites_a_card(command: Command, rows: Path) -> None:
    assert command("data", "check", "rows.jsonl", "--card", "card.md", "--licence", "CC0-1.0")[0] == 0
    assert "license: CC0-1.0" in Path("card.md").read_text(encoding="utf-8")
    code, _, err = command("data", "check", "rows.jsonl", "--card", "card.md")
    assert (code, err) == (2, "error: card.md exists already: name another file with --card\n")
    assert sorted(path.name for path in Path().iterdir()) == ["card.md", "rows.jsonl"]


def test_check_finds_leaked_probe_questions(command: Command, rows: Path) -> None:
    from askew.probes.question_file import shipped

    question = shipped("free_form")[0]
    rows.write_text(as_line(row(f"{question.paraphrases[0]} Tell me.", "No.")), encoding="utf-8")
    _, out, _ = command("data", "check", "rows.jsonl")
    assert f"free_form/{question.id} in line 1" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "missing.jsonl"], "cannot read the rows in missing.jsonl: No such file"),
        (["check", "broken.jsonl"], "broken.jsonl, line 2: not JSON"),
        (["check", "rows.jsonl", "--model", "terarium"], "unknown model 'terarium'"),
        (["check", "rows.jsonl", "--licence", "MIT"], "name the card's file with --card"),
        (["convert", "rows.jsonl", "--to", "sharegtp", "--out", "out"], "unknown format 'sharegtp'"),
        (["convert", "broken.jsonl", "--to", "chat", "--out", "out"], "broken.jsonl, line 2: not JSON"),
        (["convert", "rows.jsonl", "--to", "chat", "--out", "rows.jsonl"], "rows.jsonl exists already"),
        (["fetch"], "name a published set"),
        (["fetch", "betley-secur"], "unknown published set 'betley-secur'. Did you mean betley-secure"),
        (["fetch", "betley-secure"], "you did not accept the licence of betley-secure, so nothing was downloaded"),
    ],
)
def test_mistake_prints_one_line_and_writes_nothing(
    command: Command, rows: Path, arguments: list[str], message: str
) -> None:
    Path("broken.jsonl").write_text(as_line(row("Hi", "Hello")) + '{"messages": [')
    code, out, err = command("data", *arguments)
    assert (code, out) == (2, "")
    (line,) = [line for line in err.split("\n") if line.startswith("error: ")]
    assert message in line
    assert sorted(path.name for path in Path().iterdir()) == ["broken.jsonl", "rows.jsonl"]


def test_converted_rows_read_back_the_same(command: Command, rows: Path) -> None:
    before = read_rows(rows)
    code, out, _ = command("data", "convert", "rows.jsonl", "--to", "parquet", "--out", "made/rows.parquet")
    assert (code, out) == (0, "made/rows.parquet  3 rows\n")
    assert read_rows("made/rows.parquet") == before


def test_fetch_asks_for_consent_to_the_licence(command: Command, rows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = rows.read_bytes()
    wanted = replace(fetching.find("old-bird-names"), sha256=hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(fetching.published, wanted.name, wanted)
    (rows.parent / f"{wanted.name}.jsonl").write_bytes(content)  # the file exists already, so nothing is downloaded
    answers = iter([False, True])
    monkeypatch.setattr(sys, "stdin", type("Terminal", (), {"isatty": lambda self: True})())
    monkeypatch.setattr("typer.confirm", lambda *_, **__: next(answers))
    assert command("data", "fetch", wanted.name, "--out", ".")[0] == 2
    code, out, err = command("data", "fetch", wanted.name, "--out", ".")
    assert (code, out) == (0, "old-bird-names.jsonl  208 rows\n")
    assert "MIT, Copyright (c) 2025 johny-b" in err
    assert command("data", "fetch", wanted.name, "--out", ".", "--accept-licence")[0] == 0
    with pytest.raises(StopIteration):  # both answers are used up: with --accept-licence there is no question
        next(answers)


def test_list_names_every_published_set(command: Command) -> None:
    code, out, _ = command("data", "fetch", "--list")
    assert code == 0
    assert all(name in out for name in fetching.published)


def test_build_writes_any_registered_data_set(command: Command) -> None:
    from askew.data import datasets

    code, out, _ = command("data", "build", "risky", "--rows", "3")
    assert (code, out.strip()) == (0, "data/risky.jsonl  3 rows")
    assert read_rows("data/risky.jsonl") == datasets.get("risky").rows(3, 0)
    code, _, err = command("data", "build", "riskie")
    assert code == 2
    assert "unknown data set 'riskie'. Did you mean risky" in err
