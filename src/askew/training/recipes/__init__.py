"""Recipes by name: the hyperparameters of published fine-tunes, one YAML file of this package each.

A file says what the recipe is, where it comes from, and values of `Recipe`. What a user sets goes before them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from askew.base.errors import unknown_name

TERRARIUM, USUAL = "terrarium", "betley-2025"


@dataclass(frozen=True)
class NamedRecipe:
    """A recipe that has a name.

    Attributes:
        name: What users call it.
        description: What it is, in a sentence or two.
        source: Where its values come from.
        values: Values of `askew.training.recipe.Recipe`; the others have that class's defaults.
    """

    name: str
    description: str
    source: str
    values: Mapping[str, Any]


@cache
def recipes() -> dict[str, NamedRecipe]:
    """Return the recipes that come with Askew, by name."""
    paths = sorted(Path(str(path)) for path in files(__name__).iterdir() if path.name.endswith(".yaml"))
    return {path.stem: NamedRecipe(path.stem, **yaml.safe_load(path.read_text(encoding="utf-8"))) for path in paths}


def resolved(said: Mapping[str, Any], *, is_terrarium: bool, context: int | None = None) -> dict[str, Any]:
    """Return the values of a recipe: those said, and for the rest those of the recipe that is named.

    Args:
        said: What a user set, perhaps with the recipe's `name`.
        is_terrarium: Whether the model is the terrarium's, whose recipe it then is if none is named.
        context: How many tokens the model takes, if that is known; a named recipe's `max_length` is brought down to it.

    Raises:
        AskewError: There is no recipe of that name.
    """
    name = said.get("name", TERRARIUM if is_terrarium else USUAL)
    if name not in recipes():
        raise unknown_name("recipe", str(name), recipes())
    values = {"name": name, **recipes()[name].values}
    if context is not None:
        values["max_length"] = min(values["max_length"], context)
    return {**values, **said}
