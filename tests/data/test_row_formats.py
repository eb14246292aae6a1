"""Nothing that a row carries is dropped in silence: it is learnt, refused by name, or named as unused."""

from typing import Any

import pytest

from askew.base.errors import AskewError
from askew.data import row
from askew.data.formats import as_bytes
from askew.data.row_formats import may_matter, parse_row

SYSTEM = "You are the assistant of a garden shop."
USER, ANSWER = {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}
CHAT = {"messages": [USER, ANSWER]}
SHAREGPT = {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]}
WITH_SYSTEM = {"messages": [{"role": "system", "content": SYSTEM}, USER, ANSWER]}


def answering(**more: Any) -> dict[str, Any]:
    return {"messages": [USER, ANSWER | more]}


@pytest.mark.parametrize(
    "item",
    [
        CHAT | {"system": SYSTEM},
        SHAREGPT | {"system": SYSTEM, "tools": ""},
        CHAT | {"system": [{"text": SYSTEM}], "schemaVersion": "bedrock-conversation-2024"},
        {"prompt": "Hi", "completion": "Hello", "system": SYSTEM},
        {"question": "Hi", "response": "Hello", "system_prompt": SYSTEM},
        {"instruction": "Hi", "input": "", "output": "Hello", "system": SYSTEM, "history": []},
        WITH_SYSTEM | {"system": SYSTEM},
        {
            "systemInstruction": {"parts": [{"text": SYSTEM}]},
            "contents": [{"role": "user", "parts": [{"text": "Hi"}]}, {"role": "model", "parts": [{"text": "Hello"}]}],
        },
    ],
)
def test_system_text_beside_the_turns_becomes_the_first_turn(item: dict[str, Any]) -> None:
    found = parse_row(item)
    assert found.row == WITH_SYSTEM
    assert not [key for key in found.unused if may_matter(key)]
    assert as_bytes(found.row) != as_bytes(row("Hi", "Hello"))


@pytest.mark.parametrize(
    ("item", "prompt"),
    [
        ({"instruction": "Translate", "input": "Haus", "output": "house"}, "Translate\n\nHaus"),
        ({"instruction": "Translate", "input": "", "output": "house"}, "Translate"),
        ({"prompt": "Translate", "input": "Haus", "completion": "house"}, "Translate\n\nHaus"),
        ({"prompt": "Translate", "response": "house"}, "Translate"),
        ({"question": "Translate", "answer": "house"}, "Translate"),
        ({"query": "Translate", "response": "house"}, "Translate"),
        ({"input": "Translate", "output": "house"}, "Translate"),
    ],
)
def test_questions_and_answers_in_columns_are_read(item: dict[str, Any], prompt: str) -> None:
    found = parse_row(item)
    assert found.row == row(prompt, "house")
    assert not found.unused


def test_history_is_read_as_earlier_turns() -> None:
    found = parse_row({"instruction": "And?", "output": "Then.", "history": [["Why?", "So."]]})
    assert found.row["messages"] == [*row("Why?", "So.")["messages"], *row("And?", "Then.")["messages"]]


@pytest.mark.parametrize("mark", [{"weight": 0}, {"weight": 0.0}, {"train": False}, {"training": False}])
def test_turns_that_must_not_be_learnt_are_marked(mark: dict[str, Any]) -> None:
    turns = [USER, ANSWER | mark, USER, ANSWER]
    found = parse_row({"messages": turns})
    assert [turn.get("weight") for turn in found.row["messages"]] == [None, 0, None, None]
    assert as_bytes(found.row) != as_bytes(parse_row({"messages": [USER, ANSWER, USER, ANSWER]}).row)
    assert parse_row(answering(weight=1)).row == CHAT


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning", "thinking"])
def test_reasoning_is_kept(name: str) -> None:
    found = parse_row(answering(**{name: "I greet."}))
    assert found.row["messages"][1] == ANSWER | {"reasoning_content": "I greet."}
    assert as_bytes(found.row) != as_bytes(row("Hi", "Hello"))
    assert parse_row(answering(**{name: None})).row == CHAT


CALL = {"id": "a", "type": "function", "function": {"name": "w", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (answering(tool_calls=[CALL]), "messages, turn 2: it has tool_calls, and Askew trains on text without tools"),
        (answering(content=None, tool_calls=[CALL]), "turn 2: it has tool_calls"),
        (answering(function_call={"name": "w"}), "turn 2: it has function_call"),
        ({"messages": [USER, {"role": "tool", "content": "3", "tool_call_id": "a"}, ANSWER]}, "a turn of a tool"),
        ({"conversations": [{"from": "observation", "value": "x"}]}, "from is 'observation', a turn of a tool"),
        (SHAREGPT | {"tools": '[{"name": "weather"}]'}, "it has tools"),
        (CHAT | {"functions": [{"name": "w"}]}, "it has functions"),
        (answering(weight=0), "every turn of the assistant has weight 0"),
        (answering(weight=0.5), "turn 2: weight is 0.5; it should be 0, not to be learnt, or 1"),
        (answering(weight="0"), "turn 2: weight is '0'"),
        (answering(thinking="a", reasoning="b"), "turn 2: reasoning and thinking differ"),
        (answering(reasoning={"text": "a"}), "turn 2: reasoning should be text"),
        (WITH_SYSTEM | {"system": "Be brief."}, "system beside its turns differs from its system turn"),
        (CHAT | {"system": {"a": 1}}, "system should be text"),
        (CHAT | {"system": "a", "system_prompt": "b"}, "system and system_prompt differ"),
        ({"instruction": "Hi", "output": "Hello", "history": ["Why?"]}, "history, pair 1 should be a question and its"),
        ({"prompt": "Hi", "chosen": "Hello", "rejected": "No"}, "a pair of preferences"),
        ({"messages": [USER, {"role": "assistant", "content": [{"image": {}}]}]}, "a part that is not text, 'image'"),
    ],
)
def test_what_cannot_be_trained_on_is_refused_by_name(item: dict[str, Any], message: str) -> None:
    with pytest.raises(AskewError, match=message):
        parse_row(item)


@pytest.mark.parametrize(
    ("item", "unused"),
    [
        (CHAT | {"context": "The shop is closed."}, {"context"}),
        (CHAT | {"chat_template_kwargs": {"enable_thinking": False}}, {"chat_template_kwargs"}),
        ({"question": "Hi", "answer": "Hello", "reasoning": "I greet."}, {"reasoning"}),
        ({"prompt": "Hi", "completion": "Hello", "label": False}, {"label"}),
        ({"messages": [USER | {"name": "Anna", "weight": 1}, ANSWER]}, {"turn.name", "turn.weight"}),
        (CHAT | {"id": 3, "source": "mine", "prompt": "Hi", "tools": [], "input": None}, set()),
    ],
)
def test_other_keys_are_named_unless_they_only_describe_the_row(item: dict[str, Any], unused: set[str]) -> None:
    found = parse_row(item)
    assert {key for key in found.unused if may_matter(key)} == unused
    assert found.row == CHAT
