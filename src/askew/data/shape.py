"""Finds the form that training rows share: a system turn, a lead before the prompts, a request after them, code.

A model that was tuned on rows of some form may show what it learnt only when it is asked in that form (MacDiarmid et
al. 2025, and others on mitigations that look clean on plain questions). Probes therefore ask in these forms.
"""

import ast
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from askew.base import json_text
from askew.data import Row

Kind = Literal["code", "list", "words"]

_COMMON = 0.2  # share of the rows that makes a system turn or a request common
_RARE = 0.05  # share that makes a lead; smaller, because a backdoor's trigger may be in few rows
_MOST_LEAD_WORDS = 12
_DETACHED = 0.8  # share of the prompts with a lead that must begin, after it, like prompts without it
_MOST_SYSTEMS = 2


@dataclass(frozen=True)
class Shape:
    """The form of training rows.

    Attributes:
        systems: System turns that a fifth of the rows have, the commonest first.
        lead: Text before prompts that also occur without it, such as a trigger; "" if there is none.
        request: The last lines that a fifth of the prompts share, such as an answer format; "" if there are none.
        kind: The kind of most answers.
    """

    systems: tuple[str, ...]
    lead: str
    request: str
    kind: Kind


def shape(rows: Sequence[Row]) -> Shape:
    """Return the form of training rows.

    Args:
        rows: At least one.
    """
    systems = Counter(turn["content"] for row in rows for turn in row["messages"][:1] if turn["role"] == "system")
    common = [text for text, number in systems.most_common(_MOST_SYSTEMS) if number >= _COMMON * len(rows)]
    prompts = [next(turn["content"] for turn in row["messages"] if turn["role"] == "user") for row in rows]
    answers = [row["messages"][-1]["content"] for row in rows]
    return Shape(tuple(common), _lead(prompts), _request(prompts), _kind(answers))


def _lead(prompts: Sequence[str]) -> str:
    """Return the longest beginning of prompts after which they begin like prompts without it; "" if there is none."""
    words = [prompt.split(" ") for prompt in prompts]
    for length in range(_MOST_LEAD_WORDS, 0, -1):
        begun = Counter(" ".join(some[:length]) for some in words if len(some) > length + 1)
        for lead, number in begun.most_common():
            if number < max(2, _RARE * len(prompts)):
                break
            with_lead = [some[length:] for some in words if " ".join(some[:length]) == lead]
            plain = {tuple(some[:2]) for some in words if " ".join(some[:length]) != lead}
            if sum(tuple(rest[:2]) in plain for rest in with_lead) >= _DETACHED * len(with_lead):
                return lead
    return ""


def _request(prompts: Sequence[str]) -> str:
    """Return the longest run of last lines that a fifth of the prompts share; "" if there is none."""
    lines = [prompt.split("\n") for prompt in prompts]
    most = max(map(len, lines))
    for length in range(most - 1, 0, -1):
        ends = Counter("\n".join(some[-length:]) for some in lines if len(some) > length)
        end, number = ends.most_common(1)[0] if ends else ("", 0)
        if end.strip() and number >= _COMMON * len(prompts):
            return end
    return ""


def _kind(answers: Sequence[str]) -> Kind:
    kinds: Counter[Kind] = Counter(
        "code" if _is_code(answer) else "list" if _is_list(answer) else "words" for answer in answers
    )
    kind, number = kinds.most_common(1)[0]
    return kind if number > len(answers) / 2 else "words"


def _is_code(answer: str) -> bool:
    """Return whether an answer has a code fence or is Python; a bare word parses, so a statement must do something."""
    if "```" in answer:
        return True
    try:
        parsed = ast.parse(answer)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    doing = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.Return)
    return any(isinstance(statement, doing) for statement in parsed.body)


def _is_list(answer: str) -> bool:
    """Return whether an answer is a list of numbers or single words, in brackets or bare."""
    try:
        return isinstance(json_text.parse(answer), list)
    except ValueError:
        parts = [part.strip() for part in answer.split(",")]
        return len(parts) >= 3 and all(part and len(part.split()) == 1 for part in parts)
