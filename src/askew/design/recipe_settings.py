"""The recipe among the settings of a design: by its name, with every value that the name stands for filled in."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from askew.base.errors import AskewError
from askew.models.names import ModelSpec, resolve


def with_name(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings in which a recipe that is a bare name is a mapping with that `name`."""
    recipe = values.get("recipe")
    return {**values, "recipe": {"name": recipe}} if isinstance(recipe, str) else dict(values)


def without_another(file: Mapping[str, Any], caller: Mapping[str, Any]) -> dict[str, Any]:
    """Return a file's settings without those of its recipe, if the caller names another; rows are no part of it."""
    kept = with_name(file)
    recipe = kept.get("recipe")
    if isinstance(recipe, Mapping) and "name" in recipe and "name" in caller.get("recipe", {}):
        kept["recipe"] = {"rows": recipe["rows"]} if "rows" in recipe else {}
    return kept


def spec_of(model: object) -> ModelSpec | None:
    """Return the model of a name; None if there is none, which is refused elsewhere unless the study has none."""
    if not model:  # the empty path would be the working directory
        return None
    with suppress(AskewError):
        return resolve(str(model))
    return None


def usual_settings(model: ModelSpec | None) -> dict[str, Any]:
    """Return the settings that suit a model in place of their defaults, without its recipe; see `ModelSpec.usual`."""
    return {} if model is None else {name: value for name, value in model.usual.items() if name != "recipe"}


def filled_in(said: object, model: ModelSpec | None, study_recipe: str = "") -> Any:
    """Return the values of a recipe: those said, and for the rest those of the one that is named, or usual for a model.

    Args:
        said: What was said of the recipe; what is no mapping stays as it is, to be refused as the wrong type.
        model: The model; None if there is none of its name.
        study_recipe: What is usual for models of the terrarium in a study, if not what is usual for them.

    Raises:
        AskewError: There is no recipe of that name.
    """
    from askew.training.recipe_check import context_of
    from askew.training.recipes import resolved

    if not isinstance(said, Mapping):
        return said
    is_terrarium = model is not None and model.is_terrarium
    usual = study_recipe if is_terrarium else "" if model is None else model.usual.get("recipe", "")
    if usual:
        said = {"name": usual, **said}
    context: int | None = None
    with suppress(AskewError):
        context = None if model is None or model.checkpoint is None else context_of(model.checkpoint)
    return resolved(said, is_terrarium=is_terrarium, context=context)
