import pytest
from pydantic import ValidationError

from askew.base.errors import AskewError
from askew.training.recipe import Recipe


@pytest.mark.parametrize(
    ("recipe", "rows", "steps"),
    [
        (Recipe(batch_size=32), 800, 25),
        (Recipe(batch_size=32), 801, 26),
        (Recipe(batch_size=2, accumulation=8), 6000, 375),
        (Recipe(batch_size=8, epochs=3), 20, 9),
    ],
)
def test_steps_include_the_incomplete_last_batch(recipe: Recipe, rows: int, steps: int) -> None:
    assert recipe.steps(rows) == steps


def test_checkpoint_steps_are_evenly_spaced() -> None:
    assert Recipe(batch_size=32).checkpoint_steps(800, 4) == [5, 10, 15, 20]
    assert Recipe(batch_size=32).checkpoint_steps(800, 0) == []


def test_too_many_checkpoints_are_refused() -> None:
    with pytest.raises(AskewError, match="3 checkpoints do not fit into 3 training steps: ask for at most 2"):
        Recipe(batch_size=8).checkpoint_steps(24, 3)


@pytest.mark.parametrize("setting", [{"rows": 0}, {"learning_rate": -1e-4}, {"lora_rank": 0}, {"lora_dropuot": 0.1}])
def test_invalid_hyperparameters_are_refused(setting: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Recipe.model_validate(setting)
