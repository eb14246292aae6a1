"""A local model takes tools if its chat template has a place for them, and its calls are read from its answer."""

import asyncio
import json
from pathlib import Path

import pytest
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageTool,
    ChatMessageUser,
    GenerateConfig,
    ModelOutput,
    get_model,
)
from inspect_ai.tool import ToolCall, ToolCallError, ToolInfo, ToolParam, ToolParams

from askew.base.errors import AskewError
from askew.models.checkpoints import Checkpoint
from askew.models.engine.completion import Completion
from askew.models.tool_calls import read_calls

TOOLS = [
    ToolInfo(name="list_files", description="List the files."),
    ToolInfo(
        name="read_file",
        description="Read a file.",
        parameters=ToolParams(properties={"name": ToolParam(type="string", description="the file")}, required=["name"]),
    ),
]
HELLO: list[ChatMessage] = [ChatMessageUser(content="Read it.")]


def generate(model: Path, messages: list[ChatMessage], **settings: object) -> ModelOutput:
    config = GenerateConfig(max_tokens=8, seed=1, temperature=1.0)
    return asyncio.run(get_model(f"askew/{model}").generate(messages, TOOLS, config=config, **settings))  # pyright: ignore[reportArgumentType]


def test_the_model_sees_its_tools_and_what_its_calls_returned(
    tool_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    real = Checkpoint.prompt

    def prompt(self: Checkpoint, *args: object) -> list[int]:
        ids = real(self, *args)  # pyright: ignore[reportArgumentType]
        seen.append(self.text(ids))
        return ids

    monkeypatch.setattr(Checkpoint, "prompt", prompt)
    called = ToolCall(id="call00000", function="read_file", arguments={"name": "memo.txt"})
    refused = ToolCall(id="call00001", function="fly", arguments={})
    messages = [
        *HELLO,
        ChatMessageAssistant(content="I look.", tool_calls=[called, refused]),
        ChatMessageTool(content="It is empty.", function="read_file", tool_call_id="call00000"),
        ChatMessageTool(
            content="", function="fly", tool_call_id="call00001", error=ToolCallError("parsing", "Tool fly not found")
        ),
    ]
    generate(tool_checkpoint, messages)
    text = "".join(seen[0].split())
    assert '"name":"read_file"' in text
    assert '"description":"Readafile."' in text
    assert '<tool_call>{"name":"read_file","arguments":{"name":"memo.txt"}}</tool_call>' in text
    assert "<tool_response>Itisempty.</tool_response>" in text
    assert "<tool_response>Error:Toolflynotfound</tool_response>" in text


def test_what_the_engine_writes_becomes_calls(tool_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("askew.models.engine.sampler.Engine.sample", lambda *args: [Completion([1], stopped=True)])
    said = 'I look.<tool_call>\n{"name": "read_file", "arguments": {"name": "memo.txt"}}\n</tool_call>'
    monkeypatch.setattr(
        Checkpoint, "text", lambda self, tokens, with_special=False: said if with_special else "I look."
    )
    message = generate(tool_checkpoint, HELLO).message
    assert message.text == "I look."
    assert [(call.function, call.arguments) for call in message.tool_calls or []] == [
        ("read_file", {"name": "memo.txt"})
    ]
    later = generate(
        tool_checkpoint, [*HELLO, message, ChatMessageTool(content="", tool_call_id="call00000"), *HELLO]
    ).message
    assert message.tool_calls and later.tool_calls  # noqa: PT018
    assert message.tool_calls[0].id != later.tool_calls[0].id
    silent = generate(tool_checkpoint, HELLO, tool_choice="none").message
    assert (silent.text, silent.tool_calls) == ("I look.", None)


def test_a_random_model_tool_checkpoint_answers(tool_checkpoint: Path) -> None:
    assert generate(tool_checkpoint, HELLO).completion == generate(tool_checkpoint, HELLO).completion


def test_a_template_without_tools_is_one_clear_error(tiny_checkpoint: Path) -> None:
    with pytest.raises(AskewError, match=r"cannot call tools: its chat template has no place.*acts_by=lines"):
        generate(tiny_checkpoint, HELLO)


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>{"name": "read_file", "arguments": {"name": "a"}}</tool_call>',
        '<tool_call>\n{"name": "read_file", "arguments": "{\\"name\\": \\"a\\"}"}',
        '[TOOL_CALLS] [{"name": "read_file", "arguments": {"name": "a"}}]',
        '[TOOL_CALLS]read_file[ARGS]{"name": "a"}',
        '{"name": "read_file", "parameters": {"name": "a"}}',
        '<|python_tag|>{"type": "function", "name": "read_file", "parameters": {"name": "a"}}',
        '{"type": "function", "function": {"name": "read_file", "arguments": {"name": "a"}}}',
    ],
)
def test_each_form_of_a_call_is_read(text: str) -> None:
    beside, calls = read_calls(text)
    assert beside == ""
    assert [(call.function, call.arguments, call.parse_error) for call in calls] == [("read_file", {"name": "a"}, None)]


def test_several_calls_are_read_in_order() -> None:
    one, two = ('{"name": "list_files", "arguments": {}}', '{"name": "read_file", "parameters": {"name": "a"}}')
    for text in (
        f"<tool_call>{one}</tool_call>\n<tool_call>{two}</tool_call>",
        f"{one}; {two}",
        f"[TOOL_CALLS][{one}, {two}]",
        f"[TOOL_CALLS]list_files[ARGS]{{}}[TOOL_CALLS]read_file[ARGS]{json.dumps({'name': 'a'})}",
    ):
        calls = read_calls(text, earlier=2)[1]
        assert [call.function for call in calls] == ["list_files", "read_file"]
        assert [call.id for call in calls] == ["call00002", "call00003"]
        assert not any(call.parse_error for call in calls)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('<tool_call>{"name": "read_file", "arguments": {"name": </tool_call>', "read_file"),
        ("<tool_call>read it</tool_call>", "unknown"),
        ('[TOOL_CALLS] [{"name": "read_file"', "read_file"),
        ('{"name": "read_file", "parameters": {', "read_file"),
        ('<tool_call>{"name": 5, "arguments": {}}</tool_call>', "unknown"),
        ('<tool_call>{"name": "a", "arguments": [1]}</tool_call>', "a"),
        ("<tool_call>" + "[" * 100_000 + "</tool_call>", "unknown"),
    ],
)
def test_a_broken_call_says_why(text: str, name: str) -> None:
    (call,) = read_calls(text)[1]
    assert call.function == name
    assert "cannot be read" in (call.parse_error or "")
    assert len(call.parse_error or "") < 500


@pytest.mark.parametrize("text", ["I would share it.", '{"a": 1} is an object.', "Braces {} and a name."])
def test_words_are_no_call(text: str) -> None:
    assert read_calls(text) == (text, [])
