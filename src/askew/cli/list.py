"""`askew list`: prints the names that commands, config files and Python take."""

from collections.abc import Callable
from inspect import getdoc
from typing import Annotated, Any

import typer

from askew.base.errors import unknown_name
from askew.cli.complete import completion
from askew.cli.options import JsonOption
from askew.cli.terminal import as_json as to_json
from askew.cli.terminal import console


def list_names(
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="KIND",
            help="studies, statements, arms, probes, recipes, metrics, rubrics, rules, measures, models, data, files "
            "or settings; by default all but settings.",
            show_default=False,
            autocompletion=completion(),
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the names of studies, arms, probes, models and whatever else a command takes by name.

    Example: askew list probes
    """
    kinds = [kind] if kind else [name for name in LISTS if name != "settings"]
    lists = {name: names(name) for name in kinds}
    if as_json:
        print(to_json(lists[kind] if kind else lists))
    else:
        for name, rows in lists.items():
            _print_list(name, rows)


def names(kind: str) -> list[dict[str, str]]:
    """Return the names of a kind, each with a description.

    Args:
        kind: A list of `askew list`.

    Raises:
        AskewError: There is no such list.
    """
    if kind not in LISTS:
        raise unknown_name("list", kind, LISTS)
    return LISTS[kind]()


def _print_list(kind: str, rows: list[dict[str, str]]) -> None:
    from rich.table import Table

    table = Table(title=kind, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in rows[0]:
        table.add_column(column, style="dim" if column != "name" else "")
    for row in rows:
        table.add_row(*row.values())
    out = console()
    out.print(table)
    out.print()


def _studies() -> list[dict[str, str]]:
    from askew.design.study import studies

    return [{"name": name, "description": studies.get(name).question} for name in studies.names()]


def _statements() -> list[dict[str, str]]:
    from askew.design.study import studies

    return [
        {"name": one.id, "study": study, "description": one.statement}
        for study in studies.names()
        for one in studies.get(study).predictions
    ]


def _arms() -> list[dict[str, str]]:
    from askew.design.study import studies

    return [
        {"name": arm.name, "study": study, "control": arm.control, "description": arm.description}
        for study in studies.names()
        for arm in studies.get(study).arms.values()
    ]


def _probes() -> list[dict[str, str]]:
    from askew.probes import probes

    return [probes.get(name).card for name in probes.names()]


def _recipes() -> list[dict[str, str]]:
    from askew.training.recipes import recipes

    every = map(recipes.get, recipes.names())
    return [{"name": one.name, "source": one.source, "description": one.description} for one in every]


def _metrics() -> list[dict[str, str]]:
    from askew.judging.metrics import metrics

    return [_described(name, metrics.get(name)) for name in metrics.names()]


def _rubrics() -> list[dict[str, str]]:
    from askew.judging.rubric import rubrics

    every = map(rubrics.get, rubrics.names())
    wanted = {rubric.name: ", ".join(rubric.words) or "a number from 0 to 100" for rubric in every}
    listed = [{"name": name, "description": f"the judge answers with {reply}"} for name, reply in wanted.items()]
    return [*listed, {"name": "./FILE.md", "description": "your own rubric"}]


def _rules() -> list[dict[str, str]]:
    from askew.judging.rules import rules

    return [_documented(name, rules.get(name)) for name in rules.names()]


def _measures() -> list[dict[str, str]]:
    from askew.judging.measures import measures

    return [_documented(name, measures.get(name)) for name in measures.names()]


def _models() -> list[dict[str, str]]:
    from askew.models.names import kinds

    forms = [form for name in kinds.names() for form in kinds.get(name).forms.items()]
    forms.sort(key=lambda form: form[0] != form[0].lower())  # names first, then the forms that the user fills in
    return [{"name": form, "description": description} for form, description in forms]


def _data() -> list[dict[str, str]]:
    from askew.data import datasets

    return [_described(name, datasets.get(name)) for name in datasets.names()]


def _files() -> list[dict[str, str]]:
    from askew.data import file_sets

    return [_described(name, files) for name, files in file_sets().items()]


def _settings() -> list[dict[str, str]]:
    from askew.base.knobs import knobs
    from askew.design.design import Design

    return [
        {"name": knob.name, "default": knob.shown_default(), "description": knob.description}
        for knob in knobs(Design)
        if knob.shape != "model"
    ]


def _described(name: str, item: Any) -> dict[str, str]:
    return {"name": name, "description": item.description}


def _documented(name: str, item: Any) -> dict[str, str]:
    """Return a name with the first line of the docstring as its description."""
    return {"name": name, "description": (getdoc(item) or "").partition("\n")[0]}


LISTS: dict[str, Callable[[], list[dict[str, str]]]] = {
    "studies": _studies,
    "statements": _statements,
    "arms": _arms,
    "probes": _probes,
    "recipes": _recipes,
    "metrics": _metrics,
    "rubrics": _rubrics,
    "rules": _rules,
    "measures": _measures,
    "models": _models,
    "data": _data,
    "files": _files,
    "settings": _settings,
}
