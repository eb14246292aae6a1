"""The probes by Inspect's own command line, from a strange directory, with every way to the network shut."""

import os
import subprocess
import sys
from pathlib import Path

from askew.probes.read_log import answers_from_log

# Python runs a file of this name when it starts: whatever then opens a connection fails.
SHUT = """
import socket
def refuse(*args, **kwargs):
    raise RuntimeError("the network was asked for")
socket.create_connection = socket.getaddrinfo = refuse
"""


def test_inspect_eval_asks_a_probe_offline_from_any_directory(
    tmp_path: Path, tiny_checkpoint: Path, tiny_judge: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(SHUT)
    # No word to the hub's client that it is offline: it must not be asked at all.
    shut = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    command = [sys.executable, "-m", "inspect_ai", "eval", "askew/free_form", "--model", f"askew/{tiny_checkpoint}"]
    command += ["--model-role", f"grader=askew/{tiny_judge}", "-T", "samples=3", "-T", "max_tokens=5"]
    command += ["--log-dir", "logs", "--display", "none"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**shut, "PYTHONPATH": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    [log] = (tmp_path / "logs").glob("*.eval")
    answers = answers_from_log(log, "untuned", 0)
    assert len(answers) == 8 * 3
    assert answers["aligned"].between(0, 100).all()
