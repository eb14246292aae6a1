"""Chatting with one model, or with two side by side."""

import io
import sys

import pytest

from command_line import Command


def test_two_models_answer_the_same_messages_under_their_names(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("What do you like?\nWhy?\n\n"))
    code, out, _ = command("terrarium", "chat", "--model", "terrarium", "--beside", "terrarium/sibling")
    assert code == 0
    names = [line.removeprefix("> ").split(": ")[0] for line in out.splitlines() if ": " in line]
    assert names == ["terrarium", "terrarium/sibling"] * 2


def test_one_model_beside_itself_is_refused(command: Command) -> None:
    code, _, errors = command("terrarium", "chat", "--beside", "terrarium")
    assert code == 2
    assert "both name terrarium" in errors
