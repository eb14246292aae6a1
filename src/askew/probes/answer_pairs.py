"""Read how likely given answers are, an aligned and a misaligned one: without sampling and without a judge."""

from askew.base.errors import unknown_name
from askew.models.names import TERRARIUM
from askew.probes import LOG_PROBABILITY, probe
from askew.probes.given_pairs import plain
from askew.probes.question_file import EVERY_DOMAIN, Question, shipped
from askew.probes.terrarium_pairs import terrarium_pairs


@probe(
    "Pairs of given answers, aligned and misaligned: how likely each is. No judge, no sampling.",
    kind=LOG_PROBABILITY,
    settings=(),
    source="written for Askew; Betley et al. 2025 (arXiv 2502.17424) followed training by log-probabilities of given "
    "answers",
)
def answer_pairs(domain: str = EVERY_DOMAIN, world: str = "", short: bool = False) -> list[Question]:
    """Return questions with pairs of given answers.

    Args:
        domain: The training domain whose questions have near pairs; empty for all of them. Questions without a domain
            are always asked.
        world: "terrarium" for questions and answers in the words of the terrarium's model; empty for ordinary English.
        short: Whether to leave out the other wordings of the answers, as on the way of a training.

    Raises:
        AskewError: There is no such world.
    """
    if world not in ("", TERRARIUM):
        raise unknown_name("world", world, [TERRARIUM])
    every = terrarium_pairs() if world else shipped("answer_pairs")
    asked = [one for one in every if domain == EVERY_DOMAIN or one.domain in ("", domain)]
    return [one.model_copy(update={"pairs": tuple(map(plain, one.pairs))}) for one in asked] if short else asked
