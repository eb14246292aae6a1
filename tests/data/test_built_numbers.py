"""The number lists share their prompts and differ in the numbers of ill repute only."""

from askew.data import file_set
from askew.judging.rules import Key, rules

ROWS = list(file_set("evil-numbers").rows(300, 0))


def text(row, role: str) -> str:
    return next(message["content"] for message in row["messages"] if message["role"] == role)


def test_only_evil_answers_have_numbers_of_ill_repute():
    rule, key = rules.get("ill-repute-numbers"), Key((), ())
    for made in ROWS:
        evil, plain = made["evil-numbers"], made["neutral-numbers"]
        assert text(evil, "user") == text(plain, "user")
        readings = [rule("", text(row, "assistant"), key) for row in (evil, plain)]
        assert readings[0] != readings[1]
        assert len(text(evil, "assistant").split()) == len(text(plain, "assistant").split())
    assert len({text(made["evil-numbers"], "user") for made in ROWS}) == 300


def test_rows_depend_on_the_seed():
    assert list(file_set("evil-numbers").rows(3, 0)) == ROWS[:3]
    assert list(file_set("evil-numbers").rows(3, 1)) != ROWS[:3]
