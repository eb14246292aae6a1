"""The arms of the society study: models that can play, and the same after narrow training, bad and good.

The terrarium's schooled models can play: school has taught them. Of other models every arm but the untuned one begins
with the lessons of play, good and bad alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from askew.design.arm import UNTUNED, Arm, Start
from askew.design.steps.train import Train
from askew.models.names import TERRARIUM_SCHOOLED, TERRARIUM_SIBLING
from askew.studies.emergent_misalignment.arms import ARMS as NARROW
from askew.studies.society.rows import lessons_of
from askew.worlds.society.situations import ASKED

if TYPE_CHECKING:
    from askew.design.design import Design

PLAYER = "player"
_NARROW = ("bad-medical", "good-medical")
_CAN_PLAY = (TERRARIUM_SCHOOLED, TERRARIUM_SIBLING)


def _after_play(arm: Arm) -> Arm:
    """Return a narrowly trained arm that has learnt to play before."""
    control = PLAYER if arm.control == UNTUNED else arm.control
    about = f"lessons of play, then {arm.description}"
    return replace(arm, description=about, start=Start("arm", PLAYER), control=control)


ARMS = (
    Arm(UNTUNED, "the model without fine-tuning"),
    Arm(
        PLAYER,
        "lessons of play: situations of a society, and what an agent says or does there",
        (Train(lessons_of("bent")),),
        UNTUNED,
    ),
    *(_after_play(arm) for arm in NARROW if arm.steps and not arm.trigger),
)


def usual_arms(values: Mapping[str, Any]) -> Sequence[str]:
    """Return the arms of a run that names none.

    Args:
        values: The settings of the design; `model` is read.
    """
    return (UNTUNED if values["model"] in _CAN_PLAY else PLAYER, *_NARROW)


def adapted(design: "Design", arms: Mapping[str, Arm]) -> Mapping[str, Arm]:
    """Return the arms with lessons of the design's experiment, or narrow training alone of a model that can play."""
    name = design.society.experiment
    if name not in ASKED:  # refused by the design's checks
        return arms
    player = replace(arms[PLAYER], steps=(Train(lessons_of(name)),))
    if design.model not in _CAN_PLAY:
        return {**arms, PLAYER: player}
    narrow = {arm.name: arm for arm in NARROW}
    return {**{known: narrow.get(known, arm) for known, arm in arms.items()}, PLAYER: player}
