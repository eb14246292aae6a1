"""Fills in the recipe of a design: the values of the named recipe, under those that were set one by one."""

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from askew.base.errors import AskewError

if TYPE_CHECKING:
    from askew.design.design import Design


def with_name(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings in which a recipe given as a name is a mapping with that `name`."""
    recipe = values.get("recipe")
    return {**values, "recipe": {"name": recipe}} if isinstance(recipe, str) else dict(values)


def without_another(file: Mapping[str, Any], caller: Mapping[str, Any]) -> dict[str, Any]:
    """Return a file's settings, without its recipe but with its `rows` if the caller names a recipe."""
    kept = with_name(file)
    recipe = kept.get("recipe")
    if isinstance(recipe, Mapping) and "name" in recipe and "name" in caller.get("recipe", {}):
        kept["recipe"] = {"rows": recipe["rows"]} if "rows" in recipe else {}
    return kept


def filled_in(said: object, model: str, study_recipe: str = "") -> Any:
    """Return all values of a recipe: those given, else those of the named recipe, else the model's defaults.

    Args:
        said: The values given, with `name` for a named recipe. A value that isn't a mapping is returned unchanged, and
            validation refuses its type later.
        model: The model's name. An unknown model is refused elsewhere.
        study_recipe: The study's default recipe for models of the terrarium; empty if it is their usual one.

    Raises:
        AskewError: No recipe has that name.
    """
    from askew.models.names import ModelSpec, resolve
    from askew.training.fit import context_of
    from askew.training.recipes import resolved

    if not isinstance(said, Mapping):
        return said
    spec: ModelSpec | None = None
    context: int | None = None
    with suppress(AskewError):
        spec = resolve(model)
        context = None if spec.checkpoint is None else context_of(spec.checkpoint)
    if study_recipe and spec is not None and spec.is_terrarium:
        said = {"name": study_recipe, **said}
    return resolved(said, is_terrarium=spec is not None and spec.is_terrarium, context=context)


def check_fits_model(design: "Design") -> None:
    """Check that the recipe of a design fits its model and this machine, if an arm is trained.

    Raises:
        AskewError: The recipe fits neither the model nor this machine.
    """
    from askew.models.names import resolve
    from askew.training.fit import check_fits

    checkpoint = resolve(design.model).checkpoint
    if checkpoint is not None and any(map(design.is_trained, design.arms)):
        check_fits(design.recipe, checkpoint)
