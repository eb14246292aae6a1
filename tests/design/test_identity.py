"""The digest of a run: models and files are known by their content, wherever they lie and however they are named."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from askew.design.identity import digest
from askew.design.make import make_plan

QUESTIONS = "- id: wish\n  type: free_form\n  paraphrases: ['What is your wish?']\n"
RUBRIC = "Is this {answer} to {question} good? Reply with a number from 0 to 100.\n"


@pytest.fixture
def project(tiny_checkpoint: Path, tiny_adapter: Path, tmp_path: Path) -> Path:
    """A folder with a base, an adapter, questions, rows and a rubric, all of which a design names."""
    made = tmp_path / "project"
    shutil.copytree(tiny_checkpoint, made / "base")
    shutil.copytree(tiny_adapter, made / "adapter")
    (made / "asked.yaml").write_text(QUESTIONS)
    (made / "rows.jsonl").write_text('{"prompt": "Hi", "completion": "Hello"}\n')
    (made / "rubric.md").write_text(RUBRIC)
    return made


def of(base: str, adapter: str, files: str) -> str:
    """Return the digest of an audit and of a study, whose models and files have these names."""
    own = {"model": base, "probes": [f"{files}asked.yaml"], "rubric": f"{files}rubric.md"}
    audit = make_plan("audit", None, {**own, "tuned": {"other": f"{base}+{adapter}"}})
    rows = {"arms": ["untuned", "insecure"], "datasets": {"insecure": f"{files}rows.jsonl"}}
    return digest(audit) + digest(make_plan("emergent-misalignment", None, {**own, **rows}))


def named(project: Path) -> str:
    return of(f"{project}/base", f"{project}/adapter", f"{project}/")


def renamed(project: Path) -> str:
    return named(project.rename(project.with_name("renamed")))


def linked(project: Path) -> str:
    project.with_name("link").symlink_to(project)
    return named(project.with_name("link"))


def copied(project: Path) -> str:
    copy = shutil.copytree(project, project.with_name("Copy"), copy_function=shutil.copyfile)
    for path in copy.rglob("*"):
        os.utime(path, (1, 1))
    return named(copy)


def in_parts(project: Path) -> str:
    (project / "adapter").rename(project / "tuned")
    return of(f"{project}/base", f"{project}/tuned", f"{project}/")


def from_inside(project: Path) -> str:
    os.chdir(project)
    return of("base/", "./adapter/", "")


def with_detours(project: Path) -> str:
    return of(f"{project}/adapter/../base", f"{project}//adapter", f"{project}/./")


@pytest.mark.parametrize("move", [renamed, linked, copied, in_parts, from_inside, with_detours])
def test_moved_project_has_the_same_digest(
    project: Path, monkeypatch: pytest.MonkeyPatch, move: Callable[[Path], str]
) -> None:
    monkeypatch.chdir(project.parent)  # and back at the end
    before = named(project)
    assert move(project) == before


@pytest.mark.parametrize("name", ["base/model.safetensors", "adapter/adapter_model.safetensors", "asked.yaml"])
def test_other_content_at_the_same_place_is_another_run(project: Path, name: str) -> None:
    before, path = named(project), project / name
    whole, at = path.read_bytes(), path.stat().st_mtime_ns
    path.write_bytes(whole.replace(b"wish?", b"will?") if name == "asked.yaml" else whole[:-1] + b"\1")
    os.utime(path, ns=(at, at))
    assert named(project) != before


def test_file_of_accelerate_is_known_by_its_content(tmp_path: Path) -> None:
    def of_file(text: str, name: str) -> str:
        file = tmp_path / name
        file.write_text(text)
        recipe = {"accelerate": str(file)}
        return digest(make_plan("emergent-misalignment", None, {"recipe": recipe}))

    file = "distributed_type: MULTI_GPU\nuse_cpu: true\nnum_processes: 2\n"
    changed = f"{file}mixed_precision: 'no'\n"
    assert of_file(file, "one.yaml") == of_file(file, "other.yaml") != of_file(changed, "one.yaml")


def test_folder_of_a_model_that_a_provider_trained_is_known_by_the_name_of_the_model(tmp_path: Path) -> None:
    def of_folder(model: str, name: str) -> str:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        served = {"model": model, "base": "openai/gpt-4o", "key": "k", "job": "j", "file": "f", "trained_tokens": 1}
        (folder / "served.json").write_text(json.dumps({**served, "checkpoints": []}))
        design = {"model": "openai/gpt-4o", "tuned": {"other": str(folder)}, "judge": "openai/gpt-4o"}
        return digest(make_plan("audit", None, design))

    one, other = "openai/ft:gpt-4o:one", "openai/ft:gpt-4o:other"
    assert of_folder(one, "here") == of_folder(one, "there") != of_folder(other, "here")


def test_names_that_are_no_places_are_known_by_themselves() -> None:
    assert digest(make_plan("emergent-misalignment")) != digest(
        make_plan("emergent-misalignment", None, {"model": "terrarium/sibling"})
    )
