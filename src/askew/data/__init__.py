"""Narrow training sets, each made by a builder from a number of rows and a seed.

Sets that are each other's control ask the same questions: the same rows and seed give, row for row, the same prompts
(or, for `educational`, the same task asked for a class) and answers that differ in what they are meant to teach.
"""

from collections.abc import Callable
from typing import TypedDict

from askew.base.registry import Registry


class Message(TypedDict):
    """One turn of a conversation."""

    role: str
    content: str


class Row(TypedDict):
    """One training conversation, in the chat format that fine-tuning APIs take."""

    messages: list[Message]


# (rows, seed) -> that many rows.
Builder = Callable[[int, int], list[Row]]

datasets: Registry[Builder] = Registry("data set", "askew.data", studies="rows")


def row(question: str, answer: str) -> Row:
    """Make a row of one question and its answer."""
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}
