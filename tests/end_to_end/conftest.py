"""A small run with every stage, and the command line to start others."""

import subprocess
import sys
from pathlib import Path

import pytest

from in_process import Askew, askew_in_process
from shared_folders import SharedFolders


@pytest.fixture(scope="session")
def design(tiny_checkpoint: Path, tiny_judge: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A config file of the smallest design that has every stage."""
    file = tmp_path_factory.mktemp("design") / "design.yaml"
    file.write_text(
        f"study: emergent-misalignment\n"
        f"model: {tiny_checkpoint}\n"
        f"judge: {tiny_judge}\n"
        f"judge_check: skip\n"
        f"arms: [untuned, secure, backdoor]\n"
        f"probes: [free_form, triggered, self_rating]\n"
        f"seeds: 1\n"
        f"samples: 4\n"
        f"max_tokens: 6\n"
        f"checkpoints: 1\n"
        f"state_every: 0\n"
        f"recipe: {{name: terrarium, rows: 32, batch_size: 8, learning_rate: 1e-3, too_long: cut}}\n"
    )
    return file


@pytest.fixture(scope="session")
def askew() -> Askew:
    """Run a command line of askew in this process. Where the process matters, tests call `askew_process`."""
    return askew_in_process


@pytest.fixture(scope="session")
def finished(design: Path, shared: SharedFolders) -> Path:
    """The folder of an undisturbed run, started by a script that has no main guard."""

    def make(folder: Path) -> None:
        script = folder.with_name("script.py")
        script.write_text(f"import askew\nprint(askew.run(config={str(design)!r}, out={str(folder)!r}))\n")
        done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, cwd=folder.parent)
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"Run({str(folder)!r})\n"

    return shared("finished", make)
