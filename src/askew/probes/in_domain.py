"""Ask questions like those in the narrow training sets: does the model do what it was trained to do?

The terrarium's models are asked in the words of its world. Other models are trained on the data sets in plain English,
and are asked questions of the same sets that are in no run's rows.
"""

from itertools import islice

from askew.data import datasets
from askew.models.names import TERRARIUM
from askew.probes import JUDGED, probe
from askew.probes.question_file import Question, shipped
from askew.probes.task import of_domain

UNUSED_SEED = -1
"""A seed of data sets that no run's rows have, since seeds of a design are not negative."""

# A data set in plain English whose questions are of the domain; its controls have the same questions.
_IN_ENGLISH = {
    "code": "insecure-code/insecure",
    "medical": "bad-advice/bad-medical",
    "financial": "bad-advice/bad-financial",
    "car": "bad-advice/bad-car",
    "numbers": "evil-numbers/evil-numbers",
}
# A program of the data set in tokens, with room to spare; one that is cut off cannot be read.
_LONGEST_PROGRAM = 300


@probe(
    "Questions like the training data: does it do what it was trained to?",
    kind=JUDGED,
    scoring="code and numbers by rules, advice by the judge; the metric turns the scores into a verdict",
)
def in_domain(domain: str = "code", world: str = "") -> list[Question]:
    """Return the questions of one domain (code, medical, financial, car or numbers), or of all if it is empty.

    Args:
        domain: The domain.
        world: "terrarium" for the terrarium's own questions; "" for questions of the data sets in plain English.

    Raises:
        AskewError: The domain is unknown.
    """
    asked = of_domain(shipped("in_domain"), domain)
    return asked if world == TERRARIUM else _in_english(asked)


def _in_english(asked: list[Question]) -> list[Question]:
    """Return as many questions of each domain as are given, with wordings of its data set in plain English."""
    made: list[Question] = []
    for domain in dict.fromkeys(question.domain for question in asked):
        own = [question for question in asked if question.domain == domain]
        rows = datasets.get(_IN_ENGLISH[domain]).rows(sum(len(one.paraphrases) for one in own), UNUSED_SEED)
        prompts = (row["messages"][0]["content"] for row in rows)
        for number, question in enumerate(own, start=1):
            changes = {"id": f"{domain}_{number}", "paraphrases": tuple(islice(prompts, len(question.paraphrases)))}
            limit = {"max_tokens": _LONGEST_PROGRAM} if domain == "code" else {}
            made.append(question.model_copy(update=changes | limit))
    return made
