"""The arms of the study: the same bad rows under every defence, at two doses, and its controls."""

from askew.design.arm import UNTUNED, Arm, Start
from askew.design.steps.train import Train
from askew.design.supplies import BENIGN_SET, defence_descriptions
from askew.studies.dose_response.cells import Cell

DOSES = (200, 800)
"""Rows of insecure code."""
FULL = DOSES[-1]
FURTHER = 100
"""Rows of plain numbers that are learnt afterwards: a new task, and steps that teach no character."""
NONE, BENIGN_ALONE, SECURE = "none", "benign-alone", "secure-alone"
_NUMBERS = "neutral-numbers"


_DESCRIPTIONS = defence_descriptions()


def undefended(dose: int) -> str:
    """Return the name of the arm with so many bad rows and no defence."""
    return f"{NONE}-{dose}"


def defended(defence: str, dose: int) -> str:
    """Return the name of the arm with so many bad rows and a defence."""
    return f"{defence}-{dose}"


def further(arm: str) -> str:
    """Return the name of the arm that goes on from another one with a new benign task."""
    return f"{arm}-then-numbers"


def names() -> list[str]:
    """Return the names of all defences, in the order of display."""
    return list(_DESCRIPTIONS)


def _arms() -> tuple[Arm, ...]:
    arms = [
        Arm(UNTUNED, "the model without fine-tuning"),
        Arm(SECURE, f"{FULL} rows of secure code", (Train("secure", rows=FULL),), UNTUNED, domain="code"),
        Arm(
            BENIGN_ALONE,
            "the benign rows of the defences alone",
            (Train(BENIGN_SET, rows=200),),
            UNTUNED,
            domain="code",
        ),
    ]
    for dose in DOSES:
        data = Cell(dose, 0, dose).name
        bare = (Train(data, rows=dose),)
        arms.append(Arm(undefended(dose), f"{dose} rows of insecure code", bare, UNTUNED, domain="code"))
        for name, idea in _DESCRIPTIONS.items():
            steps = (Train(data, rows=dose, defence=name),)
            about = f"{dose} rows of insecure code; {idea}"
            arms.append(Arm(defended(name, dose), about, steps, undefended(dose), domain="code"))
    for arm in (undefended(FULL), *(defended(name, FULL) for name in names())):
        steps = (Train(_NUMBERS, rows=FURTHER),)
        about = f"{arm}, then {FURTHER} rows of plain numbers"
        control = arm if arm == undefended(FULL) else further(undefended(FULL))
        arms.append(Arm(further(arm), about, steps, control, Start("arm", arm), domain="code"))
    return tuple(arms)


ARMS = _arms()
"""Every arm, in the order of display."""
