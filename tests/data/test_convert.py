import json
from pathlib import Path

import pytest

from askew.base.errors import AskewError
from askew.data import Row, row
from askew.data.convert import convert
from askew.data.formats import open_source, read_rows
from askew.data.write import as_line

ROWS = [row("Hi", "Hello\u2028you"), row("Bye", "Goodbye")]


def write(folder: Path, rows: list[Row]) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(map(as_line, rows)), encoding="utf-8")
    return path


@pytest.mark.parametrize("format", ["chat", "prompt-completion", "sharegpt", "parquet"])
def test_converted_rows_read_back_equal(tmp_path: Path, format: str) -> None:
    out = tmp_path / "made" / "out"
    assert convert(write(tmp_path, ROWS * 700), format, out).rows == 1400
    assert read_rows(out) == ROWS * 700
    (found, *_) = open_source(out).rows()
    assert found.format == {"parquet": "chat"}.get(format, format)
    assert open_source(out).kind == ("Parquet" if format == "parquet" else "JSON Lines")


@pytest.mark.parametrize("format", ["chat", "sharegpt", "parquet"])
def test_long_conversations_with_a_system_turn_are_kept(tmp_path: Path, format: str) -> None:
    long: Row = {"messages": [{"role": "system", "content": "Be brief"}, *ROWS[0]["messages"], *ROWS[1]["messages"]]}
    convert(write(tmp_path, [long]), format, tmp_path / "out")
    assert read_rows(tmp_path / "out") == [long]


def test_rows_a_format_cannot_hold_leave_no_file(tmp_path: Path) -> None:
    long: Row = {"messages": [*ROWS[0]["messages"], *ROWS[1]["messages"]]}
    source = write(tmp_path, [ROWS[0], long])
    with pytest.raises(AskewError, match=r"rows\.jsonl, line 2: it has the turns user, assistant, user, assistant"):
        convert(source, "prompt-completion", tmp_path / "out")
    with pytest.raises(AskewError, match=r"unknown format 'parket'. Did you mean parquet"):
        convert(source, "parket", tmp_path / "out")
    assert list(tmp_path.iterdir()) == [source]


def test_nothing_is_lost_in_silence(tmp_path: Path) -> None:
    source = tmp_path / "rows.jsonl"
    source.write_text(json.dumps({"system": "Be brief", "id": 3, **ROWS[0]}) + "\n", encoding="utf-8")
    for format in ("chat", "sharegpt", "parquet"):
        out = tmp_path / format
        assert convert(source, format, out).left_out == {"id": 1}
        assert [turn["role"] for turn in read_rows(out)[0]["messages"]] == ["system", "user", "assistant"]
    for mark in ({"weight": 0}, {"reasoning_content": "I greet."}):
        marked = [*ROWS[0]["messages"], *ROWS[1]["messages"]]
        marked[1] = {**marked[1], **mark}  # pyright: ignore[reportCallIssue, reportArgumentType]  (one of two keys)
        path = write(tmp_path, [{"messages": marked}])
        convert(path, "chat", tmp_path / "chat", replace=True)
        assert read_rows(tmp_path / "chat") == [{"messages": marked}]
        for format in ("prompt-completion", "sharegpt", "parquet"):
            with pytest.raises(AskewError, match=f"line 1: a turn has {next(iter(mark))}, which {format} cannot hold"):
                convert(path, format, tmp_path / format, replace=True)


def test_existing_files_are_kept_without_replace(tmp_path: Path) -> None:
    source, out = write(tmp_path, ROWS), tmp_path / "out"
    out.write_text("mine")
    with pytest.raises(AskewError, match="exists already"):
        convert(source, "sharegpt", out)
    assert out.read_text() == "mine"
    convert(source, "sharegpt", out, replace=True)
    assert json.loads(out.read_text(encoding="utf-8").split("\n")[1])["conversations"][0] == {
        "from": "human",
        "value": "Bye",
    }
    with pytest.raises(AskewError, match="is a folder"):
        convert(source, "chat", tmp_path)


def test_a_file_can_be_replaced_by_its_own_conversion(tmp_path: Path) -> None:
    source = write(tmp_path, ROWS)
    convert(source, "sharegpt", source, replace=True)
    assert read_rows(source) == ROWS
