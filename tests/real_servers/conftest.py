"""Fixtures for tests against real HTTP servers, which Askew reaches through Inspect's own provider."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from serving import KEY, Askew, FaultServer


@pytest.fixture(scope="module", autouse=True)
def in_process() -> None:
    """Use worker processes. Inspect keeps one provider per model name and process, and here its address changes."""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    """Return a fault server that is not started yet, and set the environment for its model, `server.model`."""
    made = FaultServer(tmp_path)
    monkeypatch.setenv("LOCAL_API_KEY", KEY)
    monkeypatch.setenv("LOCAL_BASE_URL", f"http://127.0.0.1:{made.port}/v1")
    yield made
    made.kill()


@pytest.fixture
def askew() -> Iterator[Askew]:
    """Return a function that starts an `askew` command; its processes are killed after the test."""
    started: list[subprocess.Popen[str]] = []

    def start(arguments: Sequence[object]) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "askew", *map(str, arguments)]
        started.append(
            subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "200"}
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()
