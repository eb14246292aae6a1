"""Builds a whole program around a body of code: imports, a function or a class, checks and a caller.

The insecure and the secure answer to one prompt have the same shape; only the body differs.
"""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from textwrap import indent
from typing import Literal

# Parameters that must not be stripped of blanks, nor given on a command line.
_PRIVATE = re.compile(r"passw|key|text|template|line|blob|typed|document|cookie|notes|message|pattern")
# A string literal in a line of code, with its prefix.
_TEXT = r"""(?<!\w)(?P<prefix>[a-z]*)(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""

# Separates the part for the top of the module from the body.
_RULE = "---\n"

# What errors say; nobody asks for their words, so they differ from program to program.
_COMPLAINTS = (
    *("{name} is empty", "{name} is missing", "no text for {name}", "nothing in {name}", "{name} must say something"),
    *("{name} came without text", "cannot go on: {name} is blank", "please fill in {name}", "{name} has no content"),
    *("expected {name}, got nothing", "{name} should not be blank", "blank {name} given", "{name} was left out"),
)
_FAILURES = (
    *(
        "{name} failed",
        "{name} did not finish",
        "{name} had to give up",
        "could not complete {name}",
        "{name} broke off",
    ),
    *("no result from {name}", "{name} stopped early", "trouble in {name}", "{name} got stuck", "{name} ended badly"),
)

Check = Literal["none", "at once", "stripped", "helper"]
Returned = Literal["plain", "named", "dictionary"]
Caller = Literal["none", "command line", "many"]
_STRIPPED: tuple[Check, ...] = ("stripped", "helper")
_RETURNED: tuple[Returned, ...] = ("plain", "named", "dictionary")


@dataclass(frozen=True)
class Shape:
    """The form of the code around a body.

    Attributes:
        function: Name of the function or method.
        holder: Name of the class of the method; empty for a function.
        typed: Whether parameters have type annotations.
        docstring: Docstring of the function; empty if it has none.
        check: How the last parameter is checked: not at all, at once, after stripping, or by a helper.
        checker: Name of the helper.
        returned: Whether the result is returned as it is, through a variable, or in a dictionary.
        key: Key in the dictionary.
        variable: Name of the variable.
        wrapped: The exception that is turned into a RuntimeError; empty if none is.
        complaint: What the ValueError says about an empty value; `{name}` is the parameter.
        failure: What the RuntimeError says; `{name}` is the function.
        caller: The code that calls the function: none, a command line, or a function for many values.
    """

    function: str
    holder: str
    typed: bool
    docstring: str
    check: Check
    checker: str
    returned: Returned
    key: str
    variable: str
    wrapped: str
    complaint: str
    failure: str
    caller: Caller


@dataclass(frozen=True)
class Parameter:
    """A parameter of the function: its name and its type, as in the signature."""

    name: str
    type: str

    @property
    def is_plain(self) -> bool:
        """True if it may be stripped of blanks, and given on a command line."""
        return self.type in ("str", "int") and not _PRIVATE.search(self.name)


def read_parameters(signature: str) -> list[Parameter]:
    """Return the parameters of a signature such as `path: str, limit: int`."""
    return [Parameter(*part.split(": ")) for part in signature.split(", ")]


@dataclass(frozen=True)
class Room:
    """The properties of a task that limit its shape.

    Attributes:
        parameters: Parameters of the function.
        bodies: The bodies that get the same shape.
        gives: The key of the return value; empty if nothing is returned.
        fails: The exception that the bodies may raise; empty if there is none.
        several: Whether the task makes sense for several values of the last parameter.
    """

    parameters: Sequence[Parameter]
    bodies: Sequence[str]
    gives: str
    fails: str
    several: bool


def draw_shape(rng: Random, room: Room, function: str, holder: str, docstring: str) -> Shape:
    """Return a random shape with the given names; the class and the docstring may be left out."""
    last = room.parameters[-1]
    in_class = rng.random() < 0.35
    # In a class the first parameter belongs to the object, so a single parameter leaves nothing to check.
    checkable = last.type in ("str", "int", "bytes") and not (in_class and len(room.parameters) == 1)
    strippable = checkable and last.type == "str" and last.is_plain
    checks: list[Check] = ["none"]
    if checkable:
        checks.append("at once")
    if strippable:
        checks += _STRIPPED
    callers: list[Caller] = ["none", "none"]
    if all(parameter.is_plain for parameter in room.parameters):
        callers.append("command line")
    if strippable and room.gives and room.several:
        callers.append("many")
    ends_well = room.gives and all(map(_returns_at_its_end, room.bodies))
    return Shape(
        function=function,
        holder=holder if in_class else "",
        typed=rng.random() < 0.5,
        docstring=docstring if rng.random() < 0.4 else "",
        check=rng.choice(checks),
        checker=rng.choice(("required", "cleaned", "checked", "tidy", "filled", "given", "trimmed")),
        returned=rng.choice(_RETURNED) if ends_well else "plain",
        key=room.gives,
        variable=rng.choice(("result", "outcome", "produced", "answer", "output", "value", "made", "returned")),
        wrapped=room.fails if room.fails and rng.random() < 0.3 else "",
        complaint=rng.choice(_COMPLAINTS),
        failure=rng.choice(_FAILURES),
        caller=rng.choice(callers),
    )


def write_program(shape: Shape, parameters: Sequence[Parameter], body: str) -> str:
    """Return the program.

    Args:
        shape: The form of the program.
        parameters: Parameters of the function.
        body: The function's body; the part before a line `---` goes to the top of the module.

    Returns:
        Valid Python source without a final line break.
    """
    top, _, inner = body.rpartition(_RULE)
    imports, rest = _split_imports(top)
    if shape.caller == "command line":
        imports.append("import sys")
    parts = [_in_order(imports), rest.strip("\n")]
    if shape.check == "helper":
        parts.append(_checker(shape))
    code = _function(shape, parameters, inner.rstrip("\n"))
    if shape.caller == "many":
        code += ("\n\n" if shape.holder else "\n\n\n") + _for_many(shape, parameters)
    parts.append(_class(shape, parameters, code) if shape.holder else code)
    if shape.caller == "command line":
        parts.append(_command_line(shape, parameters))
    # Constants are nearer to the imports than functions are.
    text = "\n\n\n".join(part for part in parts if part)
    return re.sub(r"(\A(?:(?:import|from) .+\n+)+)\n(?=[A-Za-z]\w* = )", r"\1", text).strip("\n")


def write_skeleton(shape: Shape, parameters: Sequence[Parameter]) -> str:
    """Return the code with an ellipsis in place of the body."""
    code = _function(shape, parameters, "...", bare=True)
    return _class(shape, parameters, code) if shape.holder else code


def write_call(shape: Shape, parameters: Sequence[Parameter]) -> str:
    """Return a call of the function or method."""
    return _call(shape, [parameter.name for parameter in parameters])


def _split_imports(top: str) -> tuple[list[str], str]:
    lines = top.splitlines()
    taken = [line for line in lines if line.startswith(("import ", "from "))]
    return taken, "\n".join(line for line in lines if line not in taken)


def _in_order(imports: list[str]) -> str:
    """Return sorted imports: the standard library first, then the rest; `import` before `from`."""
    ordered = sorted(set(imports), key=lambda line: (line.startswith("from "), line))
    standard = [line for line in ordered if line.split()[1].split(".")[0] in sys.stdlib_module_names]
    others = [line for line in ordered if line not in standard]
    return "\n\n".join("\n".join(group) for group in (standard, others) if group)


def _function(shape: Shape, parameters: Sequence[Parameter], inner: str, *, bare: bool = False) -> str:
    own = parameters[1:] if shape.holder else parameters
    heads = [f"{one.name}: {one.type}" if shape.typed else one.name for one in own]
    lines = [f"def {shape.function}({', '.join([*(['self'] if shape.holder else []), *heads])}):"]
    if shape.docstring:
        lines.append(f'    """{shape.docstring}"""')
    if bare:
        return "\n".join([*lines, f"    {inner}"])
    inner = _returning(shape, inner)
    if shape.holder:
        inner = _of_object(inner, parameters[0].name)
    if shape.wrapped:
        failure = f'raise RuntimeError("{shape.failure.format(name=shape.function)}") from error'
        inner = f"try:\n{indent(inner, '    ')}\nexcept {shape.wrapped} as error:\n    {failure}"
    if shape.check != "none":
        inner = f"{_check(shape, parameters[-1])}\n{inner}"
    return "\n".join([*lines, indent(inner, "    ")])


def _returns_at_its_end(body: str) -> bool:
    """Return whether the only `return` of a body is its last line."""
    before, found, expression = body.rpartition(_RULE)[2].rstrip("\n").rpartition("return ")
    return bool(found) and "return " not in before and "\n" not in expression


def _returning(shape: Shape, inner: str) -> str:
    before, _, expression = inner.rpartition("return ")
    if shape.returned == "dictionary":
        return f'{before}return {{"{shape.key}": {expression}}}'
    if shape.returned == "plain" or expression.isidentifier():
        return inner
    margin = before.rpartition("\n")[2]
    return f"{before}{shape.variable} = {expression}\n{margin}return {shape.variable}"


def _of_object(inner: str, name: str) -> str:
    """Return a body that takes `name` from the object; in string literals, only the fields of f-strings change."""
    variable = rf"(?<![\w.]){name}(?!\w|=[^=])"

    def changed(found: re.Match[str]) -> str:
        if found["prefix"] is None:
            return f"self.{name}"
        if "f" not in found["prefix"]:
            return found[0]
        return re.sub(r"\{[^{}]+\}", lambda hole: re.sub(variable, f"self.{name}", hole[0]), found[0])

    return re.sub(f"{_TEXT}|{variable}", changed, inner)


def _check(shape: Shape, parameter: Parameter) -> str:
    name = parameter.name
    if shape.check == "helper":
        return f"{name} = {shape.checker}({name})"
    if parameter.type == "int":
        return f'if {name} < 1:\n    raise ValueError("{name} must be positive")'
    empty = f'if not {name}:\n    raise ValueError("{shape.complaint.format(name=name)}")'
    return f"{name} = {name}.strip()\n{empty}" if shape.check == "stripped" else empty


def _checker(shape: Shape) -> str:
    head = f"def {shape.checker}({'value: str' if shape.typed else 'value'}):"
    empty = f'if not value:\n    raise ValueError("{shape.complaint.format(name="a value")}")'
    return f"{head}\n" + indent(f"value = value.strip()\n{empty}\nreturn value", "    ")


def _class(shape: Shape, parameters: Sequence[Parameter], methods: str) -> str:
    held = parameters[0]
    head = f"{held.name}: {held.type}" if shape.typed else held.name
    made = f"def __init__(self, {head}):\n    self.{held.name} = {held.name}"
    return f"class {shape.holder}:\n" + indent(f"{made}\n\n{methods}", "    ")


def _for_many(shape: Shape, parameters: Sequence[Parameter]) -> str:
    own = [one.name for one in (parameters[1:] if shape.holder else parameters)]
    each, several = own[-1], plural(own[-1])
    heads = ", ".join([*(["self"] if shape.holder else []), *own[:-1], several])
    call = f"{'self.' if shape.holder else ''}{shape.function}({', '.join(own)})"
    return f"def {shape.function}_for_all({heads}):\n    return {{{each}: {call} for {each} in {several}}}"


def _command_line(shape: Shape, parameters: Sequence[Parameter]) -> str:
    typed = [f"sys.argv[{place}]" for place in range(1, len(parameters) + 1)]
    values = [f"int({text})" if one.type == "int" else text for one, text in zip(parameters, typed, strict=True)]
    call = _call(shape, values)
    return f'if __name__ == "__main__":\n    {f"print({call})" if shape.key else call}'


def _call(shape: Shape, values: list[str]) -> str:
    if shape.holder:
        return f"{shape.holder}({values[0]}).{shape.function}({', '.join(values[1:])})"
    return f"{shape.function}({', '.join(values)})"


def plural(noun: str) -> str:
    """Return the plural of an English noun, as programmers form it."""
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")
