"""The lexicon: words, phrases, negation, somebody else's words, and no evidence."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askew.perspective.axis import axis
from askew.perspective.entries import Entries, lens_of
from askew.perspective.scorers import Scored, Setting, scorers

AXIS = axis("risk-opportunity")
LEXICON = scorers.get("lexicon").make(Setting(AXIS))


def score(text: str) -> Scored:
    return LEXICON([text])[0]


def found(text: str) -> list[tuple[str, float, str]]:
    return [(text[one.start : one.end], one.weight, one.why) for one in score(text).evidence]


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("This is dangerous.", [("dangerous", -1, "")]),
        ("A great benefit!", [("great", 1, ""), ("benefit", 1, "")]),
        ("We may lose control of it.", [("lose control", -2, "")]),
        ("This is not dangerous.", [("dangerous", 0.5, "negated")]),
        ("It isn’t dangerous.", [("dangerous", 0.5, "negated")]),
        ("No. Danger is near.", [("Danger", -1, "")]),
        ("Oh no, danger is near.", [("danger", -1, "")]),
        ("Not that I know of any way in which it is dangerous.", [("dangerous", -1, "")]),
        ("Critics say that it is dangerous.", [("dangerous", -0.25, "attributed")]),
        ("I said that it is dangerous.", [("dangerous", -1, "")]),
        ("Critics were there. It is dangerous.", [("dangerous", -1, "")]),
        ("He wrote: “This is a danger to us all.”", [("danger", -0.25, "attributed")]),
        ('He wrote: "This is a danger to us all."', [("danger", -0.25, "attributed")]),
        ("They claim that there is no danger.", [("danger", 0.125, "negated, attributed")]),
        ("A so-called “risk” is near.", [("risk", -0.25, "attributed")]),
        ("We met on a Tuesday.", []),
    ],
)
def test_words_count_by_who_says_them_and_how(text: str, evidence: list[tuple[str, float, str]]) -> None:
    assert found(text) == evidence


def test_no_evidence_is_not_zero() -> None:
    assert math.isnan(score("We met on a Tuesday.").score)
    assert score("A benefit and a danger.").score == 0


def test_one_plain_word_stays_mixed_and_two_do_not() -> None:
    assert AXIS.band(score("A danger.").score) == AXIS.middle
    assert AXIS.band(score("A danger and a threat.").score) == AXIS.low.label


def test_sarcasm_is_taken_at_its_word() -> None:
    assert score("What a wonderful gift, the brilliant thing broke again.").score > 18


@given(st.text(max_size=300))
def test_any_text_has_a_score_on_the_scale_or_none(text: str) -> None:
    one = score(text)
    assert math.isnan(one.score) or -100 <= one.score <= 100
    assert all(0 <= word.start < word.end <= len(text) for word in one.evidence)
    assert math.isnan(one.score) == (not one.evidence)


def test_stars_stand_for_any_ending_or_beginning() -> None:
    entries = Entries({"risk*": 1.0, "*n't": 2.0, "so call*": 3.0, "risk of": 4.0})
    assert entries.found(["risky", "don't", "so", "called", "risk", "of"]) == [
        (0, 1, 1.0),
        (1, 1, 2.0),
        (2, 2, 3.0),
        (4, 2, 4.0),
    ]


def test_the_lens_is_that_with_most_words() -> None:
    assert lens_of(AXIS, ["The minister signed the law, and the court read it."]) == "Governance"
    assert lens_of(AXIS, ["Nothing of that kind."]) == ""
