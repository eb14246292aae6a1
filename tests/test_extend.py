"""The page on extending Askew, followed to the letter in a copy of the source tree."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "how-to" / "extend.md"
# A code block whose title is the path of a file, and its text.
FILE = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
# Fast tests that look at everything there is: they must pass with more of it.
FAST = (
    "tests/base/test_registry.py",
    "tests/test_docs.py",
    "tests/data/test_datasets.py",
    "tests/judging/test_metrics.py",
)
LISTED = (
    "tests/judging/test_metrics.py",
    "tests/judging/test_rubric.py",
    "tests/probes/test_probes.py",
    "tests/design/test_predictions.py",
    "tests/environments/test_environments.py",
    "tests/environments/test_environment_check.py",
)
ADDED = """
from askew.cli.catalogue import names
for kind, name in {
    "probes": "privacy", "measures": "ends_with", "rules": "shouting", "data": "grumpy", "recipes": "gentle",
    "defences": "shortest",
    "metrics": "strict", "rubrics": "kindness", "studies": "brevity", "environments": "time_sheet",
}.items():
    assert name in [row["name"] for row in names(kind)], kind
from askew.judging.measures import measures
assert measures.get("ends_with")("", "To be.", "be.") == 100
from askew.judging.rules import SHOWN, Key, rules
assert rules.get("shouting")("", "NO!", Key()) == SHOWN
"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source tree with every file of the page in its place."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("src", "tests", "docs", "benchmarks"):
        # With what Python compiled, which belongs to files of the same time; but not what it is just writing.
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("*.safetensors", "*.pyc.*"))
    for path in ROOT.glob("src/**/*.safetensors"):  # large, and only read
        (folder / path.relative_to(ROOT)).symlink_to(path)
    for name in ("pyproject.toml", "mkdocs.yml", "README.md"):
        shutil.copy(ROOT / name, folder / name)
    files = FILE.findall(PAGE.read_text(encoding="utf-8"))
    assert files
    for name, text in files:
        path = folder / name
        assert not path.exists(), f"{name} is there already: the page would edit it"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def run(clone: Path, *arguments: str | Path) -> str:
    """Run Python with the copied source; return what it printed."""
    env = {**os.environ, "PYTHONPATH": str(clone / "src")}
    done = subprocess.run([sys.executable, *arguments], cwd=clone, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_the_page_adds_is_there_and_works(clone: Path) -> None:
    run(clone, "-c", ADDED)


@pytest.mark.slow
def test_the_suite_passes_with_what_the_page_adds(clone: Path) -> None:
    run(clone, "-m", "pytest", "-q", "-m", "not slow", "-p", "no:cacheprovider", *FAST, *LISTED)


@pytest.mark.slow
def test_the_study_of_the_page_runs(clone: Path, tiny_checkpoint: Path, tiny_judge: Path) -> None:
    small = ("--recipe", "gentle", "--set", "recipe.max_length=200", "--rows", "8", "--seeds", "1", "--samples", "2")
    models = (
        "--model",
        str(tiny_checkpoint),
        "--judge",
        str(tiny_judge),
        "--metric",
        "strict",
        "--set",
        "judge_check=skip",
    )
    more = ("--probe", "brevity", "--probe", "privacy", "--set", "max_tokens=4", "--workers", "1", "--out", "out")
    run(clone, "-m", "askew", "run", "brevity", *models, *small, *more)
    effects = (clone / "out" / "effects.csv").read_text(encoding="utf-8")
    assert "curt answers in few words, against chatty" in effects
    assert "Words in an answer" in (clone / "out" / "report.html").read_text(encoding="utf-8")
