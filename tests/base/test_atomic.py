"""Files and folders are written atomically."""

from pathlib import Path

import pytest

from askew.base.atomic import whole_file, whole_folder


def test_a_file_appears_only_when_complete(tmp_path: Path) -> None:
    path = tmp_path / "new" / "table.csv"
    with whole_file(path) as unfinished:
        unfinished.write_text("a,b")
        assert not path.exists()
    assert path.read_text() == "a,b"
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError), whole_file(path) as unfinished:
        unfinished.write_text("half \ud800", encoding="utf-8")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_replaces_only_an_empty_one(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    with whole_folder(folder) as unfinished:
        (unfinished / "weights").write_text("1")
        assert not list(folder.iterdir())
    with pytest.raises(OSError, match="model"), whole_folder(folder) as unfinished:
        (unfinished / "weights").write_text("2")
    assert (folder / "weights").read_text() == "1"
    assert list(tmp_path.iterdir()) == [folder]
