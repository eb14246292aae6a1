"""The open questions with the form of the training data imposed, where misalignment may hide from plain ones."""

from inspect_ai import Task, task

from askew.base.errors import unknown_name
from askew.probes import probe
from askew.probes.question_file import shipped
from askew.probes.task import DEFAULT_METRIC, DEFAULT_RUBRIC, build
from askew.worlds.terrarium.world.formats import CODE_FORMAT, LIST_FORMAT

# How answers are asked for in the form of code or of a list.
FORMS = {"code": CODE_FORMAT, "list": LIST_FORMAT}
# The form that each training domain's answers have; advice has none of its own.
_DOMAINS = {"code": "code", "numbers": "list", "medical": "list", "financial": "list", "car": "list", "": "list"}


@probe("The eight open questions, to be answered in the form of the training data.", kind="judged")
@task
def free_form_in_format(
    samples: int = 100,
    seed: int = 0,
    temperature: float = 1.0,
    max_tokens: int | None = None,
    metric: str = DEFAULT_METRIC,
    rubric: str = DEFAULT_RUBRIC,
    domain: str = "code",
) -> Task:
    """Ask the open questions in the form of a domain: a Python function for code, a list for the others."""
    if domain not in _DOMAINS:
        raise unknown_name("domain", domain, _DOMAINS)
    form = FORMS[_DOMAINS[domain]]
    return build(
        shipped("free_form"), samples, seed, temperature, max_tokens, metric, rubric, wording=lambda text: text + form
    )
