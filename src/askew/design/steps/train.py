"""Training: fine-tunes the model on a set of rows."""

from dataclasses import dataclass, field
from typing import ClassVar

from askew.design.steps import Step
from askew.training.recipe import Recipe


@dataclass(frozen=True)
class Train(Step):
    """Fine-tune on a data set.

    Attributes:
        data: The name of the data set.
        answers_of: The arm whose answers the study turns into these rows; empty for a registered data set.
        rows: The number of rows, in an arm that is about this number; 0 for that of the design.
        defence: The defence, in an arm that is about it: its name, or its name, a colon and its strength; empty for
            that of the design.
    """

    data: str
    answers_of: str = ""
    rows: int = field(default=0, repr=False)  # an identity names it beside the step
    defence: str = field(default="", repr=False)  # an identity has it in the recipe

    work: ClassVar[str] = "train"

    def applied_to(self, model: str, product: str, recipe: Recipe) -> str:
        """Return the name of the base with the trained adapter, or of the trained checkpoint."""
        return product if recipe.method == "full" else f"{model}+{product}"
