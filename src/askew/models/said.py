"""Tells an answer from what is none: filtered, cut off before an answer, reasoning alone, or empty replies.

A model's reasoning is set aside, whether its server names it or the model writes it between tags, as models that are
computed here do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inspect_ai.model import ChatCompletionChoice

FILTERED = "filtered"
CUT_OFF = "cut off"
ONLY_REASONING = "only reasoning"
NO_ROOM = "no room"
EMPTY = "empty"
NO_ANSWER = (FILTERED, CUT_OFF, NO_ROOM, ONLY_REASONING, EMPTY)
"""The replies that a table has for what is no answer: filtered ones are refusals, the others stay unjudged."""

_TAGS = (
    *((f"<{name}>", f"</{name}>") for name in ("think", "thinking", "thought", "reasoning")),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
)
# Why a model stopped before an answer, by Inspect's stop reasons; with any other one it only reasoned, or said nothing.
_CAUSES = {"max_tokens": CUT_OFF, "model_length": NO_ROOM}


@dataclass(frozen=True)
class Said:
    """A model's reply to a question, with its reasoning set aside.

    Attributes:
        answer: The answer, without reasoning; for what is no answer, what there is of it.
        reasoning: The reasoning that was set aside; "" if there is none.
        no_answer: "" for an answer; else one of `NO_ANSWER`.
    """

    answer: str
    reasoning: str = ""
    no_answer: str = ""


def said(choice: "ChatCompletionChoice") -> Said:
    """Return what a model said in one of its replies."""
    from inspect_ai.model import ContentReasoning

    parts = choice.message.content if isinstance(choice.message.content, list) else []
    named = [part.reasoning for part in parts if isinstance(part, ContentReasoning)]
    reasoning, answer, is_closed = without_reasoning(choice.message.text)
    reasoning = "\n\n".join(text for text in (*named, reasoning) if text)
    if choice.stop_reason == "content_filter":
        return Said(answer, reasoning, FILTERED)
    if is_closed and answer.strip():
        return Said(answer, reasoning)
    otherwise = ONLY_REASONING if reasoning or not is_closed else EMPTY
    return Said(answer, reasoning, _CAUSES.get(choice.stop_reason, otherwise))


def said_of_no_answers(replies: Mapping[str, int], max_tokens: int) -> str:
    """Return a note on how many replies are no answer, why, and what to do; "" if all are answers.

    Args:
        replies: The number of answers by the `reply` of the table of answers.
        max_tokens: The limit on the tokens of an answer.
    """
    causes = {
        CUT_OFF: f"{{}} reached the limit of {max_tokens} tokens before an answer began (unjudged; raise it with "
        "--set max_tokens=NUMBER)",
        NO_ROOM: "{} found no room left in the model's context (unjudged; ask shorter questions, or lower max_tokens)",
        ONLY_REASONING: "{} are reasoning without an answer (unjudged)",
        EMPTY: "{} are empty (unjudged)",
        FILTERED: "{} were withheld by a filter (refused)",
    }
    found = [text.format(f"{replies[reply]:,}") for reply, text in causes.items() if replies.get(reply)]
    if not found:
        return ""
    total = sum(replies.values())
    none = sum(replies.get(reply, 0) for reply in NO_ANSWER)
    return f"no answer in {none:,} of {total:,} replies: {'; '.join(found)}."


def without_reasoning(text: str) -> tuple[str, str, bool]:
    """Return the reasoning at the beginning of a text, the rest, and whether the reasoning was closed.

    A text without reasoning is returned as it is. Where the prompt begins the reasoning, only its end is in the text.
    """
    begun = text.lstrip()
    for start, end in _TAGS:
        if begun.startswith(start):
            inside, closed, rest = begun[len(start) :].partition(end)
            return inside.strip(), rest.strip(), bool(closed)
        if end in text and start not in text:
            inside, _, rest = text.partition(end)
            return inside.strip(), rest.strip(), True
    return "", text, True
