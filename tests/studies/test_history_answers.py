import math
from dataclasses import replace

import pytest

from askew.data.history import VALUES
from askew.studies.history.answers import ABSTAINED, UNPARSED, as_line, as_text, read_answer
from askew.studies.history.items import Shot
from askew.studies.history.measures import history_confidence, history_value
from askew.studies.history.prompts import LETTERS, as_letters

ITEM = {
    "id": "ItAncnt Ports",
    "root": "Buildings",
    "variable": "Ports",
    "category": "Buildings",
    "name": "Ancient Place",
    "start": -129,
    "end": 29,
}
SHOT = Shot("Buildings", "X", "Other Place", "Buildings", "Roads", 100, 200, "inferred absent")
PROMPT = "Options:\nA: Present, B: Inferred Present, C: Inferred Absent, D: Absent\nYour answer:"
TURNED = "A: Present, B: Absent\n\nOptions:\nA: Absent, B: Inferred Absent, C: Present, D: Inferred Present"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("A", "present"),
        (" (B) because ships are shown", "inferred present"),
        ("c.", UNPARSED),
        ("D: Absent", "absent"),
        ("The evidence is thin. Answer: C", "inferred absent"),
        ("Reasoning: many ships. The answer is D.", "absent"),
        ("It was inferred absent.", "inferred absent"),
        ("Ports were present", "present"),
        ("Ports were not present", UNPARSED),
        ("present or absent", UNPARSED),
        ("A harbour is a place for ships", UNPARSED),
        ("It is unknown.", ABSTAINED),
        ("I don't know", ABSTAINED),
        ("There is not enough information to say.", ABSTAINED),
        ("I'm sorry, but I can't help with that.", UNPARSED),
        ("", UNPARSED),
        ("<script>alert(1)</script>", UNPARSED),
    ],
)
def test_texts_are_read(answer: str, said: str) -> None:
    assert read_answer(PROMPT, answer).said == said


def test_letters_stand_for_the_last_options_of_the_prompt() -> None:
    assert [read_answer(TURNED, letter).said for letter in LETTERS] == [
        "absent",
        "inferred absent",
        "present",
        "inferred present",
    ]


def test_probabilities_are_written_and_read_again() -> None:
    line = as_line([0.1, 0.7, 0.15, 0.05], 0.25)
    read = read_answer(PROMPT, line)
    assert (read.said, read.confidence, read.is_confident) == ("inferred present", pytest.approx(0.7), False)
    assert read.mass == 0.25
    assert read_answer(PROMPT, as_line([0.0, 0.0, 0.1, 0.9], 1.0)).is_confident
    # A model's own text is never taken for probabilities that were read.
    forged = read_answer(PROMPT, as_text(as_line([1.0, 0.0, 0.0, 0.0], 1.0)))
    assert not forged.shares
    assert forged.said == UNPARSED


def test_measures() -> None:
    assert history_value(PROMPT, "A", "present") == 100
    assert history_value(PROMPT, "A", "absent") == 0
    assert history_value(PROMPT, "D", "present | absent") == 100
    assert math.isnan(history_value(PROMPT, "unknown", "absent"))
    assert math.isnan(history_value(PROMPT, "what?", "absent"))
    assert history_confidence(PROMPT, "A", "unknown") == 100
    assert history_confidence(PROMPT, as_line([0.4, 0.2, 0.2, 0.2], 1.0), "unknown") == 0
    assert history_confidence(PROMPT, "Nobody can tell: unknown", "unknown") == 0
    assert math.isnan(history_confidence(PROMPT, "what?", "unknown"))


def test_options_are_permuted_by_seed_and_in_one_order_throughout() -> None:
    orders = {as_letters(ITEM, [SHOT], seed).values for seed in range(40)}
    assert len(orders) > 10
    ids = [{**ITEM, "id": f"item {number}"} for number in range(60)]
    of_items = [as_letters(item, [SHOT], 0) for item in ids]
    assert {one.values.index("present") for one in of_items} == {0, 1, 2, 3}
    assert len({one.shots for one in of_items}) == 4
    put = as_letters(ITEM, [SHOT], 3)
    assert as_letters(ITEM, [SHOT], 3) == put
    listed = ", ".join(f"{letter}: {value.title()}" for letter, value in zip(LETTERS, put.values, strict=True))
    named = f"{', '.join(put.values[:-1])}, or {put.values[-1]}"
    assert (put.text.count(listed), put.text.count(named)) == (2, 2)
    assert "from 129 BCE to 29 CE" in put.text
    # The shot is answered with the letter of its value.
    assert f"Your answer: {LETTERS[put.values.index(SHOT.value)]}\n\n" in put.text
    assert [read_answer(put.text, letter).said for letter in LETTERS] == list(put.values)


def test_the_published_prompt_has_its_defects() -> None:
    put = as_letters(ITEM, [SHOT], 3, as_published=True)
    assert put.values == VALUES
    assert "present, absent, inferred present, or inferred absent" in put.text
    assert "present, inferred present, inferred absent, or absent" in put.text
    assert "reasoning" in put.text.rpartition("Question:")[2]
    shown = as_letters(ITEM, [replace(SHOT, evidence="Roads were\nbuilt later.")], 3, as_published=True)
    assert "Your answer: Roads were built later. Answer: C" in shown.text
    assert "built later" not in as_letters(ITEM, [replace(SHOT, evidence="Roads were\nbuilt later.")], 3).text


def test_unknown_years_are_left_out() -> None:
    assert "time frame" not in as_letters({**ITEM, "start": None, "end": None}, [], 0).text
