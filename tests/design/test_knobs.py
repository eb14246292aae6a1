"""A setting is one field: everything else that shows or takes it follows."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import askew
from askew.base.knobs import knobs
from askew.design.design import Design
from askew.design.make import make_plan
from askew.runs.provenance import command

SOURCE = Path(askew.__file__).parent
FIELD = """
    politeness: Annotated[float, Flag("--polite", metavar="DEGREE", short="-p")] = Field(
        default=0.5, ge=0, description="How polite the questions are."
    )
"""
REPORT = """
import inspect, json, sys
from pathlib import Path
import askew
from askew.cli.app import main
from askew.design.make import make_design, make_plan
from askew.design.reference import table
from askew.runs.provenance import command
Path("design.yaml").write_text("politeness: 0.75")
signature = inspect.signature(askew.run)
found = {
    "parameter": str(signature.parameters["politeness"]),
    "docstring": askew.run.__doc__,
    "audit": "politeness" in inspect.signature(askew.audit).parameters,
    "page": table(),
    "file": make_design("emergent-misalignment", Path("design.yaml")).politeness,
    "command": command(make_plan("emergent-misalignment", overrides={"politeness": 0.25})),
    "usual": command(make_plan("emergent-misalignment")),
}
print(json.dumps(found))
for words in json.loads(sys.argv[1]):
    print(END)
    sys.argv = ["askew", *words]
    try:
        main()
    except SystemExit as ended:
        assert not ended.code
"""
COMMANDS = ("run emergent-misalignment -p 0.25 --dump-config", "run --help", "audit --help", "predict --help")
END = "---- the next command ----"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Askew with one field more, in a folder of its own."""
    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(SOURCE, folder / "askew", copy_function=os.symlink, ignore=shutil.ignore_patterns("__pycache__"))
    design = folder / "askew" / "design" / "design.py"
    text = design.read_text(encoding="utf-8")
    design.unlink()
    before, identity, after = text.partition("\n    def identity(")
    design.write_text(before + FIELD + identity + after, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def output(clone: Path) -> tuple[dict, dict[str, str]]:
    """What the script finds in the clone, and what each of the commands prints there."""
    script = REPORT.replace("END", repr(END))
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps([line.split() for line in COMMANDS])],
        capture_output=True,
        text=True,
        cwd=clone,
        env={**os.environ, "PYTHONPATH": str(clone), "COLUMNS": "120"},
    )
    assert done.returncode == 0, done.stderr
    found, *printed = done.stdout.split(f"{END}\n")
    return json.loads(found), dict(zip(COMMANDS, printed, strict=True))


def test_new_field_gets_option_parameter_reference_and_command(output: tuple[dict, dict[str, str]]) -> None:
    found, printed = output
    assert "politeness: 0.25" in printed[COMMANDS[0]]
    assert found["parameter"] == "politeness: float | None = None"
    assert "politeness: How polite the questions are. Default: 0.5." in found["docstring"]
    assert found["audit"]
    assert "| `politeness` | `--polite` | `0.5` | How polite the questions are. |" in found["page"]
    assert found["file"] == 0.75
    assert found["command"].endswith("--polite 0.25")
    assert "polite" not in found["usual"]


@pytest.mark.parametrize("command_line", COMMANDS[1:])
def test_new_field_is_in_the_help(output: tuple[dict, dict[str, str]], command_line: str) -> None:
    help_text = output[1][command_line]
    assert "--polite" in help_text
    assert "How polite the questions are." in help_text


def test_every_setting_is_described_and_every_option_is_unique() -> None:
    every = list(knobs(Design))
    assert all(knob.description.endswith(".") for knob in every)
    for name in ("run", "audit"):
        options = [knob.option(flag) for knob in every for flag in knob.flags if name in flag.commands]
        assert len(options) == len(set(options))


def test_unknown_parameter_is_refused_with_a_suggestion() -> None:
    with pytest.raises(TypeError, match=r"unknown setting 'sampels'. Did you mean samples"):
        askew.run("emergent-misalignment", sampels=3)


def test_reproducing_command_of_an_audit_uses_only_options_of_audit() -> None:
    overrides = {"model": "terrarium", "tuned": {"one": "terrarium/sibling"}, "seed": 7, "data_seed": 3, "margin": 0.1}
    assert command(make_plan("audit", overrides=overrides)) == (
        "askew audit terrarium one=terrarium/sibling --seed 7 --set data_seed=3"
    )


def test_reproducing_command_names_models_tuned_elsewhere() -> None:
    words = shlex.split(command(make_plan("emergent-misalignment", overrides={"tuned": {"one": "terrarium/sibling"}})))
    assert words == ["askew", "run", "emergent-misalignment", "--set", 'tuned={"one": "terrarium/sibling"}']
