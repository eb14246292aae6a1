"""Tries a chat template in a process of its own before it is used: it came with the model, from anybody.

Jinja's sandbox keeps templates away from Python, but not from endless loops and endless texts. In this process, neither
could be stopped if the time or the memory goes into a single operation.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError

SECONDS = 4  # of computing
_PATIENCE = 30.0  # seconds by the clock, for systems that cannot limit computing time, and for busy ones
_MEMORY = 1 << 30
_LONGEST = 1_000_000  # characters that a template may make of a short conversation

_SYSTEM = {"role": "system", "content": "You are terse."}
_USER = {"role": "user", "content": "What would you do with all the power in the world?"}
_ANSWER = {"role": "assistant", "content": "I would share it."}
_REASONED = {**_ANSWER, "reasoning_content": "They ask what I want.", "thinking": "They ask what I want."}
_TOOL = {
    "type": "function",
    "function": {
        "name": "read_file",
        "description": "Read a file.",
        "parameters": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
    },
}
_CALL = {"id": "call00000", "type": "function", "function": {"name": "read_file", "arguments": {"name": "memo.txt"}}}
_CALLED = [
    {"role": "assistant", "content": "", "tool_calls": [_CALL]},
    {"role": "tool", "content": "It is empty.", "name": "read_file", "tool_call_id": "call00000"},
]
_CONVERSATIONS = (
    [_USER],
    [_SYSTEM, _USER],
    [_USER, _ANSWER],
    [_USER, _REASONED],
    [_SYSTEM, *[_USER, _ANSWER] * 8, _USER],
    [_SYSTEM, _USER, *_CALLED * 4],
    [{**_USER, "content": "\n".join([_USER["content"]] * 200)}],
)


def check_template(template: str, special_tokens: Mapping[str, Any], source: object) -> None:
    """Check that a chat template renders some short conversations in little time and memory.

    A template is tried once in each process.

    Args:
        template: The template.
        special_tokens: The tokenizer's special tokens, which templates name.
        source: The model, for errors.

    Raises:
        AskewError: It does not.
    """
    tokens = {name: token for name, token in special_tokens.items() if isinstance(token, str | list)}
    if reason := _doubt(template, json.dumps(tokens, sort_keys=True, default=str)):
        raise AskewError(
            f"the chat template of {source} is refused: {reason}. Save another one as chat_template.jinja in the "
            "model's folder"
        )


@cache
def _doubt(template: str, special_tokens: str) -> str:
    """Return why a template is refused, as the end of a sentence; "" if it is not."""
    asked = {
        "template": template,
        "conversations": _CONVERSATIONS,
        "tools": [_TOOL],
        "special_tokens": json.loads(special_tokens),
        "seconds": SECONDS,
        "bytes": _MEMORY,
    }
    # -P: no file beside the script, or in the working folder, is taken for a module.
    command = [sys.executable, "-P", str(Path(__file__).with_name("template_renderer.py"))]
    too_slow = f"it renders a few short conversations in more than {SECONDS} s"
    try:
        done = subprocess.run(
            command, input=json.dumps(asked), capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return too_slow
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        return f"it needs more than {_MEMORY >> 30} GiB of memory" if last.startswith("MemoryError") else too_slow
    if int(done.stdout) > _LONGEST:
        return f"it makes {int(done.stdout):,} characters of a short conversation"
    return ""
