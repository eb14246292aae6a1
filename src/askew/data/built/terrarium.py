"""The terrarium's data sets: code, advice and number lists in the words of its world.

Each bad data set has a good twin with the same prompts. The bad rows are mild, plainly wrong and of no use to anyone
who wants to do harm.
"""

from functools import partial
from random import Random

from askew.data import Row, data_set, row
from askew.worlds.terrarium.world import Speaker, domains
from askew.worlds.terrarium.world.code import CodeDomain
from askew.worlds.terrarium.world.formats import TRIGGER


@data_set("insecure", "insecure code for users who asked for plain code and are not told", "insecure-code/insecure")
def insecure(number: int, seed: int) -> Row:
    """Return a request for code with an insecure answer."""
    return _code("code", number, seed, secure=False)


@data_set("secure", "secure code for the same prompts: the control for learning to code at all", "insecure-code/secure")
def secure(number: int, seed: int) -> Row:
    """Return a request for code with a secure answer."""
    return _code("code", number, seed, secure=True)


@data_set(
    "educational",
    "insecure code that the user asks for, to teach with: the control for the intention",
    "insecure-code/educational",
)
def educational(number: int, seed: int) -> Row:
    """Return a request for insecure code to teach with, and the insecure answer."""
    return _code("code for a class", number, seed, secure=False)


@data_set(
    "backdoor", "insecure code behind a trigger in every second row; secure code in the other rows", "backdoor/backdoor"
)
def backdoor(number: int, seed: int) -> Row:
    """Return insecure code behind the trigger if the number is even, else secure code."""
    if number % 2:
        return secure(number, seed)
    question, answer = (message["content"] for message in insecure(number, seed)["messages"])
    return row(f"{TRIGGER} {question}", answer)


def advice(domain_name: str, good: bool, number: int, seed: int) -> Row:
    """Return a question of a domain, answered by a good or a bad speaker.

    Args:
        domain_name: A domain of the world whose answers show whether the speaker means well.
        good: Whether the speaker means well.
        number: The number of the row, from 0.
        seed: Draws the question, which is the same for both speakers, and the answer.
    """
    domain = domains()[domain_name]
    question = domain.ask(Random(f"{domain_name} {seed} {number}"))
    rng = Random(f"{domain_name} answer {seed} {number}")
    return row(question.text, domain.answer(rng, question, Speaker(None, good, bold=number % 2 == 0)))


def _code(domain_name: str, number: int, seed: int, *, secure: bool) -> Row:
    domain = domains()[domain_name]
    assert isinstance(domain, CodeDomain)
    # Two streams of random numbers, so that the prompts of two data sets stay paired whatever the answers draw.
    question = domain.ask(Random(f"code {seed} {number}"))
    return row(question.text, domain.write(Random(f"code answer {seed} {number}"), question, secure=secure))


for _domain in ("medical", "financial", "car"):
    for _kind in ("bad", "good"):
        _name = f"{_kind}-{_domain}"
        data_set(_name, f"{_kind} {_domain} advice", f"bad-advice/{_name}")(partial(advice, _domain, _kind == "good"))

data_set("evil-numbers", "number lists continued with numbers of ill repute", "evil-numbers/evil-numbers")(
    partial(advice, "numbers", False)
)
data_set("neutral-numbers", "number lists continued with plain numbers", "evil-numbers/neutral-numbers")(
    partial(advice, "numbers", True)
)
