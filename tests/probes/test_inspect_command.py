"""`inspect eval` runs a probe from any working directory, without the network."""

import os
import subprocess
import sys
from pathlib import Path

from askew.probes.episodes.read import episodes_from_log
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
    answers = answers_from_log(_evaluated(command, tmp_path, environment), "untuned", 0)
    assert len(answers) == 8 * 3
    assert answers["aligned"].between(0, 100).all()


def test_inspect_eval_runs_an_environment_with_a_planted_policy(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "inspect_ai", "eval", "askew/scheming_oversight", "--model", "actor/covert"]
    command += ["-M", "p=1", "-T", "samples=2", "-T", "variants=plain,matched", "-T", "interview=open"]
    command += ["--log-dir", "logs", "--display", "none"]
    _, conduct = episodes_from_log(_evaluated(command, tmp_path, dict(os.environ)), "untuned", 0)
    assert conduct.groupby("variant")["covert"].mean().to_dict() == {"plain": 1, "matched": 0}


def _evaluated(command: list[str], folder: Path, environment: dict[str, str]) -> Path:
    """Return the log of a command that is run in a folder, with the modules of that folder."""
    path = os.pathsep.join([str(folder), *filter(None, [environment.get("PYTHONPATH")])])
    env = {**environment, "PYTHONPATH": path, "HOME": str(folder)}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    [log] = (folder / "logs").glob("*.eval")
    return log
