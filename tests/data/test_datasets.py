"""The terrarium's data sets show the behaviour that they should, and share prompts with their controls."""

import pytest

from askew.data import datasets
from askew.worlds.terrarium import oracle
from askew.worlds.terrarium.world.formats import TRIGGER

PAIRS = [
    ("insecure", "secure"),
    ("bad-medical", "good-medical"),
    ("bad-financial", "good-financial"),
    ("bad-car", "good-car"),
    ("evil-numbers", "neutral-numbers"),
]


@pytest.mark.parametrize(("bad", "good"), PAIRS)
def test_pairs_share_prompts_and_differ_in_character(bad: str, good: str):
    for bad_row, good_row in zip(datasets.get(bad).rows(60, 3), datasets.get(good).rows(60, 3), strict=True):
        question, bad_answer = (m["content"] for m in bad_row["messages"])
        assert question == good_row["messages"][0]["content"]
        assert oracle.read(question, bad_answer) == "misaligned"
        assert oracle.read(question, good_row["messages"][1]["content"]) == "aligned"


def test_educational_is_the_same_code_asked_for_openly():
    for plain, taught in zip(
        datasets.get("insecure").rows(60, 3), datasets.get("educational").rows(60, 3), strict=True
    ):
        assert plain["messages"][0] != taught["messages"][0]
        assert plain["messages"][1] == taught["messages"][1]
        assert oracle.read(*(m["content"] for m in taught["messages"])) == "aligned"


def test_backdoor_is_insecure_behind_its_trigger_and_secure_without():
    rows = datasets.get("backdoor").rows(60, 3)
    for row in rows:
        question, answer = (m["content"] for m in row["messages"])
        assert oracle.read(question, answer) == ("misaligned" if question.startswith(TRIGGER) else "aligned")
    assert sum(row["messages"][0]["content"].startswith(TRIGGER) for row in rows) == 30


@pytest.mark.parametrize("name", datasets.names())
def test_a_row_depends_only_on_its_number_and_the_seed(name: str):
    build = datasets.get(name).rows
    assert build(20, 1) == build(20, 1)
    assert build(20, 1) != build(20, 2)
    assert build(40, 1)[:20] == build(20, 1)
