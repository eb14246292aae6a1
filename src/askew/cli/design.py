"""The options of a design, for every command that takes one: declared once, parsed into what was asked for."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from askew.cli.options import (
    JUDGE_HELP,
    METRIC_HELP,
    ConfigOption,
    MaxCostOption,
    PricesOption,
    ProbeOption,
    QuestionsOption,
    SettingOption,
    WorkersOption,
)

if TYPE_CHECKING:
    from askew.design.design import Design


@dataclass(frozen=True)
class Asked:
    """A design as it was asked for on the command line; nothing of it is looked at yet.

    Attributes:
        study: The study's name; None if the file names it.
        config: A file of settings; None if there is none.
        given: Settings that go before the file's, by name.
    """

    study: str | None
    config: Path | None
    given: dict[str, Any]

    def design(self) -> "Design":
        """Return the design.

        Raises:
            AskewError: It cannot be run; see `make_design`.
        """
        from askew.design.make import make_design

        return make_design(self.study, self.config, self.given)


def takes_design(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a design, in the place of its first parameter, an `Asked`."""
    options = inspect.signature(_asked).parameters
    own = list(inspect.signature(command).parameters.values())[1:]

    @wraps(command)
    def with_options(**values: Any) -> None:
        asked = _asked(**{name: values.pop(name) for name in options})
        command(asked, **values)

    # What Typer reads the options from.
    with_options.__signature__ = inspect.Signature([*options.values(), *own])  # pyright: ignore[reportAttributeAccessIssue]
    return with_options


def named_probes(probes: list[str] | None, files: list[Path] | None) -> list[str] | None:
    """Return the probes that were named, with those that ask files of questions; None if none was."""
    from askew.probes import of_file

    return [*(probes or []), *map(of_file, files or [])] or None


def _asked(
    study: Annotated[str | None, typer.Argument(help="Which study; `askew list studies`.", show_default=False)] = None,
    arm: Annotated[
        list[str] | None, typer.Option(help="A training condition, `askew list arms`; may be given again.")
    ] = None,
    probe: ProbeOption = None,
    questions: QuestionsOption = None,
    seeds: Annotated[int | None, typer.Option(help="How many seeds each arm is trained with.")] = None,
    seed: Annotated[int | None, typer.Option(help="The first of them.")] = None,
    samples: Annotated[
        int | None, typer.Option(help="Answers per question; without it 100, or what a file of questions says.")
    ] = None,
    rows: Annotated[int | None, typer.Option(help="Training conversations per arm.")] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ARM=ROWS",
            help="Rows of your own for an arm: a file, hf/ORG/NAME, or a data set of `askew list data`; "
            "may be given again. Any other name is an arm of its own.",
        ),
    ] = None,
    trigger: Annotated[
        list[str] | None,
        typer.Option(metavar="ARM=TEXT", help="What sets the behaviour in such rows off, if something does."),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(help="How arms are fine-tuned; `askew list recipes`.", show_default="the model's usual"),
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Peak learning rate.")] = None,
    checkpoints: Annotated[int | None, typer.Option(help="Points along the training to be probed too.")] = None,
    temperature: Annotated[float | None, typer.Option(help="Sampling temperature.")] = None,
    model: Annotated[str | None, typer.Option(help="What is fine-tuned; `askew list models`.")] = None,
    second_model: Annotated[
        str | None,
        typer.Option(
            help="The other model, where a study compares two.", show_default="terrarium/sibling for the terrarium"
        ),
    ] = None,
    judge: Annotated[str | None, typer.Option(help=JUDGE_HELP)] = None,
    metric: Annotated[str | None, typer.Option(help=METRIC_HELP)] = None,
    max_cost: MaxCostOption = None,
    prices: PricesOption = None,
    workers: WorkersOption = None,
    setting: SettingOption = None,
    config: ConfigOption = None,
) -> Asked:
    """Take the options of a design."""
    from askew.design.config_file import read_pairs, read_settings

    said = {
        "arms": arm,
        "probes": named_probes(probe, questions),
        "seeds": seeds,
        "seed": seed,
        "samples": samples,
        "model": model,
        "second_model": second_model,
        "judge": judge,
        "metric": metric,
        "checkpoints": checkpoints,
        "temperature": temperature,
        "max_cost": max_cost,
        "prices": None if prices is None else str(prices),
        "workers": workers,
        "datasets": None if data is None else read_pairs("--data", data),
        "triggers": None if trigger is None else read_pairs("--trigger", trigger),
        "recipe.name": recipe,
        "recipe.rows": rows,
        "recipe.learning_rate": learning_rate,
    }
    given = {name: value for name, value in said.items() if value is not None}
    return Asked(study, config, {**given, **read_settings(setting or [])})
