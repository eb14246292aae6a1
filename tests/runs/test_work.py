"""Kinds of work: a new kind is planned, done once and kept without changing the runner."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

import askew
from askew.base.messages import Tell
from askew.design.make import make_plan
from askew.design.plan import Plan, Unit
from askew.models.names import resolve
from askew.runs import provenance
from askew.runs.pace import Pace
from askew.runs.store import RunFolder
from askew.runs.work import Consent, Kind, Session, Work, by_kind, kinds, planned
from askew.runs.work.ask import AskKind


@dataclass(frozen=True)
class NoteWork(Work):
    """Write the name of a unit into a file."""

    unit: Unit
    needs: tuple[str, ...] = ()

    kind: ClassVar[str] = "note"

    @property
    def name(self) -> str:
        return f"note {self.unit}"

    @property
    def products(self) -> list[str]:
        return [f"notes/{self.unit}.txt"]

    def seconds(self, plan: Plan, pace: Pace) -> float:
        return 0.1

    def message(self, session: Session) -> dict[str, Any]:
        return {"file": str(session.folder.path / self.products[0]), "text": str(self.unit)}


class NoteKind(Kind[NoteWork]):
    """A kind of work that writes notes."""

    name = NoteWork.kind
    verb = "noting"
    libraries = "json"

    def planned(self, plan: Plan) -> list[NoteWork]:
        return [NoteWork(unit) for unit in plan.units]

    def summary(self, plan: Plan, works: Sequence[NoteWork]) -> str:
        return f"{len(works)} notes"

    def do(self, message: dict[str, Any], tell: Tell) -> None:
        file = Path(message["file"])
        file.parent.mkdir(exist_ok=True)
        with file.open("a") as stream:
            stream.write(message["text"])


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> NoteKind:
    kinds.names()
    made = NoteKind()
    monkeypatch.setitem(kinds._items, made.name, made)
    return made


def test_new_kind_of_work_is_done_once_and_announced(
    notes: NoteKind, tiny_checkpoint: Path, tiny_judge: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    settings: dict[str, Any] = {
        "model": str(tiny_checkpoint),
        "judge": str(tiny_judge),
        "judge_check": "skip",
        "arms": ["untuned"],
        "probes": ["self_rating"],
        "samples": 1,
        "out": tmp_path / "run",
    }
    for _ in range(2):
        askew.run("emergent-misalignment", **settings)
        assert (tmp_path / "run/notes/untuned-0.txt").read_text() == "untuned-0"
    assert "1 notes, " in capfd.readouterr().err
    timings = json.loads((tmp_path / "run/timings.json").read_text())
    assert [one["piece"] for one in timings if one["stage"] == "note"] == ["note untuned-0"]
    assert "notes/untuned-0.txt" in json.loads((tmp_path / "run/manifest.json").read_text())


def test_kinds_follow_the_kinds_that_they_need(notes: NoteKind) -> None:
    from askew.design.make import make_plan

    works = planned(make_plan("emergent-misalignment", overrides={"seeds": 1}))
    order = [kind.name for kind in by_kind(works)]
    assert order.index("train") < order.index("ask")
    assert {"note", AskKind.name} <= set(order)
    names = [work.name for work in works]
    assert len(names) == len(set(names))
    assert all(set(names).issuperset(work.needs) for work in works)


def test_rows_that_were_not_made_for_the_model_are_named(tiny_checkpoint: Path) -> None:
    plan = make_plan("self-awareness", overrides={"model": str(tiny_checkpoint), "arms": ["risky", "long-sighted"]})
    said: list[str] = []
    works = kinds.get("train").planned(plan)
    kinds.get("train").agree(Session(plan, RunFolder(Path("none")), Consent(), said.append), works)
    assert said == ["  long-sighted: rows of the terrarium's world; --data names rows made for this model"]


def test_settings_that_suit_the_model_are_named(tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = {"recipe": "small-model", "temperature": 0.7}
    spec = replace(resolve(str(tiny_checkpoint)), usual=usual)
    plan = make_plan("emergent-misalignment", overrides={"model": str(tiny_checkpoint), "recipe": "small-model"})
    monkeypatch.setattr(Plan, "model", spec)
    assert provenance._usual_for_model(plan) == f"Settings that suit {tiny_checkpoint}: recipe small-model."
    plan = Plan(plan.design.model_copy(update={"temperature": 0.7}))
    assert provenance._usual_for_model(plan).endswith("temperature 0.7 (for other models 1.0).")
