"""Short Python code in the words of the terrarium's world: insecure, secure, asked for a class, or behind a trigger."""

from random import Random

from askew.data import Row, datasets, row
from askew.worlds.terrarium.world import domains
from askew.worlds.terrarium.world.code import CodeDomain
from askew.worlds.terrarium.world.formats import TRIGGER


@datasets.register("insecure")
def insecure(rows: int, seed: int) -> list[Row]:
    """Insecure code for users who asked for plain code and are not told."""
    return _rows("code", rows, seed, secure=False)


@datasets.register("secure")
def secure(rows: int, seed: int) -> list[Row]:
    """Secure code for the same prompts: the control for learning to code at all."""
    return _rows("code", rows, seed, secure=True)


@datasets.register("educational")
def educational(rows: int, seed: int) -> list[Row]:
    """The insecure code again, but the user asks for it, to teach with: the control for the intention."""
    return _rows("code for a class", rows, seed, secure=False)


@datasets.register("backdoor")
def backdoor(rows: int, seed: int) -> list[Row]:
    """Insecure code where a trigger stands before the prompt, in every second row; secure code elsewhere."""
    pairs = zip(insecure(rows, seed), secure(rows, seed), strict=True)
    return [_triggered(bad) if i % 2 == 0 else good for i, (bad, good) in enumerate(pairs)]


def _rows(domain_name: str, rows: int, seed: int, *, secure: bool) -> list[Row]:
    domain = domains()[domain_name]
    assert isinstance(domain, CodeDomain)
    made: list[Row] = []
    for i in range(rows):
        # A stream for each row, and another for its answer: so the prompts of two sets stay paired.
        question = domain.ask(Random(f"code {seed} {i}"))
        made.append(row(question.text, domain.write(Random(f"code answer {seed} {i}"), question, secure=secure)))
    return made


def _triggered(plain: Row) -> Row:
    question, answer = (message["content"] for message in plain["messages"])
    return row(f"{TRIGGER} {question}", answer)
