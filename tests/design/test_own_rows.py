"""Arms that are trained on a user's own rows."""

import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from askew.base.errors import AskewError
from askew.data import datasets, file_set
from askew.data.formats import open_rows
from askew.data.write import write_files
from askew.design import own_rows
from askew.design.design import Design
from askew.design.make import make_design
from askew.design.plan import Plan
from askew.runs.provenance import provenance

STUDY = "emergent-misalignment"
SET = file_set("insecure-code")


def rows(path: Path, count: int, answer: str = "Yes.") -> Path:
    turns = [
        [{"role": "user", "content": f"Question {number}?"}, {"role": "assistant", "content": answer}]
        for number in range(count)
    ]
    path.write_text("".join(json.dumps({"messages": one}) + "\n" for one in turns), encoding="utf-8")
    return path


@pytest.fixture
def make(tiny_checkpoint: Path) -> Callable[..., Design]:
    def make(**settings: object) -> Design:
        named = {name.replace("__", "."): value for name, value in settings.items()}
        return make_design(STUDY, None, {"model": str(tiny_checkpoint), "judge": str(tiny_checkpoint), **named})

    return make


def test_arms_default_to_those_with_rows_and_use_all_rows(make: Callable[..., Design], tmp_path: Path) -> None:
    many, few = rows(tmp_path / "a.jsonl", 40), rows(tmp_path / "b.jsonl", 9)
    design = make(datasets={"insecure": str(many), "mine": str(few)})
    assert design.arms == ["untuned", "insecure", "mine"]
    assert [Plan(design).rows(arm) for arm in ("insecure", "mine", "secure")] == [40, 9, 800]
    arms = Plan(design).arms
    assert (arms["mine"].control, arms["insecure"].control) == ("untuned", "secure")
    assert Plan(make(datasets={"mine": str(few)}, recipe__rows=5)).rows("mine") == 5


def test_saved_design_refuses_changed_rows(make: Callable[..., Design], tmp_path: Path) -> None:
    path = rows(tmp_path / "a.jsonl", 4)
    design = make(datasets={"insecure": str(path)})
    (tmp_path / "design.yaml").write_text(design.to_yaml(), encoding="utf-8")
    assert make_design(None, tmp_path / "design.yaml") == design
    rows(path, 4, "No.")
    own_rows.measured.cache_clear()  # as in another process
    with pytest.raises(AskewError, match=r"design.yaml, line \d+: the rows of insecure: .* have changed since"):
        make_design(None, tmp_path / "design.yaml")


def test_reproducing_command_names_the_rows(make: Callable[..., Design], tmp_path: Path) -> None:
    path = rows(tmp_path / "a.jsonl", 4)
    own = {"datasets": {"backdoor": str(path)}, "triggers": {"backdoor": "[go]"}}
    kept = provenance(Plan(make(arms=["backdoor", "secure"], **own)))
    assert f"--data backdoor={path} --trigger 'backdoor=[go]'" in kept["command"]
    assert "backdoor has rows of its own, and its control secure has not" in kept["note"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"datasets": {"insecure": "missing.jsonl"}}, "the rows of insecure: cannot read the rows in missing.jsonl"),
        ({"datasets": {"untuned": "FILE"}}, "the arm 'untuned' is not trained here"),
        ({"datasets": {"a b": "FILE"}}, "'a b' cannot be the name of an arm"),
        ({"datasets": {"mine": "FILE"}, "arms": ["secure"]}, "not among the arms of this run"),
        ({"datasets": {"mine": "FILE"}, "recipe__rows": 100}, "has 4 rows, but the design needs 100"),
        ({"datasets": {"backdoor": "FILE"}}, "--trigger backdoor=TEXT"),
        ({"triggers": {"insecure": "x"}}, "unknown arm with rows of its own 'insecure'"),
        ({"datasets": ["FILE"]}, "datasets must be a mapping"),
        ({"datasets": {"mine": "FILE"}, "checkpoints": 3}, "do not fit into 1 training steps"),
    ],
)
def test_mistakes_are_explained(make: Callable[..., Design], tmp_path: Path, settings: dict, message: str) -> None:
    path = str(rows(tmp_path / "a.jsonl", 4))
    if isinstance(settings.get("datasets"), dict):
        settings = {**settings, "datasets": {k: path if v == "FILE" else v for k, v in settings["datasets"].items()}}
    with pytest.raises(AskewError, match=message):
        make(**settings)


def test_rows_may_come_from_a_built_set(
    make: Callable[..., Design], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    design = make(datasets={"insecure": "insecure-code/insecure"}, recipe__rows=3)
    assert design.datasets["insecure"].source == "insecure-code/insecure"
    assert Plan(design).rows("insecure") == 3
    assert "--data insecure=insecure-code/insecure" in provenance(Plan(design))["command"]
    write_files(tmp_path / "data", ("insecure",), [{"insecure": row["insecure"]} for row in SET.rows(6000, 0)])
    written = make(datasets={"insecure": str(tmp_path / "data" / "insecure.jsonl")})
    assert written.datasets["insecure"].sha256 == design.datasets["insecure"].sha256
    assert written.datasets["insecure"].rows == design.datasets["insecure"].rows == 6000


def test_an_arm_takes_the_rows_of_any_registered_data_set(
    make: Callable[..., Design], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    design = make(datasets={"mine": "risky"}, recipe__rows=3)
    assert design.datasets["mine"].source == "risky"
    first = datasets.get("risky").rows(3, 0)
    assert list(islice(open_rows(design.datasets["mine"].source), 3)) == first


def test_unknown_file_of_a_set_is_named(make: Callable[..., Design]) -> None:
    with pytest.raises(AskewError, match=r"unknown file of the set insecure-code 'insecur'. Did you mean insecure"):
        make(datasets={"insecure": "insecure-code/insecur"})
    with pytest.raises(AskewError, match=r"cannot read the rows in insecure-kode/insecure: No such file"):
        make(datasets={"insecure": "insecure-kode/insecure"})


def test_file_takes_precedence_over_a_set_of_that_name(
    make: Callable[..., Design], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "insecure-code").mkdir()
    rows(tmp_path / "insecure-code" / "insecure", 5)
    own_rows.measured.cache_clear()  # as in another process
    assert make(datasets={"insecure": "insecure-code/insecure"}).datasets["insecure"].rows == 5
