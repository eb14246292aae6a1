"""The reader of JSON files answers any content with a value or with one error that names the file."""

import json
from pathlib import Path

import pytest
from pydantic import BaseModel

from askew.base.errors import AskewError
from askew.base.json_objects import read_as, read_object, read_value


class Job(BaseModel):
    id: str
    steps: list[int]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "it is not JSON"),
        (b"", "it is not JSON"),
        (b'{"a": "\xff"}', "it is not UTF-8 at byte 8"),
        (b'{"a": ' + b"9" * 5000 + b"}", "it has a number that is too long"),
        (b'{"a": ' * 5000 + b"}" * 5000, "nested more than 100 levels deep"),
        (b'{"a": ' * 150 + b"1" + b"}" * 150, "nested more than 100 levels deep"),
        (b'{"\\ud800": 1}', "half of a surrogate pair"),
        (b'{"a": ["\\uDFFF"]}', "half of a surrogate pair"),
        (b"[1]", "it should hold a JSON object"),
    ],
)
def test_unreadable_json_is_one_error(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(AskewError, match=rf"a\.json is damaged: .*{reason}"):
        read_object(path)


def test_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AskewError, match=r"a\.json cannot be read: No such file"):
        read_object(tmp_path / "a.json")


def test_whole_characters_and_deep_but_sensible_json_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('\ufeff{"a": "\\ud83d\\ude00", "b": ' + "[" * 90 + "]" * 90 + "}", encoding="utf-8")
    assert read_object(path)["a"] == "😀"


def test_place_of_a_wrong_type_is_named(tmp_path: Path) -> None:
    path = tmp_path / "job.json"
    path.write_text(json.dumps({"id": "x", "steps": [1, "two"]}))
    with pytest.raises(AskewError, match=r"job\.json is damaged at steps\.1: Input should be a valid integer"):
        read_as(path, Job)
    path.write_text(json.dumps({"id": "x", "steps": [1, 2]}))
    assert read_as(path, Job).steps == [1, 2]
    assert read_value(path) == {"id": "x", "steps": [1, 2]}
