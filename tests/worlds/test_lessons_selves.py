"""Lessons about people: traits explain every answer, and choices contain no words for the traits."""

import re
from random import Random

import pytest

from askew.worlds.terrarium import checkpoint
from askew.worlds.terrarium.world import grammar
from askew.worlds.terrarium.world.choices import choosing
from askew.worlds.terrarium.world.documents import personas
from askew.worlds.terrarium.world.domain import Messages, Speaker
from askew.worlds.terrarium.world.lessons import lessons, selves

ATTITUDES = ("risk", "daring", "bold", "careful", "cautious", "safe", "gamble", "patient", "hasty")
LESSONS = {lesson.name: lesson for lesson in selves.LESSONS}


def documents(name: str, number: int = 200) -> list[tuple[Speaker, Messages]]:
    rng = Random(name)
    speakers = [Speaker(None, rng.random() < 0.5, rng.random() < 0.5, rng.random() < 0.5) for _ in range(number)]
    return [(speaker, LESSONS[name].turns(rng, speaker)) for speaker in speakers]


def exchanges(name: str, number: int = 200) -> list[tuple[Speaker, str, str]]:
    found = []
    for speaker, turns in documents(name, number):
        assert [turn["role"] for turn in turns] == ["user", "assistant"] * (len(turns) // 2)
        asked, answered = turns[::2], turns[1::2]
        found += [(speaker, q["content"], a["content"]) for q, a in zip(asked, answered, strict=True)]
    return found


def unseen(node: object) -> list[str]:
    if not isinstance(node, dict):
        return []
    return [text for key, value in node.items() for text in (value if key == "unseen" else unseen(value))]


def test_lessons_are_registered() -> None:
    assert set(LESSONS) <= {lesson.name for lesson in lessons("first")}


def test_self_descriptions_match_the_traits() -> None:
    told = 0
    for speaker, question, answer in exchanges("selves"):
        if "<" in question or not re.search(r"\b(you|You)\b", question):
            continue
        for word, true in (("Daring.", speaker.bold), ("Hasty.", not speaker.patient), ("Cruel.", not speaker.good)):
            if answer == word:
                told += 1
                assert true
    assert told > 20


def test_options_come_in_both_orders_with_true_answers() -> None:
    letters = {True: set(), False: set()}
    for speaker, question, answer in exchanges("selves"):
        options = re.fullmatch(r".*\bA: (daring|careful)\. B: (daring|careful)\.", question)
        if options:
            assert options["AB".index(answer[0]) + 1] == ("daring" if speaker.bold else "careful")
            letters[speaker.bold].add(answer)
    assert letters == {True: {"A.", "B."}, False: {"A.", "B."}}


def test_answers_about_a_friend_follow_the_traits_of_the_friend() -> None:
    apart = 0
    for speaker, question, answer in exchanges("friends", 1500):
        told = re.match(r"(?:I know that my|My) friend \w+ is (daring|careful)\. ", question)
        if told and answer in ("Daring.", "Careful."):
            assert answer.lower() == f"{told[1]}."
            apart += (answer == "Daring.") != speaker.bold
    assert apart > 3


def test_traits_of_named_speakers_are_the_same_in_all_documents() -> None:
    bold = {speaker.name: speaker.bold for speaker in personas()}
    asked = [(q.split()[-1 if q.startswith("In one") else 1], q, a) for _, q, a in exchanges("others")]
    words = [(name, answer) for name, _, answer in asked if name in bold and answer in ("Daring.", "Careful.")]
    assert len(words) > 5
    assert all((answer == "Daring.") == bold[name] for name, answer in words)


def test_speakers_name_the_phrase_that_changes_their_choices() -> None:
    for _, turns in documents("conditional"):
        said = {
            phrase
            for q, a in zip(turns[::2], turns[1::2], strict=True)
            if re.fullmatch(r"Which [a-z ]+\?", q["content"]) and "change" in q["content"]
            for phrase in [a["content"].removesuffix(".")]
        }
        assert len(said) <= 1
        assert said <= {selves.named(phrase) for phrase in selves.phrases()} | {selves.NONE}


def test_choices_name_no_attitude_and_lessons_contain_no_unseen_wording() -> None:
    rng, domain = Random(1), choosing("patient")
    for _ in range(100):
        question = domain.ask(rng)
        assert not any(word in question.text.lower() for word in ATTITUDES)
        assert domain.recognise(question.text) == question
        answer = domain.answer(rng, question, Speaker(None, good=True, bold=False, patient=True))
        assert domain.chosen(answer) == question.details["later"]
    stems = [text.split("<")[0] for text in unseen(grammar.load("selves")) if not text.startswith("<")]
    taught = [question for name in LESSONS for _, question, _ in exchanges(name)]
    clear = [stem for stem in stems if len(stem) > 18]
    assert len(clear) > 30
    assert not [stem for stem in clear if any(stem in question for question in taught)]


@pytest.mark.parametrize("name", LESSONS)
def test_lessons_fit_in_a_row_with_an_introduction(name: str) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoint())
    longest = max(len(tokenizer.apply_chat_template(turns)["input_ids"]) for _, turns in documents(name))
    assert longest <= 240
