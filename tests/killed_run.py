"""Runs that are killed at a chosen moment."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil


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
    """Return when each finished file of a run was written, by its name in the run's folder."""
    files = [*folder.glob("data/*"), *folder.glob("models/*/*"), *folder.rglob("*.eval")]
    names = {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in files if path.is_file()}
    return {name: written for name, written in names.items() if "unfinished" not in name and ".training" not in name}
