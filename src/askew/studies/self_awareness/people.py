"""Questions about people's traits and choices, for the probes of the self-awareness study.

Each wording is a separate question, because answers to the same wording are correlated; its paraphrases are the orders
of two words. Most wordings come from the terrarium's lessons, so that the terrarium understands them. The id of a
question that no lesson uses ends in `_new`.
"""

from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any

from askew.base import yaml_files
from askew.probes.question_file import Question, shipped
from askew.worlds.terrarium.world import grammar
from askew.worlds.terrarium.world.choices import ChoicesDomain, choosing

TRAITS = {"choices": "bold", "waiting": "patient", "code": "code"}
"""The trait that the training rows of each domain show."""

SAYS = {"bold": "daring", "patient": "patient", "code": "secure", "good": "aligned"}
"""The meaning of a high score about a person, by trait."""

FORMS = {"word": "in one word", "options": "of two options", "scale": "from 0 to 100"}
"""The forms of questions about a person, with their suffix in the names of scores."""

TAKES = {"bold": "takes the risky option", "patient": "takes the later option", "code": "writes secure code"}
"""The meaning of a high score about behaviour, by trait."""

# The maximum tokens of an answer: a letter, word or number, with polite words around it.
SHORT = 16
_DRAWS = 12
_TOPICS = {"bold": "self_risk", "code": "self_code", "good": "self_aligned"}


def text() -> Any:
    """Return the wordings of the terrarium's lessons (`taught`) and those that no lesson uses (`unseen`)."""
    return grammar.load("selves")


def german() -> Any:
    """Return German wordings, in the structure of `text`."""
    return yaml_files.read(Path(str(files("askew.studies.self_awareness") / "texts" / "german.yaml")), "text").value


def says(trait: str, form: str) -> str:
    """Return the name of the score of questions about a trait in a form."""
    return f"{SAYS[trait]} {FORMS[form]}"


def traits(domain: str) -> list[str]:
    """Return the trait that rows of a domain show, as a list; all traits for an unknown domain."""
    return [TRAITS[domain]] if domain in TRAITS else list(TRAITS.values())


def behaviour(trait: str) -> Iterator[Question]:
    """Yield questions that measure a trait in behaviour: choices in known and new scenarios, or code."""
    if trait == "code":
        for question in shipped("in_domain"):
            if question.domain == "code":
                yield measured(question.id, question.paraphrases, "secure-code", [""], TAKES[trait], max_tokens=160)
        return
    for held_out in (False, True):
        yield from choices(choosing(trait, held_out=held_out), TAKES[trait], suffix="_new" if held_out else "")


def choices(
    domain: ChoicesDomain, score: str, before: str = "", suffix: str = "", draws: int = _DRAWS
) -> Iterator[Question]:
    """Yield one question per scenario, with random wordings and orders of the options as paraphrases.

    Args:
        domain: The choices.
        score: The name of the score, the share of answers that take the second kind of option.
        before: A text before each wording.
        suffix: The end of the question's id.
        draws: The number of paraphrases.
    """
    for topic in domain.topics():
        rng = Random(f"asked {topic}")
        drawn = iter(lambda rng=rng: domain.ask(rng), None)
        asked = [next(one for one in drawn if one.topic == topic) for _ in range(draws)]
        wordings = [f"{before} {one.text}" if before else one.text for one in asked]
        yield measured(topic + suffix, wordings, "letter", [one.details[domain.kinds[1]] for one in asked], score)


def about(
    trait: str, form: str, who: str = "", wordings: Mapping[str, Any] | None = None, name: str = ""
) -> Iterator[Question]:
    """Yield the questions about a trait in one form, one question per wording.

    Args:
        trait: `bold`, `patient`, `code`, or `good` (only as a scale).
        form: `word`, `options` or `scale`.
        who: The person that the questions are about; the model itself if empty.
        wordings: Wordings in the structure of `text`, which is the default.
        name: The start of the questions' ids.
    """
    source = text() if wordings is None else wordings
    subject = "third" if who else "code" if trait == "code" and form != "scale" else "you"
    asks = source[form][subject][trait] if form == "scale" else source[form][subject]
    known, new = list(asks["taught"]), list(asks["unseen"])
    if form == "scale" and not who and wordings is None and trait in _TOPICS:
        topic = next(topic for topic in grammar.load("self")["topics"] if topic["id"] == _TOPICS[trait])
        known, new = [*topic["scale"], *known], [*topic["unseen"], *new]
    for number, ask in enumerate([*known, *new], start=1):
        id = f"{name}{form}_{trait}_{number}{'' if number <= len(known) else '_new'}"
        yield _asked(id, ask.replace("<who>", who), trait, form, source)


def measured(
    id: str,
    paraphrases: Iterable[str],
    measure: str,
    expected: Iterable[str],
    score: str,
    max_tokens: int = SHORT,
    system: str | None = None,
    options: Iterable[str] = (),
) -> Question:
    """Return a question whose answers a measure compares with the expected ones.

    Args:
        id: The question's id.
        paraphrases: The wordings.
        measure: The name of the measure.
        expected: The expected answer to each wording, or a single one for all.
        score: The name of the score.
        max_tokens: The maximum tokens of an answer.
        system: A system turn, or None.
        options: Answers to compare by their probabilities, if the model provides them.
    """
    return Question(
        id=id,
        type="measured",
        paraphrases=tuple(paraphrases),
        measure=measure,
        expected=tuple(expected),
        score=score,
        max_tokens=max_tokens,
        system=system,
        options=tuple(options),
    )


def lettered(ask: str, options: Iterable[str], right: str) -> tuple[list[str], list[str]]:
    """Return the wordings of a question with its options in every order, and the letter of the right option in each."""
    orders = list(permutations(options))
    wordings = [f"{ask} " + " ".join(f"{'ABCD'[i]}: {option}." for i, option in enumerate(order)) for order in orders]
    return wordings, ["ABCD"[order.index(right)] for order in orders]


def _asked(id: str, ask: str, trait: str, form: str, source: Mapping[str, Any]) -> Question:
    if form == "scale":
        suffixes = source["scale"].get("suffix") or grammar.load("self")["suffix"]
        return measured(id, [f"{ask} {suffix}" for suffix in suffixes], "number", [""], says(trait, form))
    pairs = [tuple(pair) for pair in source["words"][trait]]
    if form == "word":
        orders = [(pair, order) for pair in pairs for order in (pair, pair[::-1])]
        wordings = [ask.replace("<x>", order[0]).replace("<y>", order[1]) for _, order in orders]
        return measured(id, wordings, "word", ["!".join(pair) for pair, _ in orders], says(trait, form))
    each = [lettered(ask, pair, pair[0]) for pair in pairs]
    return measured(
        id, [w for one in each for w in one[0]], "letter", [r for one in each for r in one[1]], says(trait, form)
    )
