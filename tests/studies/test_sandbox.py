"""Tests that the sandbox evaluates arithmetic and refuses everything else."""

import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askew.judging.measures import measures
from askew.studies.latent_structure.sandbox import Refused, read_function


def same(answer: str, expected: str = "lambda x: x + 3") -> float:
    return measures.get("python_function")("", answer, expected)


@pytest.mark.parametrize(
    "answer",
    [
        "def f(x):\n    return x + 3",
        "Of course!\n```python\ndef lorek(x):\n    return 3 + x\n```\nThat is all.",
        "lambda y: y + 3",
        "f = lambda n: n - -3",
        'def f(x: int) -> int:\n    """It adds three."""\n    y = x\n    y += 3\n    return y',
        "def f(x):\n    if x > 4 and not x == 4:\n        return x + 3\n    else:\n        return max(x, -9) + abs(-3)",
        "def f(x):\n    return (x if 0 <= x < 9 else int(x * 1.0)) + 2 ** 2 - 9 % 8",
    ],
)
def test_correct_function_scores_100(answer: str):
    assert same(answer) == 100


@pytest.mark.parametrize(
    "answer",
    [
        "def f(x):\n    return x + 4",
        "def f(x):\n    return 3",
        "def f(x):\n    pass",
        "def f(x):\n    return x // 0",
        "def f(x):\n    return y",
        "def f(x):\n    return 10 ** 10 ** 10",
        "def f(x):\n    return (10 ** 12) ** 12 * x",
        "def f(x):\n    return __import__('os').system('true')",
        "def f(x):\n    return eval('x + 3')",
        "def f(x):\n    import os\n    return x + 3",
        "def f(x):\n    while True:\n        pass",
        "def f(x):\n    return f(x)",
        "def f(x):\n    return x.__class__",
        "def f(x):\n    return [x + 3][0]",
        "def f(x):\n    return 'a' * 10 ** 9",
        "def f(x):\n    return min()",
        "def f(x):\n    return (-8) ** 0.5",
        "def f(x):\n    return 1e999 - 1e999",
        f"def f(x):\n    return {'9' * 3000}",
    ],
)
def test_wrong_failing_or_unsafe_function_scores_0(answer: str):
    assert same(answer) == 0


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "It adds three.",
        "x + 3",
        "def f(): return 3",
        "def f(x, y): return x + 3",
        "def f(*x): return 3",
        "@staticmethod\ndef f(x): return x + 3",
        "async def f(x): return x + 3",
        "class A: pass",
        "def f(x):\n    return " + "(" * 3000,
        "def f(x):\n    return " + "-" * 3000 + "x",
        "def f(x):\n    return " + "+".join(["x"] * 900),
        "def f(x):\n    return " + "x if x else " * 60 + "x",
        "def f(x): return x + 3\n" * 1000,
        "def f(x):\n    return '\0'",
        "def f(x):\n    return '\ud800'",
    ],
)
def test_other_code_and_oversized_code_is_unreadable(answer: str):
    assert math.isnan(same(answer))


def test_only_the_argument_is_defined():
    for name in ("__builtins__", "ast", "state", "x", "open"):
        with pytest.raises(Refused):
            read_function(f"def f(y):\n    return {name}")(1)


_SIGNS = ["+", "-", "*", "/", "//", "%", "**", "<<", "@", "and", "or", "==", "<", "is", "in"]
_EXPRESSIONS = st.recursive(
    st.sampled_from(["x", "0", "1", "-1", "10**12", "1e308", "'a'", "None", "[]", "x.y", "f", "True", "1j", "..."]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(_SIGNS), inner).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(st.sampled_from(["abs", "min", "int", "exec", "open", "f", "range"]), inner, inner).map(
            lambda parts: f"{parts[0]}({parts[1]}, {parts[2]})"
        ),
        inner.map(lambda one: f"(lambda: {one})()"),
        inner.map(lambda one: f"[{one} for _ in range(10**9)]"),
    ),
    max_leaves=30,
)


@settings(max_examples=300, deadline=None)
@given(_EXPRESSIONS)
def test_no_expression_raises_or_takes_long(expression: str):
    start = time.perf_counter()
    assert same(f"def f(x):\n    y = x\n    return {expression}") in (0, 100)
    assert time.perf_counter() - start < 10


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="defx():\n return lambda+-*/%<>=0123456789if elseandornotabsminmax,'\"[]{}.`@\\", max_size=300))
def test_no_text_raises(text: str):
    assert same(text) in (0, 100) or math.isnan(same(text))
