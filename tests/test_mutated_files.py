"""A mutated file of any kind is read, or refused with one error. `benchmarks/attack.py fuzz` tries 2,000 of each."""

import importlib
from pathlib import Path

import pytest

from askew.base.errors import AskewError
from askew.models.names import resolve

FILES = 6


def test_mutated_files_are_read_or_refused(tmp_path: Path, organisms: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "benchmarks"))
    kinds = importlib.import_module("attacks._files").kinds
    tried = importlib.import_module("attacks.fuzz").tried
    failures = [failure for kind in kinds(tmp_path, [organisms]) for failure in tried(kind, FILES).failures]
    assert not failures


@pytest.mark.parametrize("name", ["./" + "a" * 300, "a\0b", "/" + "b/" * 3000])
def test_names_that_no_disk_can_hold_are_one_error(name: str) -> None:
    with pytest.raises(AskewError, match="too long or has a NUL"):
        resolve(name)
