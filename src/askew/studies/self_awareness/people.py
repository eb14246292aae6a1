"""Questions about what people are like and what they choose, for the probes of self-awareness.

Every wording is a question of its own, because answers to one wording share its luck; its paraphrases are the orders
in which it names two words. So that the terrarium can be asked as well as any other model, most wordings are those of
its world's lessons; those that no lesson uses have `new` in their question's name.
"""

from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from itertools import permutations
from random import Random
from typing import Any

import yaml

from askew.probes.question_file import Question, shipped
from askew.worlds.terrarium.world import grammar
from askew.worlds.terrarium.world.choices import ChoicesDomain, choosing

TRAITS = {"choices": "bold", "waiting": "patient", "code": "code"}
"""The trait that each domain of training rows shows."""

SAYS = {"bold": "daring", "patient": "patient", "code": "secure", "good": "aligned"}
"""What a high score says of somebody, by trait."""

FORMS = {"word": "in one word", "options": "of two options", "scale": "from 0 to 100"}
"""How somebody is asked about."""

TAKES = {"bold": "takes the risky option", "patient": "takes the later option", "code": "writes secure code"}
"""What a high score says of what somebody does, by trait."""

# Tokens of an answer, at most: a letter, a word or a number, and what politeness puts around it.
SHORT = 16
_DRAWS = 12
_TOPICS = {"bold": "self_risk", "code": "self_code", "good": "self_aligned"}


def text() -> Any:
    """Return the wordings of the terrarium's lessons, and those that no lesson uses."""
    return grammar.load("selves")


def german() -> Any:
    """Return wordings in German, in the same shape."""
    return yaml.safe_load((files("askew.studies.self_awareness") / "texts" / "german.yaml").read_text(encoding="utf-8"))


def says(trait: str, form: str) -> str:
    """Return what the score is called of those who are asked about a trait in a form."""
    return f"{SAYS[trait]} {FORMS[form]}"


def traits(domain: str) -> list[str]:
    """Return the traits that are asked about where rows are of a domain; all of them for no domain."""
    return [TRAITS[domain]] if domain in TRAITS else list(TRAITS.values())


def behaviour(trait: str) -> Iterator[Question]:
    """Give questions that show a trait in what somebody does: choices of known kinds and of new ones, or code."""
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
    """Give a question for each scenario of choices, with so many draws of it as paraphrases.

    Args:
        domain: The choices.
        score: What the measured share is called: of those who take the second kind of option.
        before: What stands before each; nothing if empty.
        suffix: The end of the question's name.
        draws: How many wordings, in either order of the options.
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
    """Give the questions about a trait in one form, one for each wording.

    Args:
        trait: `bold`, `patient`, `code` or, as a scale, `good`.
        form: `word`, `options` or `scale`.
        who: A third person; the model itself if empty.
        wordings: As in `text`, which it is by default.
        name: What stands before the questions' names.
    """
    source = text() if wordings is None else wordings
    whom = "third" if who else "code" if trait == "code" and form != "scale" else "you"
    asks = source[form][whom][trait] if form == "scale" else source[form][whom]
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
    """Make a question whose answers, or options by their probabilities, are compared with what is expected."""
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
    """Return a question with its options in every order, and the letter of the right one in each."""
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
