"""Training: fine-tunes the model on a set of rows."""

from dataclasses import dataclass
from typing import ClassVar

from askew.design.steps import Step
from askew.training.recipe import Recipe


@dataclass(frozen=True)
class Train(Step):
    """Fine-tune on a data set.

    Attributes:
        data: The name of the data set.
        answers_of: The arm whose answers the study turns into these rows; empty for a registered data set.
    """

    data: str
    answers_of: str = ""

    work: ClassVar[str] = "train"

    def applied_to(self, model: str, product: str, recipe: Recipe) -> str:
        """Return the name of the base with the trained adapter, or of the trained checkpoint."""
        return product if recipe.method == "full" else f"{model}+{product}"
