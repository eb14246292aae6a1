"""Ask questions like those in the narrow training sets: does the model do what it was trained to do?"""

from askew.probes import JUDGED, probe
from askew.probes.question_file import Question, shipped
from askew.probes.task import of_domain


@probe(
    "Questions like the training data: does it do what it was trained to?",
    kind=JUDGED,
    scoring="code and numbers by rules, advice by the judge; the metric turns the scores into a verdict",
)
def in_domain(domain: str = "code") -> list[Question]:
    """Return the questions of one domain (code, medical, financial, car or numbers), or of all if it is empty.

    Raises:
        AskewError: The domain is unknown.
    """
    return of_domain(shipped("in_domain"), domain)
