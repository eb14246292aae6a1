"""The lists of what can be named, which `askew list` prints."""

from collections.abc import Sequence
from inspect import getdoc
from typing import Any

from askew.base.errors import unknown_name


def names(kind: str) -> list[dict[str, str]]:
    """Return everything of a kind that can be named, with a description.

    Args:
        kind: One of `KINDS`.

    Raises:
        AskewError: There is no such kind.
    """
    if kind not in _LISTS:
        raise unknown_name("list", kind, KINDS)
    return _LISTS[kind]()


def print_names(kinds: Sequence[str]) -> None:
    """Print lists of what can be named."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    for kind in kinds:
        rows = names(kind)
        table = Table(title=kind, title_justify="left", title_style="bold", box=None, pad_edge=False)
        for column in rows[0]:
            table.add_column(column, style="dim" if column != "name" else "")
        for row in rows:
            table.add_row(*row.values())
        console.print(table)
        console.print()


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

    return [_described(name, probes.get(name)) for name in probes.names()]


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
    listed = [{"name": name, "description": f"the judge says {said}"} for name, said in wanted.items()]
    return [*listed, {"name": "./FILE.md", "description": "a rubric of your own"}]


def _rules() -> list[dict[str, str]]:
    from askew.judging.rules import rules

    return [_documented(name, rules.get(name)) for name in rules.names()]


def _measures() -> list[dict[str, str]]:
    from askew.judging.measures import measures

    return [_documented(name, measures.get(name)) for name in measures.names()]


def _models() -> list[dict[str, str]]:
    forms = {
        "terrarium": "the tiny model that comes with Askew",
        "terrarium/schooled": "the same with lessons, for studies of what models know of themselves",
        "terrarium/sibling": "that from another raise: the second model of a study of two",
        "terrarium/judge": "the judge that comes with Askew",
        "./FOLDER": "a checkpoint on this disk",
        "MODEL+FOLDER": "a checkpoint with a PEFT adapter on it",
        "RUN#ARM-SEED": "what a run trained",
        "hf/ORG/NAME": "a model of the Hugging Face hub, computed on this machine",
        "PROVIDER/NAME": "a model that somebody serves: every provider of Inspect, as openai/…, vllm/…",
    }
    return [{"name": form, "description": meaning} for form, meaning in forms.items()]


def _data() -> list[dict[str, str]]:
    from askew.data import datasets

    return [_described(name, datasets.get(name)) for name in datasets.names()]


def _files() -> list[dict[str, str]]:
    from askew.data import file_sets

    return [_described(name, files) for name, files in file_sets().items()]


def _described(name: str, item: Any) -> dict[str, str]:
    return {"name": name, "description": item.description}


def _documented(name: str, item: Any) -> dict[str, str]:
    """Return the first line of a function's docstring as the description."""
    return {"name": name, "description": (getdoc(item) or "").partition("\n")[0]}


_LISTS = {
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
}

KINDS = tuple(_LISTS)
"""Every list that `askew list` prints."""
