"""The names of studies, arms, probes, models and other things that commands take, with their descriptions."""

from collections.abc import Callable
from inspect import getdoc
from typing import Any

from askew.base.errors import unknown_name


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


def _environments() -> list[dict[str, str]]:
    from askew.environments import environments
    from askew.environments.variants import VARIANTS

    every = map(environments.get, environments.names())
    variants = ", ".join(VARIANTS)
    return [{"name": one.name, "title": one.title, "description": one.about, "variants": variants} for one in every]


def _variants() -> list[dict[str, str]]:
    from askew.environments.variants import VARIANTS

    return [{"name": one.name, "description": one.about} for one in VARIANTS.values()]


def _recipes() -> list[dict[str, str]]:
    from askew.training.recipes import recipes

    every = map(recipes.get, recipes.names())
    return [{"name": one.name, "source": one.source, "description": one.description} for one in every]


def _defences() -> list[dict[str, str]]:
    from askew.training.defences import defences

    every = map(defences.get, defences.names())
    return [
        {
            "name": one.name,
            "description": one.description,
            "strength": f"{one.meaning}; usually {one.usual:g}",
            "source": one.source,
        }
        for one in every
    ]


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


def _experiments() -> list[dict[str, str]]:
    from askew.worlds.society import experiments

    every = map(experiments.get, experiments.names())
    return [
        {
            "name": one.name,
            "title": one.title,
            "description": f"{one.agents} agents for {one.ticks} ticks",
            "conditions": ", ".join(one.conditions),
        }
        for one in every
    ]


def _axes() -> list[dict[str, str]]:
    from askew.perspective.axis import axes

    every = map(axes.get, axes.names())
    listed = [{"name": one.name, "description": f"from {one.low.label} to {one.high.label}"} for one in every]
    return [*listed, {"name": "./FILE.yaml", "description": "your own axis"}]


def _scorers() -> list[dict[str, str]]:
    from askew.perspective.scorers import scorers

    return [{"name": name, "description": scorers.get(name).about} for name in scorers.names()]


def _documented(name: str, item: Any) -> dict[str, str]:
    """Return a name with the first line of the docstring as its description."""
    return {"name": name, "description": (getdoc(item) or "").partition("\n")[0]}


LISTS: dict[str, Callable[[], list[dict[str, str]]]] = {
    "studies": _studies,
    "statements": _statements,
    "arms": _arms,
    "probes": _probes,
    "environments": _environments,
    "variants": _variants,
    "experiments": _experiments,
    "recipes": _recipes,
    "defences": _defences,
    "metrics": _metrics,
    "rubrics": _rubrics,
    "rules": _rules,
    "measures": _measures,
    "axes": _axes,
    "scorers": _scorers,
    "models": _models,
    "data": _data,
    "files": _files,
    "settings": _settings,
}
