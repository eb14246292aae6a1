"""Recipes by name: the hyperparameters of published fine-tunes, one YAML file each.

A file holds the recipe's description, its source, and values of `Recipe`. A user's own settings override the values.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from askew.base import yaml_files
from askew.base.errors import AskewError
from askew.base.registry import FileRegistry
from askew.training.recipe import Recipe

TERRARIUM, USUAL = "terrarium", "betley-2025"


@dataclass(frozen=True)
class NamedRecipe:
    """A recipe with a name.

    Attributes:
        name: The name of its file, and of the recipe.
        description: The kind of fine-tune, in a sentence or two.
        source: The origin of its values.
        values: Values of `askew.training.recipe.Recipe` by field; other fields have their defaults.
    """

    name: str
    description: str
    source: str
    values: Mapping[str, Any]


def _read(path: Path) -> NamedRecipe:
    try:
        return NamedRecipe(path.stem, **yaml_files.read(path, "recipe").value)
    except TypeError as error:
        raise AskewError(f"{path} is not a recipe with description, source and values: {error}") from error


recipes: FileRegistry[NamedRecipe] = FileRegistry("recipe", Path(__file__).parent, ".yaml", _read)


def resolved(said: Mapping[str, Any], *, is_terrarium: bool, context: int | None = None) -> dict[str, Any]:
    """Return all values of a recipe: the user's settings, and the named recipe's values for the other fields.

    Args:
        said: The user's settings by field; `name` chooses the recipe.
        is_terrarium: Whether the model is the terrarium's, which determines the recipe if none is named.
        context: The model's context in tokens, if known; the named recipe's `max_length` is limited to it.

    Raises:
        AskewError: No recipe has that name.
    """
    name = str(said.get("name", TERRARIUM if is_terrarium else USUAL))
    values = {"name": name, **recipes.get(name).values}
    if context is not None:
        longest = values.get("max_length", Recipe.model_fields["max_length"].default)
        values["max_length"] = min(longest, context)
    return {**values, **said}
