from pathlib import Path

import pytest

from askew.data.formats import read_rows
from askew.errors import AskewError

CHAT = '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}'


def write(folder: Path, *lines: str) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_conversations_and_completions_are_read(tmp_path: Path) -> None:
    developer = CHAT.replace('{"role": "user"', '{"role": "developer", "content": "Be brief"}, {"role": "user"', 1)
    rows = read_rows(write(tmp_path, CHAT, "", '{"prompt": "Hi", "completion": "Hello", "id": 3}', developer))
    assert rows[0] == rows[1]
    assert rows[2]["messages"][0] == {"role": "system", "content": "Be brief"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2: not JSON"),
        ("[1]", "line 2: a row is"),
        ('{"text": "x"}', "line 2: a row is"),
        ('{"messages": [{"role": "user", "content": "Hi"}]}', "line 2: messages: List should have at least 2"),
        ('{"prompt": "", "completion": "x"}', "line 2: prompt: String should have at least 1"),
        ('{"prompt": 3, "completion": "x"}', "line 2: prompt: Input should be a valid string"),
        (CHAT.replace("assistant", "robot"), r"line 2: messages.1.role: Input should be 'system'"),
        (CHAT.replace("assistant", "user"), "line 2: a row asks something and ends with an assistant's answer"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(AskewError, match=message):
        read_rows(write(tmp_path, CHAT, line))


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(AskewError, match="holds no rows"):
        read_rows(write(tmp_path, "", " "))
    with pytest.raises(AskewError, match="No such file"):
        read_rows(tmp_path / "missing.jsonl")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AskewError, match="cannot read the rows in"):
        read_rows(tmp_path / "binary")
