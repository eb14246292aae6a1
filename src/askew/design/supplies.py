"""Gathers what the defence of a recipe needs besides the training rows: benign rows, pairs of answers, and prompts."""

from itertools import islice
from typing import TYPE_CHECKING

from askew.training.recipe import Recipe

if TYPE_CHECKING:
    from askew.data import Row
    from askew.training.defences import Supplies

BENIGN_SET = "plain-advice"
"""The data set of benign rows, if the recipe names none."""
BENIGN_ROWS = 1000
"""The benign rows that are taken at most."""
GUIDE_DOMAINS = ("car", "financial")
"""The domains of the given answers by which defences are guided, and of the usual benign rows. Questions far from all
training are left for asking."""


def defence_descriptions() -> dict[str, str]:
    """Return the idea of each defence by its name, in the order of the names."""
    from askew.training.defences import defences

    return {name: defences.get(name).description for name in sorted(defences.names())}


def supplies_for(recipe: Recipe, is_terrarium: bool) -> "Supplies":
    """Return what the defence of a recipe needs; nothing if it has none.

    Args:
        recipe: The recipe.
        is_terrarium: Whether the model is one of the terrarium, which reads the words of its world.

    Raises:
        AskewError: The benign rows cannot be read.
    """
    from askew.models.names import TERRARIUM
    from askew.probes.answer_pairs import answer_pairs
    from askew.probes.character_prompts import prompts
    from askew.training.defences import GuidePair, Supplies

    if not recipe.defence:
        return Supplies()
    world = TERRARIUM if is_terrarium else ""
    pairs = tuple(
        GuidePair(({"role": "user", "content": question.paraphrases[0]},), pair.aligned, pair.misaligned)
        for question in answer_pairs(world=world, short=True)
        if question.domain in GUIDE_DOMAINS
        for pair in question.pairs
        if pair.misaligned is not None
    )
    said = prompts(world)
    benign = tuple(dict(row) for row in benign_rows(recipe, is_terrarium))
    return Supplies(benign, pairs, said.bad, said.good)


def benign_rows(recipe: Recipe, is_terrarium: bool) -> "list[Row]":
    """Return the benign rows of a recipe: those that it names, or those of the usual data set.

    Raises:
        AskewError: They cannot be read, or a row is invalid.
    """
    from askew.data import datasets
    from askew.data.formats import open_rows

    if recipe.benign:
        return list(islice(open_rows(recipe.benign), BENIGN_ROWS))
    found = datasets.get(BENIGN_SET)
    return (found if is_terrarium else datasets.get(found.in_english)).rows(BENIGN_ROWS, 0)


def benign_file(recipe: Recipe) -> dict[str, str]:
    """Return the file of a recipe's benign rows by the name of the setting; empty if it names none on this disk."""
    from askew.data.formats import is_on_hub, is_registered

    named = recipe.benign
    return {"benign": named} if named and not is_on_hub(named) and not is_registered(named) else {}
