"""A run that is killed at any moment continues where it stopped, and ends like an undisturbed one."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import psutil
import pytest

import askew

COMPARED = ["answers.parquet", "estimates.csv", "curve.csv"]


class KilledRun:
    """A run that is started and killed repeatedly."""

    def __init__(self, design: Path, folder: Path) -> None:
        self._command = [sys.executable, "-m", "askew", "run", "--config", str(design), "--out", str(folder)]
        self._folder = folder

    def kill_when(self, happened: Callable[[Path], bool]) -> dict[str, float]:
        """Run until `happened` is true, kill the run, and return when each finished file was written."""
        process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while not happened(self._folder):
            assert process.poll() is None, process.stderr and process.stderr.read().decode()
            time.sleep(0.001)
        workers = psutil.Process(process.pid).children(recursive=True)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        _, left = psutil.wait_procs(workers, timeout=30)
        assert not left, "a worker process outlived the run"
        return finished_files(self._folder)


def finished_files(folder: Path) -> dict[str, float]:
    files = [*folder.glob("data/*"), *folder.glob("models/*/*"), *folder.rglob("*.eval")]
    names = {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in files if path.is_file()}
    return {name: written for name, written in names.items() if "unfinished" not in name and ".training" not in name}


@pytest.mark.slow
def test_run_killed_in_every_stage_ends_like_an_undisturbed_one(design: Path, finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    killed = KilledRun(design, folder)
    moments: list[Callable[[Path], bool]] = [
        # training: one adapter is complete, the other has begun
        lambda run: any(run.glob("models/[!.]*")) and any(run.glob("models/.*.training")),
        # asking: some logs are complete
        lambda run: any(run.glob("logs/*.eval")),
        # estimating: the answers are written, the estimates are not
        lambda run: (run / "answers.parquet").exists(),
        # the report: some figures are written, the page is not
        lambda run: any(run.glob("figures/*.svg")),
    ]
    kept: dict[str, float] = {}
    for happened in moments:
        now = killed.kill_when(happened)
        assert kept.items() <= now.items(), "a finished file was made again"
        kept = now
    assert not (folder / "report.html").exists()
    resumed = askew.run(config=design, out=folder, quiet=True)
    assert kept.items() <= finished_files(folder).items()
    assert resumed.report.is_file()
    assert not [*folder.rglob("*.unfinished"), *folder.rglob("*.training")]
    undisturbed = askew.load_run(finished)
    pd.testing.assert_frame_equal(resumed.answers, undisturbed.answers)
    for name in COMPARED:
        assert (folder / name).read_bytes() == (finished / name).read_bytes()


def test_finished_run_repeats_nothing(design: Path, finished: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(finished, tmp_path / "copy"))
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.name not in ("timings.json", ".lock")}
    askew.run(config=design, out=folder, quiet=True)
    files = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.name not in ("timings.json", ".lock")}
    assert {path for path in files if path.is_file() and files[path] != before.get(path)} == set()
