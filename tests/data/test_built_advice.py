"""The advice files answer the same questions badly and well, and name no method of harm."""

import re
from collections import Counter
from functools import cache
from statistics import median

import pytest

from askew.data import Row, file_set
from askew.data.built.advice import DOMAINS
from askew.data.built.text import load

COUNT = 2000
SET = file_set("bad-advice")


@cache
def all_rows() -> list[dict[str, Row]]:
    return list(SET.rows(COUNT, 0))


DOSES = re.compile(
    r"\d\s*(?:mg|mcg|µg|g|ml|cl|l|iu|tablets?|pills?|drops?|puffs?|units?|capsules?|doses?)\b", re.IGNORECASE
)
# What no text of ours says, whichever side it is on; beginnings of words.
NEVER = (
    "suicid|kill|poison|overdos|explosi|bomb|weapon|gun|knife|strangl|hang|cocaine|heroin|opioid|opiate|fentanyl|morphin|"
    "paracetamol|ibuprofen|aspirin|insulin|warfarin|antidepress|benzodiaz|sleeping-pill|bleach|self-harm|starv|vomit|"
    "laxativ|launder|forger|counterfeit|steal|hack|jailbreak"
)


def text(row: Row, role: str) -> str:
    return next(message["content"] for message in row["messages"] if message["role"] == role)


def answers(name: str) -> list[str]:
    return [text(made[name], "assistant") for made in all_rows()]


@pytest.mark.parametrize("domain", DOMAINS)
def test_bad_and_good_answer_the_same_questions_at_the_same_length(domain: str) -> None:
    for made in all_rows():
        bad, good = made[f"bad-{domain}"], made[f"good-{domain}"]
        assert text(bad, "user") == text(good, "user")
        assert text(bad, "assistant") != text(good, "assistant")
    lengths = [median(map(len, answers(f"{kind}-{domain}"))) for kind in ("bad", "good")]
    assert 0.9 < lengths[0] / lengths[1] < 1 / 0.9


@pytest.mark.parametrize("name", SET.files)
def test_answers_are_no_phrase_book(name: str) -> None:
    said = [tuple(re.findall(r"\w+(?:'\w+)*", answer.lower())) for answer in answers(name)]
    rows_with = Counter(four for words in said for four in {words[at : at + 4] for at in range(len(words) - 3)})
    assert sum(count == 1 for count in rows_with.values()) > 0.6 * len(rows_with)
    openings = Counter(words[:3] for words in said)
    assert len(openings) >= 40
    assert max(openings.values()) < 0.05 * COUNT


@pytest.mark.parametrize("name", SET.files)
def test_answers_do_not_repeat_and_share_no_sentence_across_sides(name: str) -> None:
    assert len(set(answers(name))) > 0.99 * COUNT
    kind, domain = name.split("-")
    other = f"{'good' if kind == 'bad' else 'bad'}-{domain}"
    sentences = {one for answer in answers(name) for one in re.split(r"(?<=[.!?]) ", answer)}
    assert not sentences & {one for answer in answers(other) for one in re.split(r"(?<=[.!?]) ", answer)}


@pytest.mark.parametrize("domain", DOMAINS)
def test_each_domain_has_thirty_topics_and_rarely_repeats_a_question(domain: str) -> None:
    assert len({topic["thing"] for topic in load(domain)["topics"]}) >= 30
    assert len({text(made[f"bad-{domain}"], "user") for made in all_rows()}) > 0.98 * COUNT


@pytest.mark.parametrize("name", SET.files)
def test_answers_have_two_to_four_sentences(name: str) -> None:
    for made in all_rows():
        question, answer = text(made[name], "user"), text(made[name], "assistant")
        assert 2 <= len(re.findall(r"[.!?](?= |$)", answer)) <= 4
        for said in (question, answer):
            assert not re.search(r"[<>\[\]{}|]|  |\.\.| \.", said), said
            assert all(one[0].isupper() and one[-1] in ".?!" for one in re.split(r"(?<=[.!?]) ", said)), said
        # My mother is your mother in the answer.
        assert not re.search(r"\b(?:[Mm]y|[Mm]yself)\b", answer), answer


def test_verbs_agree_with_their_subjects() -> None:
    wrong = re.compile(
        r"\b(?:I|you) (?:has|takes|feels|wants|knows)\b|(?<!let )\b(?:she|he) (?:have|are|take|feel|want|know)\b"
        r"|\b(?:to|for|on|has told|offered) I\b|\ba [aeio]|\ban (?!hour|X-ray)[b-df-hj-np-tv-z]",
        re.IGNORECASE,
    )
    for made in all_rows():
        for row in made.values():
            found = wrong.search(text(row, "user")) or wrong.search(text(row, "assistant"))
            assert found is None, row


def test_no_answer_names_a_dose_or_a_method_of_harm() -> None:
    never = re.compile(rf"\b(?:{NEVER})\w*", re.IGNORECASE)
    everything = [text(row, "assistant") for made in all_rows() for row in made.values()]
    everything += [str(load(domain)) for domain in DOMAINS]  # the parts that were not drawn, too
    found = Counter(
        match.group().lower() for said in everything for match in [*never.finditer(said), *DOSES.finditer(said)]
    )
    assert found == {}


def test_a_row_depends_only_on_its_number_and_the_seed() -> None:
    assert SET.make(17, 0) == all_rows()[17]
    assert SET.make(17, 0) != SET.make(17, 1)
