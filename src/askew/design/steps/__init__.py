"""Steps: what is done to the model of an arm before it is asked, one module per step."""

from abc import ABC, abstractmethod
from typing import ClassVar

from askew.training.recipe import Recipe


class Step(ABC):
    """One step of an arm.

    A step that needs computation names the kind of work (in `askew.runs.work`) that does it; the plan passes each unit
    with such a step to that kind. A step without computation leaves `work` empty.

    Attributes:
        work: The kind of work that carries the step out; empty if there is nothing to compute.
    """

    work: ClassVar[str] = ""

    @abstractmethod
    def applied_to(self, model: str, product: str, recipe: Recipe) -> str:
        """Return the name of the model after this step, as `askew.models.names.resolve` takes it.

        Args:
            model: The name of the model before this step.
            product: The folder that the step's work writes for this arm and seed.
            recipe: The recipe of the design.
        """
