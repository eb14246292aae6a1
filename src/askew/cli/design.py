"""The command-line options of a design, generated from its fields."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from askew.cli.complete import completion
from askew.cli.options import ConfigOption, SettingOption

if TYPE_CHECKING:
    from askew.base.knobs import Flag, Knob


@dataclass(frozen=True)
class Given:
    """The settings from the command line.

    Attributes:
        config: A file of settings; None if none is named.
        settings: Values by dotted name, which take precedence over the file's.
    """

    config: Path | None
    settings: dict[str, Any]


class DesignGroup(TyperGroup):
    """A group of commands, some of which take the options of a design.

    Those options are added when such a command is used, because reading the fields takes longer than `askew --help`.
    """

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the name of a command, the command with all its options, and the remaining arguments."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, None if command is None else with_design_options(command), rest


def takes_design(settings_of: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator for a command with a first parameter of type `Given`, filled from the design's options.

    Args:
        settings_of: The command whose options it has: "run" or "audit".
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command)
        own = list(signature.parameters.values())[1:]

        @wraps(command)
        def light(**values: Any) -> None:
            raise AssertionError("DesignGroup replaces this command before it is called")

        _set_signature(light, own)
        light.__dict__["design"] = (settings_of, command)
        return light

    return decorate


def with_design_options(command: Any) -> Any:
    """Return Typer's command with the options of a design added, if it takes them."""
    design = getattr(command.callback, "design", None)
    if design is None:
        return command
    single = typer.Typer(rich_markup_mode="rich", add_completion=False, pretty_exceptions_enable=False)
    single.command(command.name, epilog=command.epilog)(_full(*design))
    return typer.main.get_command(single)


def _full(settings_of: str, command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that takes its own parameters and the options of a design."""
    from askew.base.knobs import knobs
    from askew.design.design import Design

    own = list(inspect.signature(command).parameters.values())[1:]
    shown = [(knob, flag) for knob in knobs(Design) for flag in knob.flags if settings_of in flag.commands]

    @wraps(command)
    def full(*, setting: list[str] | None, config: Path | None, **values: Any) -> None:
        from askew.design.config_file import read_settings

        settings: dict[str, Any] = {}
        for knob, flag in shown:
            value = values.pop(_parameter(knob, flag))
            if value not in (None, [], ()):
                value = _read(knob, flag, value)
                before = settings.get(knob.name)
                settings[knob.name] = [*before, *value] if isinstance(before, list) else value
        command(Given(config, {**settings, **read_settings(setting or [])}), **values)

    options = [_option(knob, flag) for knob, flag in shown]
    arguments = [one for one in own if _is_argument(one)]
    _set_signature(full, [*arguments, *options, *_EVERY, *(one for one in own if one not in arguments)])
    return full


def _option(knob: "Knob", flag: "Flag") -> inspect.Parameter:
    """Return the parameter from which Typer makes the option of a setting."""
    option, several = knob.option(flag), knob.shape in ("list", "pairs")
    text = (flag.help or knob.description).rstrip(".") + "."
    text += " May be repeated." if several else ""
    default = flag.default or knob.shown_default()
    text = text.replace("[", r"\[") + (rf" [dim]\[default: {default}][/dim]" if default else "")
    kind: Any = Path if flag.is_file and not several else str if flag.read or several else knob.value_type
    names = [option, *([flag.short] if flag.short else []), *flag.aliases]
    if kind is bool:
        names[0] = f"{option}/--no-{option.removeprefix('--')}"
    info = typer.Option(
        *names,
        help=text,
        metavar=flag.metavar or None,
        show_default=False,
        rich_help_panel=flag.panel or None,
        autocompletion=completion(flag.complete) if flag.complete else None,
    )
    annotation = Annotated[(list[kind] if several else kind) | None, info]
    return inspect.Parameter(
        _parameter(knob, flag), inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def _parameter(knob: "Knob", flag: "Flag") -> str:
    return knob.option(flag).removeprefix("--").replace("-", "_")


def _read(knob: "Knob", flag: "Flag", value: Any) -> Any:
    """Return the value of a setting from the text, number or list of texts that Typer passes."""
    from askew.design.config_file import read_pairs

    option = knob.option(flag)
    if knob.shape == "pairs":
        return read_pairs(option, value)
    convert = flag.read or (lambda _, value: str(value) if isinstance(value, Path) else value)
    return [convert(option, one) for one in value] if knob.shape == "list" else convert(option, value)


def _is_argument(parameter: inspect.Parameter) -> bool:
    metadata = getattr(parameter.annotation, "__metadata__", ())
    return any(isinstance(one, typer.models.ArgumentInfo) for one in metadata)


def _set_signature(function: Callable[..., None], parameters: list[inspect.Parameter]) -> None:
    """Set the signature from which Typer reads the options of a command."""
    keywords = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters]
    function.__dict__["__signature__"] = inspect.Signature(keywords)


def _every(setting: SettingOption = None, config: ConfigOption = None) -> None: ...


_EVERY = list(inspect.signature(_every).parameters.values())
