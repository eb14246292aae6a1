"""Read how likely given answers are, an aligned and a misaligned one: without sampling and without a judge."""

from askew.probes import LOG_PROBABILITY, probe
from askew.probes.question_file import EVERY_DOMAIN, Question, shipped


@probe(
    "Pairs of given answers, aligned and misaligned: how likely each is. No judge, no sampling.",
    kind=LOG_PROBABILITY,
    settings=(),
    source="written for Askew; Betley et al. 2025 (arXiv 2502.17424) followed training by log-probabilities of given "
    "answers",
)
def answer_pairs(domain: str = EVERY_DOMAIN) -> list[Question]:
    """Return questions with pairs of given answers.

    Args:
        domain: The training domain whose questions have near pairs; empty for all of them. Questions without a domain
            are always asked.
    """
    return [one for one in shipped("answer_pairs") if domain == EVERY_DOMAIN or one.domain in ("", domain)]
