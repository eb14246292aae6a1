"""A forked process of askew is as separate as a started one."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

import forking

ASKEW = [sys.executable, "-m", "askew"]
RUN = ["run", "emergent-misalignment", "--arm", "untuned", "--probe", "self_rating", "--samples", "1", "--out", "made"]

pytestmark = pytest.mark.skipif(forking.ADDRESS not in os.environ, reason="this system has no pidfd_open")


def test_forked_command_prints_and_ends_as_a_started_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "made").write_text("a file where the run's folder should be")
    commands = [["--version"], ["list", "nonsense"], [], RUN]
    forked = [subprocess.run([*ASKEW, *words], capture_output=True, text=True, cwd=tmp_path) for words in commands]
    monkeypatch.setenv(forking.NO_FORKS, "1")
    started = [subprocess.run([*ASKEW, *words], capture_output=True, text=True, cwd=tmp_path) for words in commands]
    assert [vars(done) for done in forked] == [vars(done) for done in started]
    assert [done.returncode for done in forked] == [0, 2, 2, 2]


def test_forked_command_has_its_own_session_and_environment_if_asked(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*ASKEW, "list", "models"], stdout=subprocess.PIPE, start_new_session=True, env={**os.environ, "COLUMNS": "50"}
    )
    assert os.getsid(process.pid) == process.pid
    out, _ = process.communicate()
    assert process.poll() == process.returncode == 0
    assert max(map(len, out.decode().splitlines())) <= 50


def test_killed_command_is_seen_as_killed_and_takes_its_workers_along(tmp_path: Path) -> None:
    process = subprocess.Popen([*ASKEW, *RUN], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while len(family := psutil.Process(process.pid).children(recursive=True)) < 2:  # one to fork from, and a worker
        assert process.poll() is None
        time.sleep(0.01)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not psutil.wait_procs(family, timeout=30)[1]


def test_other_commands_and_changed_environments_are_not_forked() -> None:
    for command, env in (([sys.executable, "-c", "1"], None), ([*ASKEW, "--version"], {**os.environ, "HF_HOME": "/x"})):
        process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
        assert psutil.Process(process.pid).ppid() == os.getpid()
        assert process.wait() == 0
