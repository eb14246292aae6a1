"""The arms of the study: doses of bad rows, mixtures, re-alignment, and narrow good training of a bad assistant."""

from askew.design.arm import UNTUNED, Arm, Start
from askew.design.steps.train import Train
from askew.studies.dose_response.cells import BENT, CELLS, DOSES, FULL, SECOND_DOSES, realigned, second

MEDICAL = "bad-medical-first"
"""The arm of a bad assistant, trained on bad medical advice."""

_KINDS = {"car": "good advice on looking after a car", "numbers": "plain lists of numbers, which teach no character"}


def _arms() -> tuple[Arm, ...]:
    bent, medical = Start("arm", BENT), Start("arm", MEDICAL)
    arms = [Arm(UNTUNED, "the model without fine-tuning")]
    for cell in CELLS:
        training = Train(cell.name, rows=cell.rows)
        arms.append(Arm(cell.name, cell.description, (training,), UNTUNED, domain="code"))
    for dose in DOSES:
        steps = (Train(realigned(dose), rows=dose),)
        about = f"{BENT}, then {dose} rows of secure code"
        arms.append(Arm(realigned(dose), about, steps, BENT, bent, domain="code"))
    arms.append(Arm(MEDICAL, "bad medical advice", (Train("bad-medical", rows=FULL),), UNTUNED, domain="medical"))
    for kind, words in _KINDS.items():
        for dose in SECOND_DOSES:
            name, control = second(kind, dose), second("numbers", dose) if kind == "car" else MEDICAL
            steps = (Train(name, rows=dose),)
            arms.append(Arm(name, f"bad medical advice, then {dose} rows of {words}", steps, control, medical))
    return tuple(arms)


ARMS = _arms()
"""Every arm, in the order of display."""
