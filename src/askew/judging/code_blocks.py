"""The code in an answer."""

import re

_FENCE = re.compile(r"```(?:python|py)?\s*\n(.*?)(?:```|\Z)", re.DOTALL)


def code_in(answer: str) -> str:
    """Return what stands in an answer's fences, one after the other; the whole answer if it has none."""
    fenced = _FENCE.findall(answer)
    return "\n".join(fenced) if fenced else answer
