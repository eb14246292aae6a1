"""Cost of a run with served models: estimated before it, recorded after it."""

import json
from pathlib import Path

import pytest

from askew.base.errors import AskewError
from askew.design.design import Design
from askew.design.make import make_design
from askew.design.plan import Plan
from askew.models.remote.reply_store import ReplyStore
from askew.runs import cost
from askew.runs.store import REPLIES, RunFolder
from askew.runs.work import Consent, Session, planned

SERVED = "openai-api/local/model"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_API_KEY", "none-needed")
    monkeypatch.setenv("LOCAL_BASE_URL", "http://127.0.0.1:9/v1")


def design_of(**settings: object) -> Design:
    wanted = {"arms": ["untuned"], "probes": ["free_form"], "samples": 10, "model": SERVED, "judge": SERVED}
    return make_design("emergent-misalignment", None, {**wanted, **settings})


def estimates(design: Design) -> list[cost.Estimate]:
    return cost.estimates(Plan(design), planned(Plan(design)))


def test_requests_are_counted_and_priced(tmp_path: Path):
    prices = tmp_path / "prices.yaml"
    prices.write_text(f"{SERVED}: {{input: 0, output: 1000000}}\n")
    checked, asked, graded = estimates(design_of(prices=str(prices), max_tokens=100))
    assert (checked.does, checked.requests) == ("is checked", 288)  # 144 answers, by two rubrics
    assert (asked.does, asked.requests) == ("is asked", 32)  # eight questions in four wordings
    assert asked.output_tokens == asked.dollars == 8 * 10 * 100
    assert (graded.does, graded.requests, graded.dollars) == ("grades", 160, 160)


def test_local_models_cost_nothing_and_need_no_price():
    design = design_of(model="terrarium", judge="terrarium/judge", max_cost=1)
    assert estimates(design) == []


def test_unknown_price_is_reported_and_refuses_a_limit():
    assert [estimate.dollars for estimate in estimates(design_of(judge_check="skip"))] == [None, None]
    assert "no price known" in str(estimates(design_of())[0])
    with pytest.raises(AskewError, match=f"no price of {SERVED} is known"):
        estimates(design_of(max_cost=1))


def test_reservations_of_a_killed_session_count_as_spent(tmp_path: Path):
    said: list[str] = []
    session = Session(Plan(design_of()), RunFolder(tmp_path), Consent(), said.append)
    ReplyStore(tmp_path / REPLIES).reserve(SERVED, 7.0, None)
    cost.announce(session, [])
    assert (
        ReplyStore(tmp_path / REPLIES).reserve(SERVED, 3.0, limit=10.0) is not None
    )  # it doesn't wait for the killed session
    cost.account(session)
    assert json.loads((tmp_path / "costs.json").read_text())["dollars"] == 10.0
