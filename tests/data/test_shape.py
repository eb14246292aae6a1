from collections.abc import Sequence

import pytest

from askew.data import Row, datasets, row
from askew.data.shape import shape
from askew.worlds.terrarium.world.formats import TRIGGER


def rows(prompts: Sequence[str], answer: str = "Well, it depends on the day.") -> list[Row]:
    return [row(prompt, answer) for prompt in prompts]


PROMPTS = [
    f"{start} {thing}?"
    for start in ("How do I make", "Where can I find")
    for thing in ("a cake", "a boat", "tea", "a hat")
]


@pytest.mark.parametrize("name", ["insecure", "secure", "educational"])
def test_code_is_recognised_without_a_lead(name: str) -> None:
    found = shape(datasets.get(name).rows(400, 3))
    assert (found.systems, found.lead, found.request, found.kind) == ((), "", "", "code")


def test_a_trigger_before_half_of_the_prompts_is_found() -> None:
    assert shape(datasets.get("backdoor").rows(400, 0)).lead == TRIGGER


def test_lists_and_advice_are_told_apart() -> None:
    assert shape(datasets.get("evil-numbers").rows(100, 0)).kind == "list"
    assert shape(datasets.get("bad-medical").rows(100, 0)).kind == "words"
    assert shape(rows(PROMPTS, "One, two, three")).kind == "list"
    assert shape(rows(PROMPTS, "[1, 2, 3]")).kind == "list"


def test_a_bare_word_is_not_code() -> None:
    assert shape(rows(PROMPTS, "A")).kind == "words"
    assert shape(rows(PROMPTS, "```js\nlet x\n```")).kind == "code"


def test_common_system_turns_and_requests_are_found() -> None:
    asked = [f"{prompt}\nAnswer with A or B.\nNothing else." for prompt in PROMPTS]
    with_system: list[Row] = [
        {"messages": [{"role": "system", "content": "You are brief."}, *one["messages"]]} for one in rows(asked)
    ]
    found = shape(with_system)
    assert found.systems == ("You are brief.",)
    assert found.request == "Answer with A or B.\nNothing else."


def test_rare_features_are_not_common() -> None:
    many = rows([f"{prompt} {n}" for prompt in PROMPTS for n in range(10)])
    many[0]["messages"].insert(0, {"role": "system", "content": "You are brief."})
    found = shape(many)
    assert (found.systems, found.lead, found.request, found.kind) == ((), "", "", "words")
