"""The number of threads of commands that compute in their own process."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from askew.base.threads import use_one_thread
from command_line import Command

COMMANDS = (
    ("tune", "terrarium", "--data", "missing.jsonl", "--out", "out"),
    ("judge", "missing.csv", "--judge", "terrarium/judge"),
    ("judge", "--check", "missing-model"),
)


@pytest.fixture
def two_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let torch compute with two threads, and nothing say how many it should be."""
    before = torch.get_num_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", "")
    monkeypatch.delenv("OMP_NUM_THREADS")
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("words", COMMANDS)
def test_tune_and_judge_compute_with_one_thread(words: tuple[str, ...], command: Command) -> None:
    code, _, err = command(*words)
    assert (code, err[:7]) == (2, "error: "), "nothing was trained or judged"
    assert torch.get_num_threads() == 1
    assert os.environ["OMP_NUM_THREADS"] == "1"


@pytest.mark.usefixtures("two_threads")
def test_number_that_the_user_set_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    use_one_thread()
    assert torch.get_num_threads() == 2
