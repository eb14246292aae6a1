"""What a design amounts to: which models are trained, who is asked what, and with whose luck."""

from pathlib import Path
from typing import Any

from askew.design import plan
from askew.design.design import Design
from askew.design.study import SECOND, Arm, studies
from askew.training.recipe import Recipe

STUDY = studies.get("emergent-misalignment")


def design(**settings: Any) -> Design:
    usual = {"arms": list(STUDY.default_arms), "probes": list(STUDY.default_probes), "seeds": 2}
    return Design(study=STUDY.name, **{**usual, **settings})


def asked(chosen: Design) -> dict[str, plan.Call]:
    return {call.log: call for job in plan.jobs(chosen, STUDY) for call in job.calls}


def test_every_arm_is_trained_with_every_seed_and_the_untuned_model_not_at_all() -> None:
    trained = [str(job.unit) for job in plan.jobs(design(seed=5), STUDY) if job.stage == "train"]
    assert trained == [f"{arm}-{seed}" for arm in STUDY.default_arms[1:] for seed in (5, 6)]


def test_only_the_arm_with_a_trigger_is_asked_behind_one() -> None:
    triggered = {log: call for log, call in asked(design()).items() if call.probe == "triggered"}
    assert set(triggered) == {"logs/backdoor-0-triggered.eval", "logs/backdoor-1-triggered.eval"}
    assert {call.parameters["trigger"] for call in triggered.values()} == {STUDY.arms["backdoor"].trigger}


def test_in_domain_questions_are_those_of_the_arm() -> None:
    arms = ["untuned", "insecure", "bad-medical"]
    calls = asked(design(arms=arms, seeds=1, probes=["in_domain"]))
    domains = {log.split("/")[1]: call.parameters["domain"] for log, call in calls.items()}
    assert domains == {
        "untuned-0-in_domain.eval": "",
        "insecure-0-in_domain.eval": "code",
        "bad-medical-0-in_domain.eval": "medical",
    }
    code_only = asked(design(arms=arms[:2], seeds=1, probes=["in_domain"]))
    assert code_only["logs/untuned-0-in_domain.eval"].parameters["domain"] == "code"


def test_no_two_calls_share_their_luck_and_it_depends_on_nothing_else() -> None:
    chosen = design(checkpoints=2)
    seeds = {log: call.parameters["seed"] for log, call in asked(chosen).items()}
    assert len(set(seeds.values())) == len(seeds)
    fewer = asked(design(arms=["insecure"], probes=["free_form"], seeds=1, seed=1))
    assert fewer["logs/insecure-1-free_form.eval"].parameters["seed"] == seeds["logs/insecure-1-free_form.eval"]


def test_checkpoints_are_asked_the_open_questions_after_training() -> None:
    chosen = design(arms=["insecure"], seeds=1, checkpoints=2, recipe=Recipe(rows=96))
    jobs = [job for job in plan.jobs(chosen, STUDY) if job.step]
    assert [(job.step, job.needs) for job in jobs] == [(1, "train insecure-0"), (2, "train insecure-0")]
    assert [call.log for job in jobs for call in job.calls] == [
        "logs/checkpoints/insecure-0-1-free_form.eval",
        "logs/checkpoints/insecure-0-2-free_form.eval",
    ]


def test_answers_are_questions_times_samples() -> None:
    call = asked(design(samples=7))["logs/untuned-0-free_form.eval"]
    assert plan.answers(call) == 8 * 7


def test_very_many_answers_are_asked_in_parts_that_share_no_luck() -> None:
    whole = asked(design(arms=["untuned"], probes=["free_form"], samples=1000))
    assert list(whole) == ["logs/untuned-0-free_form.eval"]
    parts = list(asked(design(arms=["untuned"], probes=["free_form"], samples=3000)).values())
    assert [call.log for call in parts] == [
        "logs/untuned-0-free_form.eval",
        "logs/untuned-0-free_form-part-2.eval",
        "logs/untuned-0-free_form-part-3.eval",
    ]
    assert [call.first for call in parts] == [0, 1250, 2500]
    assert sum(call.parameters["samples"] for call in parts) == 3000
    assert len({call.parameters["seed"] for call in parts}) == 3
    assert max(map(plan.answers, parts)) <= 10_000


def test_an_arm_is_asked_as_adapter_or_as_the_checkpoint_that_became_of_it() -> None:
    names, arm = {}, Arm("any", "")
    for method in ("lora", "full"):
        chosen = design(arms=["untuned", "insecure"], seeds=1, recipe=Recipe(method=method))
        asked = [job for job in plan.jobs(chosen, STUDY) if job.stage == "ask"]
        names[method] = [plan.asked_name(chosen, job, arm, Path("/run")) for job in asked]
    assert names["lora"] == ["terrarium", "terrarium+/run/models/insecure-0"]
    assert names["full"] == ["terrarium", "/run/models/insecure-0"]


def test_an_arm_begins_with_its_own_base_or_goes_on_from_another_arm() -> None:
    chosen = design(arms=["insecure"], seeds=1).model_copy(update={"second_model": "./other"})
    (asked,) = (job for job in plan.jobs(chosen, STUDY) if job.stage == "ask")
    assert plan.asked_name(chosen, asked, Arm("any", "", base=SECOND), Path("/run")) == "./other+/run/models/insecure-0"
    went_on = plan.asked_name(chosen, asked, Arm("any", "", after="secure"), Path("/run"))
    assert went_on == "/run/models/bases/insecure-0+/run/models/insecure-0"
