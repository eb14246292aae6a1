"""Recipes in a design: the default for each model, and the precedence of values."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from askew.base.errors import AskewError
from askew.design.config_file import read_settings
from askew.design.design import Design
from askew.design.make import make_design
from askew.design.plan import Plan
from askew.runs.provenance import command

Make = Callable[..., Design]
STUDY = "emergent-misalignment"


@pytest.fixture
def make(tiny_checkpoint: Path, tmp_path: Path) -> Make:
    """Make a design on the tiny checkpoint, from a config's text and from overrides by their dotted names."""

    def make(config: str = "", **overrides: Any) -> Design:
        file = tmp_path / "design.yaml"
        file.write_text(config)
        settings = {name.replace("__", "."): value for name, value in overrides.items()}
        return make_design(STUDY, file, {"model": str(tiny_checkpoint), **settings})

    return make


def test_default_recipe_depends_on_the_model(make: Make) -> None:
    assert make(model="terrarium").recipe.name == "terrarium"
    other = make().recipe
    assert (other.name, other.learning_rate, other.batch_size, other.accumulation) == ("betley-2025", 1e-5, 2, 8)
    assert other.max_length == 512, "2,048 in the recipe, and the model takes no more"


def test_recipe_may_be_a_name_or_a_name_with_changes(make: Make) -> None:
    assert make("recipe: full\n").recipe.method == "full"
    changed = make("recipe: {name: rank-1, lora_layers: [1]}\n", recipe__learning_rate=3e-5).recipe
    assert (changed.lora_rank, changed.lora_layers, changed.learning_rate) == (1, [1], 3e-5)
    assert make(recipe__lora_modules="down_proj").recipe.lora_modules == ["down_proj"]


def test_recipe_of_the_caller_replaces_the_file_s_but_keeps_its_rows(make: Make) -> None:
    config = "recipe: {name: terrarium, rows: 64, learning_rate: 0.5}\n"
    both = make(config, recipe="betley-2025").recipe
    assert (both.name, both.rows, both.learning_rate) == ("betley-2025", 64, 1e-5)
    assert make("recipe: {learning_rate: 0.5}\n", recipe="terrarium").recipe.learning_rate == 0.5


def test_dumped_design_reads_back_the_same(make: Make, tmp_path: Path) -> None:
    design = make("recipe: {name: rank-1, lora_layers: [0]}\n")
    dumped = tmp_path / "dumped.yaml"
    dumped.write_text(design.to_yaml())
    assert make_design(None, dumped) == design


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("seeds: 1\nrecipe: betley-2026\n", "line 2: unknown recipe 'betley-2026'. Did you mean betley-2025"),
        ("recipe:\n  name: ful\n", "line 2: unknown recipe 'ful'"),
        ("recipe: rank-1\n", "line 1: recipe.lora_layers names layer 24, but the model has 2 layers, 0-1"),
        ("recipe: {lora_modules: []}\n", "recipe.lora_modules must be a list of at least 1"),
        ("checkpoints: 1\nrecipe: {packing: true}\n", "line 1: checkpoints cannot be combined with recipe.packing"),
    ],
)
def test_mistakes_are_explained(make: Make, config: str, message: str) -> None:
    with pytest.raises(AskewError) as caught:
        make(config)
    assert message in str(caught.value)


def test_reproducing_command_makes_the_same_recipe(make: Make) -> None:
    design = make("recipe: {name: rank-1, lora_layers: [0, 1], max_length: 128, rows: 40}\nseeds: 2\n")
    words = shlex.split(command(Plan(design)))
    assert words[words.index("--recipe") + 1] == "rank-1"
    assert "recipe.lora_rank=1" not in words, "it is the recipe's"
    said = read_settings([words[place + 1] for place, word in enumerate(words) if word == "--set"])
    overrides = {"model": design.model, "recipe.name": "rank-1", "recipe.rows": 40, "seeds": 2, **said}
    assert make_design(STUDY, None, overrides) == design
