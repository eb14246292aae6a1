"""The arms of the society study: models that can play, and the same after narrow training, bad and good.

Every arm but the untuned model begins with the lessons of play, good and bad alike.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from askew.design.arm import UNTUNED, Arm, Start
from askew.design.steps.train import Train
from askew.studies.emergent_misalignment.arms import ARMS as NARROW
from askew.studies.society.rows import lessons_of
from askew.studies.society.situations import ASKED

if TYPE_CHECKING:
    from askew.design.design import Design

PLAYER = "player"


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


def with_lessons(design: "Design", arms: Mapping[str, Arm]) -> Mapping[str, Arm]:
    """Return the arms with a player that learns to play the design's experiment."""
    name = design.society.experiment
    if name not in ASKED:  # refused by the design's checks
        return arms
    return {**arms, PLAYER: replace(arms[PLAYER], steps=(Train(lessons_of(name)),))}
