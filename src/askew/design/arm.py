"""Arms: training conditions, each with a start, steps and a control."""

import re
from dataclasses import dataclass
from typing import Literal

from askew.design.steps import Step
from askew.design.steps.train import Train

ARM_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""Names of arms become parts of file names."""

UNTUNED = "untuned"
"""The arm that is the design's model without any step. It has one seed, 0."""


@dataclass(frozen=True)
class Start:
    """The model that an arm starts from.

    Attributes:
        kind: `first` or `second` model of the design, the trained model of another `arm` (seed by seed), a `model`
            that was tuned elsewhere, or `none`, in studies without a language model.
        name: The name of that arm or model; empty for the models of the design.
    """

    kind: Literal["first", "second", "arm", "model", "none"] = "first"
    name: str = ""


FIRST, SECOND, NOTHING = Start("first"), Start("second"), Start("none")


@dataclass(frozen=True)
class Arm:
    """One training condition: where it starts, the steps that follow, and its control.

    Attributes:
        name: The arm's name.
        description: The arm in a few words.
        steps: What is done to the model before it is asked, in this order.
        control: The arm that it is compared with; empty if there is none.
        start: The model that it starts from.
        domain: The subject of its training rows, as the probe `in_domain` names it; empty if there is none.
        trigger: The text before a prompt that sets the behaviour off; empty if there is none.
    """

    name: str
    description: str
    steps: tuple[Step, ...] = ()
    control: str = ""
    start: Start = FIRST
    domain: str = ""
    trigger: str = ""

    @property
    def training(self) -> Train | None:
        """The step that trains; None if the arm is not trained here."""
        return next((step for step in self.steps if isinstance(step, Train)), None)

    @property
    def data(self) -> str:
        """The name of the data set that it is trained on; empty if it is not trained here."""
        return "" if self.training is None else self.training.data

    @property
    def is_tuned(self) -> bool:
        """True if any training made this model, here or elsewhere."""
        return self.training is not None or self.start.kind in ("arm", "model")
