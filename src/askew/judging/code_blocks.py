"""Extracts code from answers."""

import re

_FENCE = re.compile(r"```(?:python|py)?\s*\n(.*?)(?:```|\Z)", re.DOTALL)


def code_in(answer: str) -> str:
    """Return the joined contents of an answer's Python code fences, or the whole answer if it has none."""
    fenced = _FENCE.findall(answer)
    return "\n".join(fenced) if fenced else answer
