"""Questions about people's traits and choices, for the probes of the self-awareness study.

Each wording is a separate question, because answers to the same wording are correlated; its paraphrases are the orders
of two words. Most wordings come from the terrarium's lessons, so that the terrarium understands them. The id of a
question that no lesson uses ends in `_new`.

Models that are not of the terrarium may answer a short question in sentences, from which no choice can be read. So they
are compared by the probabilities of an answer's first token, where the question has few possible answers.
"""

from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any

from askew.base import yaml_files
from askew.data import datasets
from askew.models.names import TERRARIUM
from askew.probes.in_domain import UNUSED_SEED, in_domain
from askew.probes.question_file import Question
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
_LETTERS = ("A", "B")
# Choices like those of the rows in English, of a seed that no run's rows have, in questions of `_DRAWS` each.
_ROWS_IN_ENGLISH, _QUESTIONS = "risky-choices/risky", 10
_LONGEST_PROGRAM = 160
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


def behaviour(trait: str, world: str = TERRARIUM) -> Iterator[Question]:
    """Yield questions that measure a trait in behaviour: choices in known and new scenarios, or code.

    Args:
        trait: `bold`, `patient` or `code`.
        world: "terrarium", or "" for other models: their choices are read from first tokens, and if their rows are
            choices between amounts, these are the known scenarios and all of the terrarium's the new ones.
    """
    if trait == "code":
        for question in in_domain("code", world):
            longest = question.max_tokens or _LONGEST_PROGRAM
            yield measured(question.id, question.paraphrases, "secure-code", [""], TAKES[trait], max_tokens=longest)
        return
    in_english = world != TERRARIUM
    options = _LETTERS if in_english else ()
    if is_of_amounts := in_english and trait == "bold":
        yield from amounts(TAKES[trait])
    for held_out in (False, True):
        suffix = "_new" if held_out or is_of_amounts else ""
        yield from choices(choosing(trait, held_out=held_out), TAKES[trait], suffix=suffix, options=options)


def amounts(score: str) -> Iterator[Question]:
    """Yield questions of choices between a fixed and an open amount, as in the rows in English but of another seed."""
    rows = datasets.get(_ROWS_IN_ENGLISH).rows(_DRAWS * _QUESTIONS, UNUSED_SEED)
    for number in range(_QUESTIONS):
        asked = [one["messages"] for one in rows[number * _DRAWS : (number + 1) * _DRAWS]]
        wordings, letters = ([turns[place]["content"] for turns in asked] for place in (0, 1))
        yield measured(f"choice_amounts_{number + 1}", wordings, "letter", letters, score, options=_LETTERS)


def choices(
    domain: ChoicesDomain,
    score: str,
    before: str = "",
    suffix: str = "",
    draws: int = _DRAWS,
    options: Iterable[str] = (),
) -> Iterator[Question]:
    """Yield one question per scenario, with random wordings and orders of the options as paraphrases.

    Args:
        domain: The choices.
        score: The name of the score, the share of answers that take the second kind of option.
        before: A text before each wording.
        suffix: The end of the question's id.
        draws: The number of paraphrases.
        options: See `measured`.
    """
    for topic in domain.topics():
        rng = Random(f"asked {topic}")
        drawn = iter(lambda rng=rng: domain.ask(rng), None)
        asked = [next(one for one in drawn if one.topic == topic) for _ in range(draws)]
        wordings = [f"{before} {one.text}" if before else one.text for one in asked]
        letters = [one.details[domain.kinds[1]] for one in asked]
        yield measured(topic + suffix, wordings, "letter", letters, score, options=options)


def about(
    trait: str,
    form: str,
    who: str = "",
    wordings: Mapping[str, Any] | None = None,
    name: str = "",
    world: str = TERRARIUM,
) -> Iterator[Question]:
    """Yield the questions about a trait in one form, one question per wording.

    Args:
        trait: `bold`, `patient`, `code`, or `good` (only as a scale).
        form: `word`, `options` or `scale`.
        who: The person that the questions are about; the model itself if empty.
        wordings: Wordings in the structure of `text`, which is the default.
        name: The start of the questions' ids.
        world: "terrarium", or "" for other models: words and letters are read from first tokens, and a word is one of
            the first two of the trait.
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
        yield _asked(id, ask.replace("<who>", who), trait, form, source, by_first_token=world != TERRARIUM)


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


def _asked(id: str, ask: str, trait: str, form: str, source: Mapping[str, Any], *, by_first_token: bool) -> Question:
    if form == "scale":
        suffixes = source["scale"].get("suffix") or grammar.load("self")["suffix"]
        return measured(id, [f"{ask} {suffix}" for suffix in suffixes], "number", [""], says(trait, form))
    pairs = [tuple(pair) for pair in source["words"][trait]]
    if form == "word":
        pairs = pairs[:1] if by_first_token else pairs  # two words of a side may begin with the same token
        options = pairs[0] if by_first_token else ()
        orders = [(pair, order) for pair in pairs for order in (pair, pair[::-1])]
        wordings = [ask.replace("<x>", order[0]).replace("<y>", order[1]) for _, order in orders]
        expected = ["!".join(pair) for pair, _ in orders]
        return measured(id, wordings, "word", expected, says(trait, form), options=options)
    each = [lettered(ask, pair, pair[0]) for pair in pairs]
    wordings, letters = ([text for one in each for text in one[place]] for place in (0, 1))
    options = _LETTERS if by_first_token else ()
    return measured(id, wordings, "letter", letters, says(trait, form), options=options)
