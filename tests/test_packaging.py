"""The package: its imports are declared, its dependencies pinned, and its wheel works with nothing else installed."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution, packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DECLARED = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
EXTRAS = [Requirement(text) for texts in PROJECT["project"]["optional-dependencies"].values() for text in texts]
GROUPS = [
    Requirement(text) for group in PROJECT["dependency-groups"].values() for text in group if isinstance(text, str)
]
# Bandit is imported only if it is installed; pydantic requires one release of its core.
UNDECLARED = {"bandit", "pydantic-core"}
# `askew demo` with one answer to each question, and an audit of the model that it trained.
SHORT_DEMO_AND_AUDIT = """
import sys

import askew
from askew.cli import demo
from askew.cli.app import main

print(askew.__file__)
demo.SETTINGS |= {"samples": 1, "recipe.rows": 64, "workers": 1}
small = ["--probe", "free_form", "--samples", "1", "--workers", "1"]
for words in (["demo"], ["audit", "terrarium", "runs/demo#insecure-0", *small]):
    sys.argv = ["askew", *words]
    try:
        main()
    except SystemExit as stopped:
        if stopped.code:
            raise
"""


def imported() -> dict[str, str]:
    """Return every module outside Askew that its source imports, by its first name, with a file that imports it."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            found |= {name.partition(".")[0]: path.name for name in names}
    return {name: file for name, file in found.items() if name not in {*sys.stdlib_module_names, "askew"}}


def run_time_packages() -> set[str]:
    """Return the packages that installing Askew without extras installs."""
    found: set[str] = set()
    waiting = [(one, {""}) for one in DECLARED]
    seen: set[str] = set()
    while waiting:
        wanted, extras = waiting.pop()
        if str(wanted) in seen or not any(
            wanted.marker is None or wanted.marker.evaluate({"extra": e}) for e in extras
        ):
            continue
        seen.add(str(wanted))
        found.add(canonicalize_name(wanted.name))
        needs = [Requirement(text) for text in distribution(wanted.name).requires or []]
        waiting += [(one, {"", *wanted.extras}) for one in needs]
    return found


def test_every_imported_package_is_a_declared_dependency() -> None:
    known = {canonicalize_name(one.name) for one in [*DECLARED, *EXTRAS]} | UNDECLARED
    packages = packages_distributions()
    undeclared = {
        f"{module} in {file}"
        for module, file in imported().items()
        if not known & {canonicalize_name(name) for name in packages.get(module, [module])}
    }
    assert not undeclared


def test_every_dependency_is_pinned_to_a_public_release() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    pins = dict(line.split("==") for line in lines)
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.!]*", line)] == []
    for wanted in [*DECLARED, *GROUPS]:
        assert wanted.specifier.contains(pins[canonicalize_name(wanted.name)]), wanted
    assert run_time_packages() <= pins.keys()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and links to its run-time dependencies, without the source and development tools.

    Installing PyTorch again would take minutes; `make wheel` does that.
    """
    folder = tmp_path_factory.mktemp("alone")
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder / "dist", ROOT],
        capture_output=True,
        text=True,
        check=False,
    )
    if "hatchling" in built.stderr and built.returncode:
        pytest.skip("no package index that has the build backend")
    assert built.returncode == 0, built.stderr
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    site = next((folder / "venv/lib").glob("python*")) / "site-packages"
    for name in sorted(run_time_packages()):
        found = distribution(name)
        tops = {file.parts[0] for file in found.files or [] if file.parts[0] not in ("..", "__pycache__")}
        for top in tops:
            if not (site / top).exists():
                (site / top).symlink_to(Path(str(found.locate_file(top))))
    install = [sys.executable, "-m", "pip", "--python", str(folder / "venv/bin/python"), "install", "--no-deps"]
    subprocess.run([*install, "--no-index", "--quiet", *(folder / "dist").glob("*.whl")], check=True)
    return folder / "venv/bin"


@pytest.mark.slow
def test_wheel_alone_runs_the_demo_and_an_audit(alone: Path, tmp_path: Path) -> None:
    apart = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [alone / "python", "-P", "-c", SHORT_DEMO_AND_AUDIT],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=apart,
    )
    assert done.returncode == 0, done.stderr
    home, demo, audit = done.stdout.partition("Report: runs/demo/report.html")
    assert demo
    assert "Report: runs/audit-" in audit
    assert home.startswith(str(alone.parent))
    assert subprocess.run([alone / "askew", "--version"], check=True, capture_output=True, env=apart).stdout
    missing = subprocess.run([alone / "python", "-c", "import pytest"], capture_output=True, check=False, env=apart)
    assert b"No module named 'pytest'" in missing.stderr
