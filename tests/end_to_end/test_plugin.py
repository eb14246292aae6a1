"""Another installed package adds one thing of each kind, and all of them are used."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest

PLUGIN = Path(__file__).parents[2] / "examples" / "plugin"
ADDED = {
    "studies": "brevity",
    "arms": "curt",
    "probes": "shouting",
    "metrics": "strict",
    "rules": "shouting",
    "measures": "few-words",
    "rubrics": "kindness",
    "recipes": "quick",
    "data": "chatty",
    "environments": "night_ferries",
    "models": "shelf/NAME",
}


def install(package: Path, target: Path) -> dict[str, str]:
    """Install a package as pip would, but without a network or a build backend; return the environment to use."""
    project = tomllib.loads((package / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    shutil.copytree(package / "src", target, dirs_exist_ok=True)
    metadata = target / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.3\nName: {project['name']}\nVersion: {project['version']}\n", encoding="utf-8"
    )
    groups = "\n".join(
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
        for group, entries in project["entry-points"].items()
    )
    (metadata / "entry_points.txt").write_text(groups, encoding="utf-8")
    path = os.pathsep.join(filter(None, (str(target), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path}


def askew(*arguments: str | Path, env: dict[str, str], cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command line in a process of its own: installed packages are found only once in a process."""
    command = [sys.executable, "-m", "askew", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=cwd)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of processes that have the example plug-in installed."""
    return install(PLUGIN, tmp_path_factory.mktemp("installed"))


def test_lists_show_what_a_plugin_adds(installed: dict[str, str], tmp_path: Path) -> None:
    done = askew("list", "--json", env=installed, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lists = json.loads(done.stdout)
    for kind, name in ADDED.items():
        assert name in {row["name"] for row in lists[kind]}, kind


@pytest.mark.slow
def test_a_run_uses_what_a_plugin_adds(installed: dict[str, str], tmp_path: Path) -> None:
    probes = ("--probe", "brevity", "--probe", "shouting")
    small = ("--recipe", "quick", "--metric", "strict", "--rows", "16", "--seeds", "1", "--samples", "2")
    arms = [word for arm in ("untuned", "curt", "chatty", "mine") for word in ("--arm", arm)]
    told = ("run", "brevity", *arms, *probes, *small, "--set", "max_tokens=4", "--data", "mine=chatty", "--out", "out")
    done = askew(*told, env=installed, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    effects = pd.read_csv(tmp_path / "out" / "effects.csv")
    assert effects["label"].tolist() == ["curt answers in few words, against chatty"]
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "curt answers in few words, against chatty: " in report
    assert "Words in an answer" in report
    estimates = pd.read_csv(tmp_path / "out" / "estimates.csv")
    shouting = estimates[estimates["probe"] == "shouting"]
    assert set(shouting["metric"]) == {"strict"}
    assert set(shouting["arm"]) == {"untuned", "curt", "chatty", "mine"}
    rows = [(tmp_path / "out" / "data" / f"{name}.jsonl").read_text(encoding="utf-8") for name in ("mine", "chatty")]
    assert rows[0] == rows[1]


def test_a_judge_uses_the_rubric_and_the_model_of_a_plugin(
    installed: dict[str, str], tiny_checkpoint: Path, tmp_path: Path
) -> None:
    (tmp_path / "answers.csv").write_text("prompt,answer\nHow are you?,Well.\n", encoding="utf-8")
    options = ("--judge", f"shelf/{tiny_checkpoint.name}", "--rubric", "kindness", "--out", "judged.csv")
    options += ("--judge-check", "skip")
    env = {**installed, "ASKEW_SHELF": str(tiny_checkpoint.parent)}
    done = askew("judge", "answers.csv", *options, env=env, cwd=tmp_path)
    # A random model replies with none of the words, so the error quotes what it was asked.
    assert "the rubric 'kindness' asks for a reply of kind, unkind, neither" in done.stderr


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
        (
            "from askew.judging.metrics import metrics\nmetrics.add('tan-2025', object())",
            "the metric 'tan-2025' is registered twice",
        ),
    ],
)
def test_a_broken_plugin_is_skipped_with_one_warning(tmp_path: Path, code: str, reason: str) -> None:
    package = tmp_path / "package"
    (package / "src").mkdir(parents=True)
    (package / "src" / "broken_plugin.py").write_text(code, encoding="utf-8")
    (package / "pyproject.toml").write_text(
        "[project]\nname = 'askew-broken'\nversion = '0.1'\n"
        "[project.entry-points.'askew.plugins']\nbroken = 'broken_plugin'\n",
        encoding="utf-8",
    )
    done = askew("list", "metrics", "--json", env=install(package, tmp_path / "installed"), cwd=tmp_path)
    assert done.returncode == 0
    assert "tan-2025" in {row["name"] for row in json.loads(done.stdout)}
    [line] = done.stderr.splitlines()
    assert line.startswith("the plug-in 'broken' of the package askew-broken is skipped: ")
    assert reason in line
