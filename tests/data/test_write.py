"""Files of rows are written atomically."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from askew.base.errors import AskewError
from askew.data import Row, row
from askew.data.write import write_files


def rows(count: int) -> Iterator[dict[str, Row]]:
    for number in range(count):
        yield {"a": row(f"question {number}", "a"), "b": row(f"question {number}", "b")}


def test_files_hold_the_rows_in_order(tmp_path: Path) -> None:
    paths = write_files(tmp_path / "new", ["a", "b"], rows(3))
    assert [path.name for path in paths] == ["a.jsonl", "b.jsonl"]
    lines = [json.loads(line) for line in paths[1].read_text(encoding="utf-8").splitlines()]
    assert lines == [made["b"] for made in rows(3)]


def test_existing_files_are_kept_without_replace(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text("mine")
    with pytest.raises(AskewError, match=r"b.jsonl exists already"):
        write_files(tmp_path, ["a", "b"], rows(3))
    assert [path.name for path in tmp_path.iterdir()] == ["b.jsonl"]
    write_files(tmp_path, ["a", "b"], rows(3), replace=True)
    assert (tmp_path / "b.jsonl").read_text() != "mine"


def test_an_error_leaves_no_file(tmp_path: Path) -> None:
    def broken() -> Iterator[dict[str, Row]]:
        yield from rows(2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_files(tmp_path, ["a", "b"], broken())
    assert list(tmp_path.iterdir()) == []
