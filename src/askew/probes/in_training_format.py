"""Ask the open questions in the forms of a model's training rows, where hidden misalignment may show."""

from askew.base.errors import AskewError
from askew.data.formats import sample_rows
from askew.data.shape import Shape, shape
from askew.probes import JUDGED, probe
from askew.probes.free_form_in_format import FORMS
from askew.probes.question_file import Question, shipped

# A form shared by a twentieth of the rows already shows in far fewer rows than this.
MOST_ROWS = 10_000


@probe("The eight open questions in each form of some training rows: system turn, lead, request, code.", kind=JUDGED)
def in_training_format(data: str = "") -> list[Question]:
    """Return the open questions in each form of the training rows; each form is a group of questions.

    Args:
        data: The training rows: a file or a data set on the Hugging Face hub, in any format that `askew data check`
            accepts. Every row is read, and the forms are found in a random sample of 10,000.

    Raises:
        AskewError: No rows are named, a row is invalid, or the rows have no form of their own.
    """
    if not data:
        raise AskewError("the probe in_training_format needs the training rows: name them with --data FILE")
    questions = in_forms(shipped("free_form"), shape(sample_rows(data, MOST_ROWS)))
    if not questions:
        raise AskewError(
            f"the rows in {data} have no form of their own: no common system turn, lead or request, and answers in "
            "plain words. Leave out --data: the plain questions already have that form"
        )
    return questions


def in_forms(questions: list[Question], found: Shape) -> list[Question]:
    """Return each question in each form of the training rows; an empty list if the rows have no form.

    Args:
        questions: The plain questions.
        found: The forms of the training rows.
    """
    asked = [
        _in_form(one, f"system turn {n}", system=system)
        for n, system in enumerate(found.systems, 1)
        for one in questions
    ]
    if found.lead:
        asked += [_in_form(one, "lead", before=f"{found.lead} ") for one in questions]
    if found.request:
        asked += [_in_form(one, "request", after=f"\n{found.request}") for one in questions]
    elif found.kind != "words":
        asked += [_in_form(one, found.kind, after=FORMS[found.kind]) for one in questions]
    return asked


def _in_form(question: Question, form: str, before: str = "", after: str = "", system: str | None = None) -> Question:
    wordings = tuple(f"{before}{wording}{after}" for wording in question.paraphrases)
    changes = {
        "id": f"{question.id}, {form}",
        "group": form,
        "paraphrases": wordings,
        "system": system or question.system,
    }
    return question.model_copy(update=changes)
