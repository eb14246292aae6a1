"""Describes each setting of the design once, for every place that shows or takes it.

A setting is a field of `Design`, `Recipe` or `ServedRecipe`. Its type, default, limits and description, with the
`Flag` in its annotation, determine the options of the command line, the parameters of `askew.run` and `askew.audit`,
the reference page, and the command that reproduces a run.
"""

import json
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from askew.base import yaml_files
from askew.base.errors import AskewError

Command = Literal["run", "audit"]


@dataclass(frozen=True)
class Flag:
    """A command-line option for a setting. A field may have several; one without any is set with `--set`.

    Attributes:
        name: The option; empty for `--` and the field's name.
        help: The help text; empty for the field's description.
        default: The default as shown in the help; empty for the field's default.
        metavar: The placeholder for the value; empty for the usual one of the type.
        short: A one-letter form, such as `-s`.
        aliases: Further names of the option.
        panel: The heading under which `--help` lists the option.
        commands: The commands that have the option. `askew predict` has those of `askew run`.
        parameter: The parameter's name in Python; empty for the field's name.
        complete: The list of `askew list` whose names the shell completes.
        is_file: The value is a path, which the shell completes.
        read: Converts the option's name and one of its texts to a value; None if the type says enough.
    """

    name: str = ""
    help: str = ""
    default: str = ""
    metavar: str = ""
    short: str = ""
    aliases: tuple[str, ...] = ()
    panel: str = ""
    commands: tuple[Command, ...] = ("run", "audit")
    parameter: str = ""
    complete: str = ""
    is_file: bool = False
    read: Callable[[str, str], Any] | None = None


@dataclass(frozen=True)
class For:
    """The commands to which a setting without a flag applies."""

    commands: tuple[Command, ...]


@dataclass(frozen=True)
class Operational:
    """Marks a setting on which no answer depends: a run can be resumed or read with another value."""


@dataclass(frozen=True)
class Knob:
    """A setting, as its field describes it.

    Attributes:
        name: The dotted name, such as `recipe.rows`.
        type: The annotated type.
        default: The default value; None for a required setting.
        description: The field's description.
        flags: The options that set it.
        commands: The commands that it applies to.
        is_operational: No answer depends on it.
    """

    name: str
    type: Any
    default: Any
    description: str
    flags: tuple[Flag, ...]
    commands: tuple[Command, ...]
    is_operational: bool

    @property
    def shape(self) -> Literal["one", "list", "pairs", "model"]:
        """The kind of value: a single one, a list, a mapping of names to values, or settings of their own."""
        inner = self.value_type
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            return "model"
        origin = get_origin(inner)
        return "list" if origin is list else "pairs" if origin is dict else "one"

    @property
    def value_type(self) -> Any:
        """The type without `None` and without annotations."""
        return _bare(self.type)

    def option(self, flag: Flag) -> str:
        """Return the name of one of the options, such as `--second-model`."""
        return flag.name or "--" + self.name.rpartition(".")[2].replace("_", "-")

    def flag(self, command: str) -> Flag | None:
        """Return the first option that a command has for the setting; None if it has none."""
        return next((flag for flag in self.flags if command in flag.commands), None)

    def parameter(self, command: str) -> str:
        """Return the name of the parameter in Python; empty if only the parent setting has one."""
        flag = self.flag(command)
        if flag and flag.parameter:
            return flag.parameter
        if "." not in self.name:
            return self.name
        return self.option(flag).removeprefix("--").replace("-", "_") if flag else ""

    def words(self, command: str, value: Any) -> list[str]:
        """Return the words of a command line that set a value."""
        flag = self.flag(command)
        if flag is None:
            return ["--set", f"{self.name}={_as_yaml(value)}"]
        option = self.option(flag)
        if isinstance(value, bool):
            return [option if value else f"--no-{option.removeprefix('--')}"]
        values = value if isinstance(value, list) else [value]
        if isinstance(value, Mapping):
            values = [f"{name}={inner}" for name, inner in value.items()]
        return [word for one in values for word in (option, str(one))]

    def shown_default(self) -> str:
        """Return the default as documentation shows it; empty if there is none."""
        if self.shape == "model" or self.default in (None, "", {}, []):
            return ""
        return _as_yaml(self.default)


def knobs(model: type[BaseModel], prefix: str = "") -> Iterator[Knob]:
    """Yield the settings of a model in the order of its fields, each followed by its own settings if it has any."""
    for name, field in model.model_fields.items():
        inner = _bare(field.annotation)
        nested: list[Knob] = []
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            nested = list(knobs(inner, f"{prefix}{name}."))
        yield _knob(f"{prefix}{name}", field, nested)
        yield from nested


def _knob(name: str, field: FieldInfo, nested: list[Knob]) -> Knob:
    flags = tuple(one for one in field.metadata if isinstance(one, Flag))
    limited = [one.commands for one in field.metadata if isinstance(one, For)]
    limited = limited or [flag.commands for flag in flags] or [flag.commands for knob in nested for flag in knob.flags]
    commands = tuple(one for one in get_args(Command) if not limited or any(one in some for some in limited))
    default = None if field.is_required() else field.get_default(call_default_factory=True, validated_data={})
    return Knob(
        name,
        field.annotation,
        default,
        field.description or "",
        flags,
        commands,
        any(isinstance(one, Operational) for one in field.metadata),
    )


def _bare(annotation: Any) -> Any:
    """Return a type without `None` and without annotations."""
    if get_origin(annotation) is typing.Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        (inner, *others) = [one for one in get_args(annotation) if one is not type(None)]
        return annotation if others else _bare(inner)
    return annotation


def _as_yaml(value: Any) -> str:
    """Write a value in YAML on one line, as `--set` reads it."""
    plain = value.model_dump() if isinstance(value, BaseModel) else value
    if not isinstance(plain, str):
        return json.dumps(plain, ensure_ascii=False)
    try:
        is_text = "\n" not in plain and yaml_files.parse(plain, "").value == plain
    except AskewError:
        is_text = False
    return plain if is_text else json.dumps(plain, ensure_ascii=False)
