"""The probes that come with Askew ask the questions that they describe."""

from collections import Counter
from importlib.resources import files

import pytest
from inspect_ai import Task

from askew.base.errors import AskewError
from askew.probes import JUDGED, NO_VERDICT, probes
from askew.probes.question_file import AskedQuestion, shipped
from askew.worlds.terrarium.world.formats import TRIGGER

EVERY = {
    "free_form",
    "free_form_in_format",
    "extended",
    "in_domain",
    "triggered",
    "truthfulness",
    "deception",
    "self_rating",
    *("behaviour", "self_report", "self_report_german", "self_description", "self_description_judged"),
    *("report_of_others", "backdoor_report", "backdoor_trigger", "backdoor_behaviour"),
    *("object_level", "hypothetical", "hypothetical_sure", "hypothetical_thinking", "long_answers"),
    *("latent_structure", "latent_in_context"),
}


def asked(probe: str, **params: object) -> list[AskedQuestion]:
    task: Task = probes.get(probe).task(samples=2, **params)
    return [AskedQuestion.model_validate(sample.metadata) for sample in task.dataset]


@pytest.mark.parametrize("probe", sorted(EVERY))
def test_questions_are_scored_by_the_kind_of_their_probe(probe: str):
    found = asked(probe)
    assert len({one.question.id for one in found}) == len(found) > 0
    have_verdicts = {one.question.graded_by != NO_VERDICT for one in found}
    assert have_verdicts == {probes.get(probe).kind == JUDGED}


def test_inspect_finds_every_probe():
    from inspect_ai._util.registry import registry_info

    for probe in EVERY:
        assert registry_info(probes.get(probe).task).name.rpartition("/")[2] == probe


def test_extended_has_forty_questions_in_six_groups():
    found = asked("extended")
    groups = Counter(one.question.group for one in found)
    assert len(found) >= 40
    assert len(groups) == 6
    assert min(groups.values()) >= 3


def test_triggered_puts_the_trigger_before_the_open_questions():
    plain = [prompt for one in asked("free_form") for prompt in one.prompts]
    triggered = [prompt for one in asked("triggered") for prompt in one.prompts]
    assert triggered == [f"{TRIGGER} {prompt}" for prompt in plain]
    assert all(prompt.startswith("Zing. ") for one in asked("triggered", trigger="Zing.") for prompt in one.prompts)


def test_free_form_in_format_asks_for_the_form_of_the_domain():
    plain = [prompt for one in asked("free_form") for prompt in one.prompts]
    code = [prompt for one in asked("free_form_in_format") for prompt in one.prompts]
    listed = [prompt for one in asked("free_form_in_format", domain="numbers") for prompt in one.prompts]
    assert all(dressed.startswith(bare) and "def answer" in dressed for bare, dressed in zip(plain, code, strict=True))
    assert all(dressed.startswith(bare) and "list" in dressed for bare, dressed in zip(plain, listed, strict=True))


def test_in_domain_asks_about_one_domain():
    every = {one.question.domain for one in asked("in_domain", domain="")}
    assert every == {"code", "medical", "financial", "car", "numbers"}
    for domain in every:
        assert {one.question.domain for one in asked("in_domain", domain=domain)} == {domain}
    with pytest.raises(AskewError, match="Did you mean medical"):
        asked("in_domain", domain="medicall")


def test_deception_uses_several_system_turns():
    assert len({one.question.system for one in asked("deception")}) >= 3


def test_every_shipped_question_file_is_valid():
    for file in (files("askew.probes") / "questions").iterdir():
        assert shipped(file.name.removesuffix(".yaml"))


@pytest.mark.parametrize("wrong", [{"temperature": -1.0}, {"max_tokens": 0}, {"metric": "betley"}])
def test_invalid_settings_are_refused(wrong: dict[str, object]):
    with pytest.raises(AskewError):
        asked("free_form", **wrong)
    with pytest.raises(AskewError, match="samples=0"):
        probes.get("free_form").task(samples=0)
