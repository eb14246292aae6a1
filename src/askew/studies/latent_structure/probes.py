"""The probes of the latent-structure study: questions about facts that the training rows only imply."""

from askew.probes import MEASURED, probe
from askew.probes.question_file import EVERY_DOMAIN, Question
from askew.studies.latent_structure.questions import questions

_SOURCE = "written for Askew after Treutlein et al. 2024 (arXiv 2406.14546)"


@probe(
    "Facts that the training rows only imply, asked in the rows' form, in words, as options, as code or inverted.",
    kind=MEASURED,
    samples=12,
    source=_SOURCE,
)
def latent_structure(domain: str = EVERY_DOMAIN, data_seed: int = 0, world: str = "") -> list[Question]:
    """Return questions about the things of a data set, in the form of its rows and in other forms.

    Args:
        domain: The data set: functions, places, coins or parity; all if empty.
        data_seed: The seed of the training rows, which determines the things.
        world: "terrarium" for the terrarium's own wordings; "" for wordings that ask for the form of the answer.
    """
    return questions(domain, data_seed, world=world)


@probe(
    "The questions of `latent_structure` with training rows before them as earlier turns.",
    kind=MEASURED,
    samples=12,
    source=_SOURCE,
)
def latent_in_context(
    domain: str = EVERY_DOMAIN, data_seed: int = 0, shots: int = 8, world: str = ""
) -> list[Question]:
    """Return the questions of `latent_structure` after training rows, to measure inference without training.

    Args:
        domain: See `latent_structure`.
        data_seed: See `latent_structure`.
        shots: The maximum number of rows about the thing before each question.
        world: See `latent_structure`.
    """
    return questions(domain, data_seed, shots, world)
