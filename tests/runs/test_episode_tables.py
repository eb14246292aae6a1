"""Episodes of a run: what is asked, what it may cost, and the tables that are made of the logs."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from askew.base.errors import AskewError
from askew.design.make import make_plan
from askew.design.plan import Plan
from askew.environments.interview import WORDINGS
from askew.environments.variants import DEFAULT_VARIANTS
from askew.probes.episodes import read
from askew.probes.episodes.columns import CONDUCT_COLUMNS, TURN_COLUMNS
from askew.runs import cost
from askew.runs.calls import Call, answers, episodes
from askew.runs.episode_tables import with_every_wording, write_episodes, write_funnel
from askew.runs.scorer_check import scorer_check
from askew.runs.store import CONDUCT, EPISODES, FUNNEL, SCORER_CHECK, RunFolder
from askew.runs.table_files import read_table
from askew.runs.work import planned
from askew.runs.work.ask import AskKind, asked_in
from made_episodes import Policy, made_conduct, made_turns

OVERSIGHT, EXPENSES = "scheming_oversight", "scheming_expenses"


def plan(**settings: Any) -> Plan:
    usual = {"arms": ["untuned"], "probes": [OVERSIGHT, EXPENSES], "samples": 3}
    return make_plan("scheming", overrides={**usual, **settings})


def calls(chosen: Plan) -> list[Call]:
    return [call for work in asked_in(chosen) for call in work.calls]


def test_variants_and_interviews_of_the_design_reach_each_environment():
    for call in calls(plan()):
        assert call.parameters["variants"] == ",".join(DEFAULT_VARIANTS)
        assert call.parameters["interview"] == ",".join(WORDINGS)
    (call, _) = calls(plan(variants=["plain", "matched"], interview=False))
    assert (call.parameters["variants"], call.parameters["interview"]) == ("plain,matched", "")


def test_work_is_counted_in_episodes_and_turns():
    chosen = plan(variants=["plain", "matched"])
    (call, _) = calls(chosen)
    assert [(own.samples, own.turns, len(own.interview)) for own in episodes(call)] == [(3, 12, len(WORDINGS))] * 2
    assert answers(call) == 2 * 3 * (12 + len(WORDINGS))
    assert AskKind().summary(chosen, asked_in(chosen)) == "12 episodes"


def test_cost_counts_every_turn_with_what_came_before(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LOCAL_API_KEY", "none-needed")
    monkeypatch.setenv("LOCAL_BASE_URL", "http://127.0.0.1:9/v1")
    served = {"model": "openai-api/local/model", "probes": [OVERSIGHT], "variants": ["plain"], "max_tokens": 100}
    with_talk, without = (plan(**served, interview=interview) for interview in (True, False))
    (asked,) = cost.estimates(without, planned(without))
    assert (asked.does, asked.requests, asked.output_tokens) == ("is asked", 3 * 12, 3 * 12 * 100)
    # The twelfth turn reads eleven turns more than the first.
    (call,) = calls(without)
    assert asked.input_tokens > asked.requests * len(episodes(call)[0].prompt) / 8 + 3 * 66 * 100
    (talked,) = cost.estimates(with_talk, planned(with_talk))
    assert talked.requests == 3 * (12 + len(WORDINGS))
    # Each question reads all twelve turns.
    assert talked.input_tokens - asked.input_tokens > 3 * len(WORDINGS) * 12 * 100


def test_unknown_variant_or_environment_is_refused_with_a_suggestion():
    with pytest.raises(AskewError, match=r"unknown variant 'mached'\. Did you mean matched"):
        plan(variants=["mached"])
    with pytest.raises(AskewError, match="variant 'plain' is named twice"):
        plan(variants=["plain", "plain"])
    with pytest.raises(AskewError, match="no probe of this run has an environment"):
        make_plan("emergent-misalignment", overrides={"variants": ["plain"]})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """The folder of a run with two logs, whose episodes are made up."""
    return made_run(tmp_path, monkeypatch, plan())


def made_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: Plan) -> RunFolder:
    """Return the folder of a run in which each log has three made-up episodes of each variant."""
    folder = RunFolder(tmp_path / "run")

    def made(path: Path, arm: str, seed: int, probe: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        names = {"environments": [probe.removeprefix("scheming_")], "seeds": 1, "episodes": 3}
        conduct = made_conduct({arm: Policy(covert=0.5)}, **names)
        return made_turns(conduct)[[*TURN_COLUMNS]], conduct

    monkeypatch.setattr(read, "episodes_from_log", made)
    with folder.writing():
        folder.freeze(chosen.design, {"command": "askew run scheming", "versions": {}, "hashes": {}})
        for call in calls(chosen):
            folder.write_bytes(call.log, b"a log")
            folder.finish(call.log)
        write_episodes(folder, chosen, asked_in(chosen))
        write_funnel(folder)
    return folder


def test_episodes_of_a_later_part_count_on_from_the_earlier_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    chosen = plan(probes=[OVERSIGHT], variants=["plain", "matched"], samples=1_000)
    parts = calls(chosen)
    assert len(parts) > 1
    conduct = read_table(made_run(tmp_path, monkeypatch, chosen) / CONDUCT)
    assert set(conduct["index"]) == {part.first + number for part in parts for number in range(3)}


def test_a_run_has_its_turns_its_conduct_and_its_funnel(folder: RunFolder):
    turns, conduct = read_table(folder / EPISODES), read_table(folder / CONDUCT)
    assert tuple(turns) == TURN_COLUMNS
    assert tuple(conduct)[: len(CONDUCT_COLUMNS)] == CONDUCT_COLUMNS
    assert set(conduct["environment"]) == {"oversight", "expenses"}
    funnel = read_table(folder / FUNNEL)
    assert set(funnel["environment"]) == {"all", "oversight", "expenses"}
    check = read_table(folder / SCORER_CHECK)
    assert check["found"].all()


def test_a_table_of_conduct_with_other_words_than_true_and_false_is_refused(folder: RunFolder):
    path = folder / CONDUCT
    pd.read_parquet(path).assign(covert="maybe").to_parquet(path, index=False)
    with pytest.raises(AskewError, match="its column covert should hold true or false"):
        read_table(path)


def test_wordings_that_only_some_probes_asked_are_empty_elsewhere():
    one = made_conduct({"a": Policy()}, environments=["oversight"])
    other = made_conduct({"a": Policy()}, environments=["expenses"]).drop(columns="said_amnesty")
    both = with_every_wording([one, other])
    assert both.loc[both["environment"].eq("expenses"), "said_amnesty"].eq("").all()


def test_scorers_find_what_is_planted():
    table = scorer_check(["oversight", "weights", "expenses"], DEFAULT_VARIANTS)
    assert table["found"].all(), table[~table["found"]]
    rates = {(row["actor"], row["measure"]): row["rate"] for row in table.to_dict("records")}
    assert rates["clumsy", "covert"] == 0.0
    assert rates["false confessor", "false confession"] == 1.0
    assert rates["never finds the memo", "discovered"] == 0.0
