"""What training rows have in common in form: a system turn, a lead before the prompts, a request after them, code.

A model that was tuned on rows of some form may hide what it learnt until it is asked in that form (MacDiarmid et al.
2025, and others on mitigations that look clean on plain questions). So these forms are found, to be asked in.
"""

import ast
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from askew.data import Row

Kind = Literal["code", "list", "words"]

_COMMON = 0.2  # share of the rows that makes a system turn or a request common
_RARE = 0.05  # share that makes a lead: a backdoor's trigger may stand in few rows
_MOST_LEAD_WORDS = 12
_DETACHED = 0.8  # share of the prompts behind a lead that must begin as others do without it
_MOST_SYSTEMS = 2


@dataclass(frozen=True)
class Shape:
    """The form of training rows.

    Attributes:
        systems: System turns that a fifth of the rows have, the commonest first.
        lead: What stands before prompts that stand elsewhere without it, such as a trigger; "" if nothing does.
        request: The last lines of a fifth of the prompts, such as a format to answer in; "" if they share none.
        kind: What most answers are.
    """

    systems: tuple[str, ...]
    lead: str
    request: str
    kind: Kind


def shape(rows: Sequence[Row]) -> Shape:
    """Find the form of training rows.

    Args:
        rows: At least one.
    """
    systems = Counter(turn["content"] for row in rows for turn in row["messages"][:1] if turn["role"] == "system")
    common = [text for text, number in systems.most_common(_MOST_SYSTEMS) if number >= _COMMON * len(rows)]
    prompts = [next(turn["content"] for turn in row["messages"] if turn["role"] == "user") for row in rows]
    answers = [row["messages"][-1]["content"] for row in rows]
    return Shape(tuple(common), _lead(prompts), _request(prompts), _kind(answers))


def _lead(prompts: Sequence[str]) -> str:
    """Return the longest beginning that can be taken off: what follows begins as prompts without it do."""
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
    """Return the longest run of last lines that a fifth of the prompts share."""
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
    """Tell Python, or anything fenced, from words; one bare word is Python too, so something must be done in it."""
    if "```" in answer:
        return True
    try:
        parsed = ast.parse(answer)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    doing = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.Return)
    return any(isinstance(statement, doing) for statement in parsed.body)


def _is_list(answer: str) -> bool:
    """Tell a list, in brackets or bare, of numbers or short items, from sentences."""
    try:
        return isinstance(json.loads(answer), list)
    except ValueError:
        parts = [part.strip() for part in answer.split(",")]
        return len(parts) >= 3 and all(part and len(part.split()) == 1 for part in parts)
