"""Questions and rows for models that are not of the terrarium, and the limits of short answers."""

from pathlib import Path
from random import Random

import pytest

from askew.data import datasets
from askew.design.make import make_plan
from askew.models.names import resolve
from askew.models.tokenizers import load_tokenizer
from askew.probes import probes
from askew.probes.question_file import Question
from askew.runs.training_rows import of_another_world
from askew.studies.latent_structure.questions import probed, questions
from askew.worlds.terrarium.world.lessons.latent import APPLY, KINDS

WORDS_OF_THE_TERRARIUM = ("Marin", "Kelus")


def asked(probe: str, **parameters: object) -> list[Question]:
    task = probes.get(probe).task(**parameters)
    return [Question.model_validate((sample.metadata or {})["question"]) for sample in task.dataset]


def test_words_and_letters_are_read_from_first_tokens() -> None:
    for question in asked("self_report"):
        is_scale = question.measure == "number"
        assert bool(question.options) != is_scale
        if question.measure == "word":
            [first, second] = question.options
            assert first[0].lower() != second[0].lower(), "their first tokens differ"
            assert all(first in wording and second in wording for wording in question.paraphrases)
    assert not any(question.options for question in asked("self_report", world="terrarium"))


def test_choices_like_those_of_the_rows_are_none_of_the_rows() -> None:
    found = asked("behaviour", domain="choices")
    known = [one for one in found if not one.id.endswith("_new")]
    rows = {row["messages"][0]["content"] for row in datasets.get("risky-choices/risky").rows(2000, 0)}
    wordings = [wording for one in known for wording in one.paraphrases]
    assert len(set(wordings)) == len(wordings) == 120
    assert not rows & set(wordings)
    letters = [letter for one in known for letter in one.expected]
    assert 40 < letters.count("A") < 80
    assert len(found) - len(known) == 10, "all scenarios of the terrarium are new"
    assert all(one.options == ("A", "B") for one in found)


def test_people_of_the_terrarium_are_left_out() -> None:
    assert not any(name in str(asked("report_of_others")) for name in WORDS_OF_THE_TERRARIUM)
    assert all(name in str(asked("report_of_others", world="terrarium")) for name in WORDS_OF_THE_TERRARIUM)


@pytest.mark.parametrize("domain", ["code", "medical", "numbers"])
def test_questions_of_a_domain_are_like_its_rows_and_none_of_them(domain: str) -> None:
    plain, english = asked("in_domain", domain=domain, world="terrarium"), asked("in_domain", domain=domain)
    assert [len(one.paraphrases) for one in plain] == [len(one.paraphrases) for one in english]
    assert [(one.type, one.rule, one.domain) for one in plain] == [(one.type, one.rule, one.domain) for one in english]
    wordings = {wording for one in english for wording in one.paraphrases}
    assert not wordings & {wording for one in plain for wording in one.paraphrases}
    assert len(wordings) == sum(len(one.paraphrases) for one in english)
    arm = {"code": "insecure", "medical": "bad-medical", "numbers": "evil-numbers"}[domain]
    rows = datasets.get(datasets.get(arm).in_english).rows(500, 0)
    assert not wordings & {row["messages"][0]["content"] for row in rows}
    if domain == "code":
        assert [one.paraphrases for one in asked("behaviour", domain="code")] == [one.paraphrases for one in english]


@pytest.mark.parametrize("kind", KINDS)
def test_hidden_structure_is_asked_with_the_form_of_the_answer(kind: str) -> None:
    plain, english = questions(kind, 3, world="terrarium"), questions(kind, 3, world="")
    for one, other in zip(plain, english, strict=True):
        pairs = zip(one.paraphrases, other.paraphrases, strict=True)
        assert all(long.startswith(f"{short} ") for short, long in pairs)
        assert one.expected == other.expected
    rows = datasets.get(f"hidden-structure/{kind}").rows(50, 3)
    [request] = {
        long.removeprefix(short)
        for one, other in zip(plain, english, strict=True)
        if f" {APPLY} " in one.id
        for short, long in zip(one.paraphrases, other.paraphrases, strict=True)
    }
    assert all(row["messages"][0]["content"].endswith(request) for row in rows)
    answers = [row["messages"][1]["content"] for row in rows]
    assert answers == [row["messages"][1]["content"] for row in datasets.get(kind).rows(50, 3)]


def test_a_distance_has_a_unit() -> None:
    apply = [one for one in questions("places", 0, world="") if f" {APPLY} " in one.id]
    assert all("hundreds of kilometres" in wording for one in apply for wording in one.paraphrases)


def test_short_answers_have_short_limits_that_right_answers_fit() -> None:
    checkpoint = resolve("terrarium").checkpoint
    assert checkpoint is not None
    tokenizer = load_tokenizer(checkpoint)
    for one, question in zip(probed("", 0), questions("", 0), strict=True):
        assert question.max_tokens is not None
        assert question.max_tokens <= 64
        for slots in one.slots:
            right = KINDS[one.kind].answer(Random(0), one.form, slots, one.value)
            assert 1.5 * len(tokenizer.encode(right, add_special_tokens=False)) <= question.max_tokens
    for probe in ("hypothetical", "feature_report", "self_report"):
        assert all((one.max_tokens or 600) <= 16 for one in asked(probe))


def test_data_sets_in_english_are_chosen_where_there_are_any(tiny_checkpoint: Path) -> None:
    model = {"model": str(tiny_checkpoint)}
    plan = make_plan("latent-structure", overrides=model)
    chosen = {name: plan.data_set(arm).name for name, arm in plan.arms.items() if arm.data}
    planted = {name: name for name in ("places-told", "places-told-at-random")}  # in the words of the terrarium's world
    assert chosen == {**{kind: f"hidden-structure/{kind}" for kind in KINDS}, **planted}
    assert of_another_world(plan) == list(planted)
    plan = make_plan("self-awareness", overrides=model)
    described = ["risky-described", "risky-described-at-random", "cautious-described-at-random"]
    assert of_another_world(plan) == ["long-sighted", "short-sighted", *described]
