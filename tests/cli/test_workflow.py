"""The workflow file in examples/ci is valid, and its command lines of askew parse."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from askew.cli.app import app

FILE = Path(__file__).parents[2] / "examples" / "ci" / "github-workflow.yml"


def commands() -> list[list[str]]:
    """Return the arguments of each command line of askew in the workflow, without redirections."""
    workflow: dict[Any, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    scripts = [step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"]]
    lines = "\n".join(scripts).replace("\\\n", " ").splitlines()
    return [shlex.split(re.sub(r">.*", "", line))[1:] for line in lines if line.strip().startswith("askew ")]


def parsed(arguments: list[str]) -> dict[str, Any]:
    """Return the options of a command line, which is parsed and not run."""
    group: Any = typer.main.get_command(app)
    name, command, rest = group.resolve_command(group.make_context("askew", [*arguments]), arguments)
    return command.make_context(name, rest).params


def test_command_lines_parse_and_gate() -> None:
    [audit] = commands()
    given = parsed(audit)
    assert audit[0] == "audit"
    assert given["fail_above"] == "1%"
    assert all(given[name] for name in ("junit", "summary", "as_json", "out"))


def test_a_mistyped_option_would_not_parse() -> None:
    with pytest.raises(Exception, match="No such option: --sumary"):
        parsed([*commands()[0], "--sumary", "x"])


def test_values_of_the_workflow_are_all_used() -> None:
    workflow: dict[Any, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    text = " ".join(" ".join(command) for command in commands())
    assert {f"${name}" for name in workflow["env"]} <= set(re.findall(r"\$[A-Z_]+", text))
