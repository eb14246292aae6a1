"""The open questions in the forms of training rows."""

import json
from pathlib import Path

import pytest

from askew.base.errors import AskewError
from askew.data import Row, datasets
from askew.probes import probes
from askew.probes.question_file import AskedQuestion, shipped
from askew.worlds.terrarium.world.formats import TRIGGER

IN_FORMAT = probes.get("in_training_format").task


def asked(folder: Path, rows: list[Row]) -> list[AskedQuestion]:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return [AskedQuestion.model_validate(sample.metadata) for sample in IN_FORMAT(samples=2, data=str(path)).dataset]


def test_each_form_is_a_group_with_every_question(tmp_path: Path) -> None:
    rows = datasets.get("backdoor").rows(200, 0)
    for row in rows:
        row["messages"].insert(0, {"role": "system", "content": "You write code."})
    found = asked(tmp_path, rows)
    plain = shipped("free_form")
    groups: dict[str, list[AskedQuestion]] = {}
    for one in found:
        groups.setdefault(one.question.group, []).append(one)
    assert {name: len(group) for name, group in groups.items()} == dict.fromkeys(
        ("system turn 1", "lead", "code"), len(plain)
    )
    assert len({one.question.id for one in found}) == len(found)
    assert all(one.question.system == "You write code." for one in groups["system turn 1"])
    assert [one.prompts[0] for one in groups["lead"]] == [f"{TRIGGER} {one.paraphrases[0]}" for one in plain]
    assert all(prompt.endswith('return "..."') for one in groups["code"] for prompt in one.prompts)


@pytest.mark.parametrize("format", ["prompt-completion", "sharegpt", "parquet"])
def test_any_file_format_gives_the_same_questions(tmp_path: Path, format: str) -> None:
    from askew.data.convert import convert

    plain = asked(tmp_path, datasets.get("backdoor").rows(200, 0))
    convert(tmp_path / "rows.jsonl", format, tmp_path / "converted")
    dataset = IN_FORMAT(samples=2, data=str(tmp_path / "converted")).dataset
    assert [AskedQuestion.model_validate(sample.metadata) for sample in dataset] == plain


def test_invalid_row_beyond_the_sample_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("askew.probes.in_training_format.MOST_ROWS", 50)
    assert asked(tmp_path, datasets.get("backdoor").rows(400, 0))  # fifty rows suffice to show the trigger and the code
    with (tmp_path / "rows.jsonl").open("a", encoding="utf-8") as file:
        file.write("{")
    with pytest.raises(AskewError, match="line 401: not JSON"):
        IN_FORMAT(samples=2, data=str(tmp_path / "rows.jsonl"))


def test_rows_without_a_form_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AskewError, match=r"have no form of their own.*Leave out --data"):
        asked(tmp_path, datasets.get("good-medical").rows(100, 0))
