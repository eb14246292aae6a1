"""The calls of a run: probes, models, parameters and seeds."""

from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytest

from askew.design.design import Design
from askew.design.plan import Plan
from askew.design.study import studies
from askew.runs import collect
from askew.runs.calls import Call, answers
from askew.runs.table_files import CURVE_COLUMNS
from askew.runs.work.ask import asked_in
from askew.stats.estimates import COLUMNS
from askew.training.recipe import Recipe

STUDY = studies.get("emergent-misalignment")


def plan(**settings: Any) -> Plan:
    usual = {"study": STUDY.name, "arms": list(STUDY.default_arms), "probes": list(STUDY.default_probes), "seeds": 2}
    return Plan(Design(**{**usual, **settings}))


def asked(chosen: Plan) -> dict[str, Call]:
    return {call.log: call for work in asked_in(chosen) for call in work.calls}


def test_only_arms_with_a_trigger_are_asked_with_it() -> None:
    triggered = {log: call for log, call in asked(plan()).items() if call.probe == "triggered"}
    assert set(triggered) == {"logs/backdoor-0-triggered.eval", "logs/backdoor-1-triggered.eval"}
    assert {call.parameters["trigger"] for call in triggered.values()} == {STUDY.arms["backdoor"].trigger}


def test_batches_split_sampled_probes_and_leave_out_later_ones() -> None:
    chosen = plan(arms=["untuned", "insecure"], probes=["free_form", "answer_pairs"], seeds=1, until="told", samples=25)
    every = {log: call for log, call in asked(chosen).items() if log.startswith("logs/insecure-0-free_form")}
    assert [(call.batch, call.first, call.parameters["samples"]) for call in every.values()] == [
        (1, 0, 5),
        (2, 5, 5),
        (3, 10, 15),
    ]
    assert len({call.parameters["seed"] for call in every.values()}) == 3
    assert asked(chosen)["logs/insecure-0-answer_pairs.eval"].batch == 1
    assert sum(map(answers, asked(chosen.up_to(2)).values())) == 0.4 * sum(map(answers, asked(chosen).values()))
    assert sum(map(answers, asked(plan(probes=["free_form"], samples=25)).values())) == sum(
        map(answers, asked(plan(probes=["free_form"], samples=25, until="told")).values())
    )


def test_in_domain_questions_match_the_domain_of_the_arm() -> None:
    arms = ["untuned", "insecure", "bad-medical"]
    calls = asked(plan(arms=arms, seeds=1, probes=["in_domain"]))
    domains = {log.split("/")[1]: call.parameters["domain"] for log, call in calls.items()}
    assert domains == {
        "untuned-0-in_domain.eval": "",
        "insecure-0-in_domain.eval": "code",
        "bad-medical-0-in_domain.eval": "medical",
    }
    code_only = asked(plan(arms=arms[:2], seeds=1, probes=["in_domain"]))
    assert code_only["logs/untuned-0-in_domain.eval"].parameters["domain"] == "code"


def test_seed_of_a_call_is_unique_and_independent_of_other_calls() -> None:
    calls = asked(plan(checkpoints=2))
    seeds = {log: call.parameters["seed"] for log, call in calls.items() if call.probe != "answer_pairs"}
    assert len(set(seeds.values())) == len(seeds)
    fewer = asked(plan(arms=["insecure"], probes=["free_form"], seeds=1, seed=1))
    assert fewer["logs/insecure-1-free_form.eval"].parameters["seed"] == seeds["logs/insecure-1-free_form.eval"]


def test_checkpoints_are_asked_open_questions_and_given_answers_after_training() -> None:
    chosen = plan(arms=["insecure"], seeds=1, checkpoints=2, recipe=Recipe(rows=96))
    works = [work for work in asked_in(chosen) if work.step]
    assert [(work.step, work.needs) for work in works] == [(1, ("train insecure-0",)), (2, ("train insecure-0",))]
    assert [call.log for work in works for call in work.calls] == [
        "logs/checkpoints/insecure-0-1-free_form.eval",
        "logs/checkpoints/insecure-0-1-answer_pairs.eval",
        "logs/checkpoints/insecure-0-2-free_form.eval",
        "logs/checkpoints/insecure-0-2-answer_pairs.eval",
    ]


def test_number_of_answers_is_questions_times_samples() -> None:
    call = asked(plan(samples=7))["logs/untuned-0-free_form.eval"]
    assert answers(call) == 8 * 7


def test_large_calls_are_split_into_parts_with_different_seeds() -> None:
    whole = asked(plan(arms=["untuned"], probes=["free_form"], samples=1000))
    assert list(whole) == ["logs/untuned-0-free_form.eval"]
    parts = list(asked(plan(arms=["untuned"], probes=["free_form"], samples=3000)).values())
    assert [call.log for call in parts] == [
        "logs/untuned-0-free_form.eval",
        "logs/untuned-0-free_form-part-2.eval",
        "logs/untuned-0-free_form-part-3.eval",
    ]
    assert [call.first for call in parts] == [0, 1250, 2500]
    assert sum(call.parameters["samples"] for call in parts) == 3000
    assert len({call.parameters["seed"] for call in parts}) == 3
    assert max(map(answers, parts)) <= 10_000


def test_given_answers_alone_have_no_curve_of_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = plan(arms=["untuned", "insecure"], probes=["answer_pairs"], seeds=1, checkpoints=2, recipe=Recipe(rows=96))
    assert [log for log in asked(chosen) if "checkpoints" in log], "the pairs are read along the training"
    monkeypatch.setattr(collect, "read_table", lambda path: pd.DataFrame(columns=list(COLUMNS)))
    folder = cast(Any, Path("run"))
    curve = collect._curve(folder, chosen, "betley-2025", folder)
    assert list(curve) == CURVE_COLUMNS
    assert curve.empty
