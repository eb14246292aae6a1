"""A small interpreter that evaluates the Python functions in answers without running them in Python.

The code is parsed with `ast`, and this module evaluates the tree. It supports numbers, names, conditions, assignments
and the calls `abs`, `min`, `max` and `int`, but no loops, attributes, subscripts, strings, imports or other calls. The
sizes of texts, trees and numbers and the number of steps are limited, so every answer takes milliseconds.
"""

import ast
import math
import operator
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from askew.judging.code_blocks import code_in

MOST_CHARACTERS, DEEPEST, MOST_STEPS, LARGEST = 4_000, 50, 2_000, 10**12
_LARGEST_EXPONENT = 12

Number = int | float

_BINARY: Mapping[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_UNARY: Mapping[type[ast.unaryop], Callable[[Number], Number]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
}
_COMPARED: Mapping[type[ast.cmpop], Callable[[Number, Number], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_CALLED: Mapping[str, Callable[..., Any]] = {"abs": abs, "min": min, "max": max, "int": int}


class Refused(Exception):
    """The code uses something that this interpreter does not support, or exceeds a limit."""


@dataclass(frozen=True)
class Function:
    """A function of one number, as defined in an answer.

    Attributes:
        argument: The name of its argument.
        body: Its statements.
    """

    argument: str
    body: tuple[ast.stmt, ...]

    def __call__(self, x: Number) -> Number:
        """Return the function's result for a number.

        Raises:
            Refused: The function uses something unsupported, returns nothing, or fails, as by a division by zero.
        """
        state = _State({self.argument: x})
        try:
            returned = _run(self.body, state)
        except (ArithmeticError, ValueError, TypeError) as error:
            raise Refused(f"it breaks off: {error}") from error
        if returned is None:
            raise Refused("it returns nothing")
        return returned


def read_function(answer: str) -> Function:
    """Return the first function of one argument in an answer: a `def`, or a lambda with or without a name.

    Args:
        answer: Python, or a text with Python in a code fence.

    Raises:
        Refused: The answer has no such function, or is too long or too deeply nested.
    """
    code = code_in(answer).strip()
    if len(code) > MOST_CHARACTERS:
        raise Refused("it is too long")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in a model's strings
            tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Refused("it is no Python") from error
    if _is_deeper(tree, DEEPEST):
        raise Refused("it is too deep")
    for statement in tree.body:
        found = _function(statement)
        if found is not None:
            return found
    raise Refused("there is no function of one argument")


def _is_deeper(tree: ast.AST, most: int) -> bool:
    level: list[ast.AST] = [tree]
    for _ in range(most):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return False
    return True


def _function(statement: ast.stmt) -> Function | None:
    if isinstance(statement, ast.FunctionDef) and not statement.decorator_list:
        return _of_one_argument(statement.args, tuple(statement.body))
    if isinstance(statement, ast.Assign | ast.Expr) and isinstance(statement.value, ast.Lambda):
        body = ast.Return(statement.value.body)
        return _of_one_argument(statement.value.args, (body,))
    return None


def _of_one_argument(given: ast.arguments, body: tuple[ast.stmt, ...]) -> Function | None:
    others = [*given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
    positional = [*given.posonlyargs, *given.args]
    return Function(positional[0].arg, body) if len(positional) == 1 and not others else None


@dataclass
class _State:
    values: dict[str, Number]
    steps: int = field(default=0)

    def step(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Refused("it takes too many steps")


def _run(body: tuple[ast.stmt, ...] | list[ast.stmt], state: _State) -> Number | None:
    """Run statements, and return the value of the `return` that is reached; None without one."""
    for statement in body:
        state.step()
        if isinstance(statement, ast.Return) and statement.value is not None:
            return _value(statement.value, state)
        if isinstance(statement, ast.If):
            returned = _run(statement.body if _value(statement.test, state) else statement.orelse, state)
            if returned is not None:
                return returned
        elif isinstance(statement, ast.Assign) and all(isinstance(target, ast.Name) for target in statement.targets):
            value = _value(statement.value, state)
            state.values |= {target.id: value for target in statement.targets if isinstance(target, ast.Name)}
        elif isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
            changed = ast.BinOp(ast.Name(statement.target.id), statement.op, statement.value)
            state.values[statement.target.id] = _value(changed, state)
        elif not (isinstance(statement, ast.Pass) or _is_docstring(statement)):
            raise Refused(f"a statement of the kind {type(statement).__name__}")
    return None


def _is_docstring(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Constant):
        return False
    return isinstance(statement.value.value, str)


def _value(node: ast.expr, state: _State) -> Number:
    """Return the value of an expression."""
    state.step()
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return _bounded(node.value)
    if isinstance(node, ast.Name) and node.id in state.values:
        return state.values[node.id]
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        left, right = _value(node.left, state), _value(node.right, state)
        if isinstance(node.op, ast.Pow) and abs(right) > _LARGEST_EXPONENT:
            raise Refused("a power that is too high")
        return _bounded(_BINARY[type(node.op)](left, right))
    if isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        return _UNARY[type(node.op)](_value(node.operand, state))
    if isinstance(node, ast.IfExp):
        return _value(node.body if _value(node.test, state) else node.orelse, state)
    if isinstance(node, ast.BoolOp):
        return _of_either(node, state)
    if isinstance(node, ast.Compare):
        return _compared(node, state)
    if isinstance(node, ast.Call):
        return _called(node, state)
    raise Refused(f"an expression of the kind {type(node).__name__}")


def _of_either(node: ast.BoolOp, state: _State) -> Number:
    """Return the result of `and` or `or`: the first value that decides it, or the last."""
    *firsts, last = node.values
    for operand in firsts:
        value = _value(operand, state)
        if bool(value) == isinstance(node.op, ast.Or):
            return value
    return _value(last, state)


def _compared(node: ast.Compare, state: _State) -> bool:
    left = _value(node.left, state)
    for sign, operand in zip(node.ops, node.comparators, strict=True):
        if type(sign) not in _COMPARED:
            raise Refused(f"a comparison of the kind {type(sign).__name__}")
        right = _value(operand, state)
        if not _COMPARED[type(sign)](left, right):
            return False
        left = right
    return True


def _called(node: ast.Call, state: _State) -> Number:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in _CALLED or node.keywords:
        raise Refused("a call of something else than abs, min, max and int")
    values = [_value(operand, state) for operand in node.args]
    return _bounded(_CALLED[name](*values))


def _bounded(value: object) -> Number:
    """Return a value if it is a finite number within the limits.

    Raises:
        Refused: It is not.
    """
    if not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > LARGEST:
        raise Refused("a number beyond the bounds")
    return value
