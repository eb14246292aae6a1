"""The package: its imports are declared and its dependencies pinned."""

import ast
import re
import sys
import tomllib
from importlib.metadata import distribution, packages_distributions
from pathlib import Path
from typing import Any

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
