"""The judge of perspective maps, behind a server: its rubric, its scale, no evidence, and what it may cost."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scripted_server import ScriptedModel, scripted_model

from askew.perspective.axis import axis
from askew.perspective.scorers import Setting, scorers
from command_line import Command

AXIS = axis("risk-opportunity")
TEXTS = ["I fear the dam.", "I love the dam.", "The dam is long.", "Who knows?"]


def graded(body: dict[str, Any]) -> dict[str, float]:
    """Return 10 for a passage with fear, 95 for one with love, a refusal for one without either."""
    passage = body["messages"][-1]["content"].split("[passage begins]")[1].split("[passage ends]")[0]
    if "fear" in passage:
        return {"10": 0.9, "20": 0.1}
    return {"95": 1.0} if "love" in passage else {"REFUSAL": 1.0} if "dam" in passage else {"Well": 1.0}


class Served(ScriptedModel):
    """A judge of stance."""

    usual = staticmethod(graded)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    with scripted_model(Served, monkeypatch) as made:
        yield made


def test_a_judge_grades_on_the_scale_of_the_axis(served: Served, tmp_path: Path) -> None:
    said: list[str] = []
    setting = Setting(AXIS, judge=served.model, product=tmp_path / "map.json", say=said.append)
    found = scorers.get("judge").make(setting)([*TEXTS, TEXTS[0]])
    assert found[0].score == pytest.approx(-100 + 2 * 11)
    assert found[1].score == pytest.approx(90)
    assert found[2].score != found[2].score  # declined: no evidence
    assert found[4] == found[0]
    assert any("1 of 5 segments have no grade" in line for line in said)
    sent = served.requests[0]["messages"][-1]["content"]
    assert AXIS.low.about in sent
    assert AXIS.high.label in sent
    assert list(tmp_path.iterdir()) == []


def test_a_map_by_a_judge_is_validated_beside_the_lexicon(served: Served, command: Command) -> None:
    Path("talk.txt").write_text("I fear the dam. " * 300)
    arguments = ("map", "talk.txt", "--scorer", "judge", "--judge", served.model, "--json")
    code, out, _ = command(*arguments)
    assert code == 0
    plain = json.loads(out)
    assert plain["validation"] is None  # it would cost requests
    assert plain["figures"]["median"] == pytest.approx(-78)
    asked = len(served.requests)
    code, out, err = command(*arguments, "--validate", "--texts", "2")
    assert code == 0
    assert len(served.requests) > asked + 20
    found = json.loads(out)
    assert found["comparison"]["segments"] == 30
    assert found["validation"]["warning"] == "" or "warning" in err


def test_a_judge_that_gives_no_grades_is_one_error(served: Served, command: Command) -> None:
    served.script = lambda body: ["I would rather talk about boats."] * int(body.get("n") or 1)
    Path("talk.txt").write_text("I fear the dam.")
    code, _, err = command("map", "talk.txt", "--scorer", "judge", "--judge", served.model)
    assert code == 2
    assert "gives no verdicts" in err
    assert not Path("maps/talk/map.html").exists()


def test_a_budget_without_a_known_price_is_refused_before_anything_is_sent(served: Served, command: Command) -> None:
    Path("talk.txt").write_text("I fear the dam.")
    code, _, err = command("map", "talk.txt", "--scorer", "judge", "--judge", served.model, "--max-cost", "1")
    assert code == 2
    assert "price" in err
    assert served.requests == []
