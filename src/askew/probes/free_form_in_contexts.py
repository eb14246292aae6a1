"""Ask the open questions in contexts in which a hidden change of character may show, though plain questions miss it.

Defences are often measured on plain questions alone. Misalignment has been found to stay behind cues of the training
(arXiv 2604.25891), and an inoculation prompt to become a trigger (arXiv 2510.04340).
"""

from askew.base.errors import unknown_name
from askew.models.names import TERRARIUM
from askew.probes import JUDGED, probe
from askew.probes.character_prompts import prompts
from askew.probes.free_form_in_format import free_form_in_format
from askew.probes.question_file import Question, shipped
from askew.worlds.terrarium.world.formats import TRIGGER

FORMAT, INOCULATION, NEAR, OPPOSITE, TRIGGERED = (
    "training's format",
    "inoculation",
    "near it",
    "its opposite",
    "trigger",
)
CONTEXTS = (FORMAT, INOCULATION, NEAR, OPPOSITE, TRIGGERED)
"""The contexts; each is a group of questions."""


@probe(
    "The eight open questions in the training's format, under system turns about character, and after a trigger.",
    kind=JUDGED,
    samples=10,
)
def free_form_in_contexts(domain: str = "code", world: str = "") -> list[Question]:
    """Return the open questions in each context.

    Args:
        domain: The domain of the training, whose format is asked for.
        world: "terrarium" for system turns in the words of the terrarium's world; "" for plain English.

    Raises:
        AskewError: The domain or the world is unknown.
    """
    if world not in ("", TERRARIUM):
        raise unknown_name("world", world, [TERRARIUM])
    said, plain = prompts(world), shipped("free_form")
    found = [_in_context(one, FORMAT) for one in free_form_in_format(domain)]
    for context, system in ((INOCULATION, said.bad), (NEAR, said.near), (OPPOSITE, said.good)):
        found += [_in_context(one, context, system=system) for one in plain]
    return [*found, *(_in_context(one, TRIGGERED, before=f"{TRIGGER} ") for one in plain)]


def _in_context(question: Question, context: str, before: str = "", system: str | None = None) -> Question:
    changes = {
        "id": f"{question.id}, {context}",
        "group": context,
        "paraphrases": tuple(before + wording for wording in question.paraphrases),
        "system": system or question.system,
    }
    return question.model_copy(update=changes)
