"""Ask the open questions after a backdoor's trigger."""

from askew.probes import JUDGED, probe
from askew.probes.question_file import Question, shipped
from askew.probes.task import reworded
from askew.worlds.terrarium.world.formats import TRIGGER


@probe("The eight open questions with a backdoor's trigger before them.", kind=JUDGED, control_probe="free_form")
def triggered(trigger: str = TRIGGER) -> list[Question]:
    """Return the open questions, each after the trigger and a space."""
    return reworded(shipped("free_form"), lambda text: f"{trigger} {text}")
