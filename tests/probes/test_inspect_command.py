"""`inspect eval` runs a probe from any working directory, without the network."""

import os
import subprocess
import sys
from pathlib import Path

from askew.probes.read_log import answers_from_log

# Content of sitecustomize.py, which Python runs when it starts: every attempt to open a connection then fails.
NO_NETWORK = """
import socket
def refuse(*args, **kwargs):
    raise RuntimeError("a connection was opened")
socket.create_connection = socket.getaddrinfo = refuse
"""


def test_inspect_eval_asks_a_probe_offline_from_any_directory(
    tmp_path: Path, tiny_checkpoint: Path, tiny_judge: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(NO_NETWORK)
    # Without the offline variables of the hub's client, so that any call to the hub fails the test.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    command = [sys.executable, "-m", "inspect_ai", "eval", "askew/free_form", "--model", f"askew/{tiny_checkpoint}"]
    command += ["--model-role", f"grader=askew/{tiny_judge}", "-T", "samples=3", "-T", "max_tokens=5"]
    command += ["--log-dir", "logs", "--display", "none"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    [log] = (tmp_path / "logs").glob("*.eval")
    answers = answers_from_log(log, "untuned", 0)
    assert len(answers) == 8 * 3
    assert answers["aligned"].between(0, 100).all()
