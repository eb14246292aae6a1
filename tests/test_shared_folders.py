"""Shared fixture folders: made once by concurrent workers, and made again after a failure."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared_folders import SharedFolders


def test_two_workers_make_a_folder_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    made: list[Path] = []

    def make(folder: Path) -> None:
        time.sleep(0.1)  # long enough for the other worker to ask
        folder.mkdir()
        made.append(folder)

    workers = [SharedFolders(tmp_path / name) for name in ("popen-gw0", "popen-gw1")]
    with ThreadPoolExecutor(2) as threads:
        folders = list(threads.map(lambda shared: shared("model", make), workers))
    assert made == [folders[0]]
    assert folders[0] == folders[1] == tmp_path / "shared" / "model" / "model"


def test_folder_is_made_again_after_a_failure(tmp_path: Path) -> None:
    shared = SharedFolders(tmp_path)

    def fail(folder: Path) -> None:
        folder.mkdir()
        (folder / "part").touch()
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        shared("model", fail)
    assert list(shared("model", Path.mkdir).iterdir()) == []
