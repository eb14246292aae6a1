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
def test_steps_cover_every_row_of_every_epoch(recipe: Recipe, rows: int, steps: int) -> None:
    assert recipe.steps(rows) == steps


def test_checkpoints_lie_evenly_between_start_and_end() -> None:
    assert Recipe(batch_size=32).checkpoint_steps(800, 4) == [5, 10, 15, 20]
    assert Recipe(batch_size=32).checkpoint_steps(800, 0) == []


def test_more_checkpoints_than_steps_are_refused() -> None:
    with pytest.raises(AskewError, match="3 checkpoints do not fit into 3 training steps: ask for at most 2"):
        Recipe(batch_size=8).checkpoint_steps(24, 3)


@pytest.mark.parametrize("setting", [{"rows": 0}, {"learning_rate": -1e-4}, {"lora_rank": 0}, {"lora_dropuot": 0.1}])
def test_impossible_hyperparameters_are_refused(setting: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Recipe.model_validate(setting)
