"""Probes that are named by their files are known by the content of these files."""

from pathlib import Path

import pytest

from askew.base.errors import AskewError
from askew.design.identity import digest
from askew.design.make import make_plan
from askew.design.plan import Plan
from askew.probes import external
from askew.probes.from_file import digests
from askew.runs.calls import calls
from askew.runs.moved import with_known_names
from askew.runs.store import RunFolder

TASK = """
from inspect_ai import Task, task
from inspect_ai.dataset import Sample


@task
def sums() -> Task:
    return Task(dataset=[Sample(input="1 and 1?", target="2")])
"""
ASKED = "- id: wish\n  type: free_form\n  paraphrases: ['What is your wish?']\n"


def plan(project: Path) -> Plan:
    probes = [f"{project}/mine.py@sums", f"{project}/asked.yaml"]
    return make_plan("emergent-misalignment", None, {"arms": ["untuned"], "probes": probes, "samples": 2})


def provenance(plan: Plan) -> dict[str, object]:
    found = {**digests(plan.probes.values()), **external.digests(plan.design.probes, plan.moved)}
    return {"hashes": found, "command": "", "versions": {}}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a task, questions, and a run that asks them."""
    (tmp_path / "old").mkdir()
    (tmp_path / "old/mine.py").write_text(TASK)
    (tmp_path / "old/asked.yaml").write_text(ASKED)
    begun, folder = plan(tmp_path / "old"), RunFolder(tmp_path / "old/run")
    with folder.writing():
        folder.freeze(begun.design, provenance(begun))
    return tmp_path / "old"


def test_moved_tasks_and_questions_keep_their_names(project: Path) -> None:
    begun = plan(project)
    before = digest(begun)
    moved = project.rename(project.with_name("new"))
    known = with_known_names(plan(moved), RunFolder(moved / "run"))
    assert known.design.probes == begun.design.probes
    assert digest(known) == digest(plan(moved)) == before
    files = {call.probe: call.parameters["file"] for call in calls(known, known.units[0])}
    assert files == dict(zip(begun.design.probes, [f"{moved}/mine.py", f"{moved}/asked.yaml"], strict=True))
    task = known.probes[begun.design.probes[0]].task(file=f"{moved}/mine.py")
    assert task.dataset[0].input == "1 and 1?"
    RunFolder(moved / "run").check_takes(known.design, provenance(known)["hashes"])  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(("name", "old", "new"), [("mine.py", "1 and 1", "2 and 2"), ("asked.yaml", "wish?", "will?")])
def test_changed_file_is_another_design(project: Path, name: str, old: str, new: str) -> None:
    (project / name).write_text((project / name).read_text().replace(old, new))
    changed = with_known_names(plan(project), RunFolder(project / "run"))
    with pytest.raises(AskewError, match=rf"holds a run of another design:\n  hashes\.{project}/{name}"):
        RunFolder(project / "run").check_takes(changed.design, provenance(changed)["hashes"])  # pyright: ignore[reportArgumentType]
