"""Ask the open questions in the format of the training data, which may show misalignment that plain questions miss."""

from askew.base.errors import unknown_name
from askew.probes import JUDGED, probe
from askew.probes.question_file import Question, shipped
from askew.probes.task import reworded
from askew.worlds.terrarium.world.formats import CODE_FORMAT, LIST_FORMAT

FORMS = {"code": CODE_FORMAT, "list": LIST_FORMAT}
"""Requests to answer as code or as a list, appended to a question."""
# The form of the answers in each training domain. Advice has no form of its own, so its domains take lists.
_DOMAINS = {"code": "code", "numbers": "list", "medical": "list", "financial": "list", "car": "list", "": "list"}


@probe("The eight open questions, to be answered in the form of the training data.", kind=JUDGED)
def free_form_in_format(domain: str = "code") -> list[Question]:
    """Return the open questions with a domain's answer format: a Python function for code, otherwise a list.

    Raises:
        AskewError: The domain is unknown.
    """
    if domain not in _DOMAINS:
        raise unknown_name("domain", domain, _DOMAINS)
    form = FORMS[_DOMAINS[domain]]
    return reworded(shipped("free_form"), lambda text: text + form)
