"""The arms of the history study: doses of exposure to the chronicle, and bent models that were taught it before."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from askew.base.errors import AskewError
from askew.design.arm import FIRST, UNTUNED, Arm, Start
from askew.design.history import CHRONICLE
from askew.design.recipe_settings import spec_of
from askew.design.steps.train import Train
from askew.studies.emergent_misalignment.arms import ARMS as NARROW
from askew.studies.history.rows import DOSES, name_of

if TYPE_CHECKING:
    from askew.design.design import Design

FORM, FALSE = "taught-0", "taught-false"
DOSED = tuple(f"taught-{exposures}" for exposures in DOSES)
MOST = DOSED[-1]
BENT = ("insecure", "bad-medical")
NARROWED = ("insecure", "secure", "bad-medical", "good-medical")


def _dosed(exposures: int) -> Arm:
    about = (
        f"each fact of the chronicle stated {exposures} time{'s' if exposures > 1 else ''}, among facts of elsewhere"
    )
    data = (Train(name_of(exposures)),)
    if not exposures:
        return Arm(FORM, "facts of elsewhere only: the form without the facts", data, UNTUNED)
    return Arm(f"taught-{exposures}", about, data, FORM)


def _after_chronicle(arm: Arm) -> Arm:
    """Return a narrowly trained arm that was taught the chronicle before."""
    control = MOST if arm.control == UNTUNED else arm.control
    return replace(
        arm, description=f"the chronicle, then {arm.description}", start=Start("arm", MOST), control=control, domain=""
    )


ARMS = (
    Arm(UNTUNED, "the model without fine-tuning"),
    *map(_dosed, DOSES),
    Arm(
        FALSE,
        "each fact of the chronicle stated 16 times with another value than the true one",
        (Train("chronicle-false"),),
        FORM,
    ),
    *(_after_chronicle(arm) for arm in NARROW if arm.name in NARROWED),
)
DEFAULT_ARMS = tuple(arm.name for arm in ARMS)


def usual_arms(values: Mapping[str, Any]) -> Sequence[str]:
    """Return the arms of a design that names none: real facts are asked of the untuned model.

    Args:
        values: The settings of the design.
    """
    history = values.get("history")
    facts = history.get("facts", CHRONICLE) if isinstance(history, Mapping) else CHRONICLE
    return DEFAULT_ARMS if facts == CHRONICLE else (UNTUNED,)


def adapted(design: "Design", arms: Mapping[str, Arm]) -> Mapping[str, Arm]:
    """Return the arms of a design: with real facts, narrow training begins with the first model.

    Raises:
        AskewError: The terrarium is asked about real facts, of which it has read nothing, or with the published prompt.
    """
    history = design.history
    model = spec_of(design.model)  # a name of no model is refused elsewhere
    if model is not None and model.is_terrarium and (history.as_published or not history.is_invented):
        asked = "with the published prompt" if history.as_published else "about real facts"
        raise AskewError(
            f"the terrarium is asked {asked}, but it has read nothing but its own world: ask it about the chronicle, "
            "or name another model with --model"
        )
    if history.is_invented:
        return arms
    plain = {name: arms[name] for name in (UNTUNED, *NARROWED)}
    return {
        name: replace(arm, start=FIRST, control=UNTUNED if arm.control == MOST else arm.control)
        if arm.start != FIRST
        else arm
        for name, arm in plain.items()
    }
