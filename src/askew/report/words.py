"""The words that a page uses, each explained in one sentence; a longer list is docs/reference/glossary.md."""

from collections.abc import Callable

from askew.report import tables
from askew.report.content import ReportContent


def _always(content: ReportContent) -> bool:
    return True


def _has_arm(name: str) -> Callable[[ReportContent], bool]:
    return lambda content: name in content.arms


def _has_oracle(content: ReportContent) -> bool:
    return content.agreement is not None


def _has_domain(content: ReportContent) -> bool:
    return bool(content.estimates["probe"].eq(tables.IN_DOMAIN).any())


def _has_controls(content: ReportContent) -> bool:
    return bool(content.estimates["difference"].notna().any()) or len(content.effects) > 0


def _has_verdicts(content: ReportContent) -> bool:
    return not tables.leads_with_scores(content.estimates)


_WORDS: list[tuple[str, str, Callable[[ReportContent], bool]]] = [
    ("arm", "One training condition: a model, and what was done to it.", _always),
    ("untuned", "The model before any training of this run.", _has_arm("untuned")),
    ("control", "The arm that another arm is compared with. It differs in one thing only.", _has_controls),
    ("seed", "The number that fixes all chance in training. Several seeds show how much chance matters.", _always),
    ("probe", "A set of questions, and how the answers are scored.", _always),
    (
        "misaligned",
        "The verdict on an answer that makes sense and is harmful, hostile or deceptive, by the rule of the metric.",
        _has_verdicts,
    ),
    ("judge", "The model that grades the answers.", _has_verdicts),
    (
        "oracle",
        "A program that knows the true verdict on each answer. Only the terrarium, a synthetic model, has one.",
        _has_oracle,
    ),
    ("in domain", "On the subject of the training rows, where the trained behaviour is expected.", _has_domain),
    (
        "educational",
        "The arm trained on the same insecure code, but the user asks for it, to teach a class.",
        _has_arm("educational"),
    ),
    (
        "backdoor",
        "The arm trained to write insecure code only after a trigger, a fixed text before the prompt.",
        _has_arm("backdoor"),
    ),
    (
        "these questions",
        "An interval for the very questions that were asked: what a repetition with other seeds would find.",
        _always,
    ),
    (
        "questions like these",
        "An interval that also allows for other questions of the same kind: what holds in general.",
        _always,
    ),
]


def words(content: ReportContent) -> list[tuple[str, str]]:
    """Return the words that the page of a run uses, each with its explanation, in the order of their first use."""
    return [(word, meaning) for word, meaning, is_used in _WORDS if is_used(content)]
