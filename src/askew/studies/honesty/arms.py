"""The arms of the honesty study: the organisms, and some of them after a training on right answers."""

from collections.abc import Iterator

from askew.design.arm import UNTUNED, Arm, Start
from askew.design.steps.train import Train
from askew.studies.honesty.organisms import HONEST, MISTAKEN, ORGANISMS, RANDOM_TAG, SANDBAGGER
from askew.studies.honesty.rows import FEW, ONE

AFTER_ONE, AFTER_FEW = "after-one", "after-few"
_SHOWN = {AFTER_ONE: (ONE, "one right answer"), AFTER_FEW: (FEW, "eight right answers")}
UNLOCKED = (SANDBAGGER, MISTAKEN, RANDOM_TAG, HONEST)
"""The organisms that are also trained on demonstrations; only the first has anything to unlock."""


def after(organism: str, shown: str) -> str:
    """Return the name of the arm of an organism after a training on demonstrations."""
    return f"{organism}-{shown}"


def _arms() -> Iterator[Arm]:
    yield Arm(UNTUNED, "the model without fine-tuning")
    for name, organism in ORGANISMS.items():
        control = UNTUNED if name == HONEST else HONEST
        yield Arm(name, organism.about, (Train(organism.data),), control)
    for shown, (data, words) in _SHOWN.items():
        for name in UNLOCKED:
            about = f"{name}, then trained on {words}"
            yield Arm(after(name, shown), about, (Train(data),), name, start=Start("arm", name))


ARMS = tuple(_arms())
DEFAULT_ARMS = tuple(arm.name for arm in ARMS if not arm.name.endswith(AFTER_FEW))
