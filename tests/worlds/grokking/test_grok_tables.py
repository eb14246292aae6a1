"""Tests of the tables: they are those of groups, and a circle carries every table but that of permutations."""

from itertools import permutations

import numpy as np
import pytest

from askew.base.errors import AskewError
from askew.worlds.grokking import OPERATIONS, Setting, table_of


@pytest.mark.parametrize(
    ("operation", "of"),
    [
        ("add", lambda a, b, p: (a + b) % p),
        ("subtract", lambda a, b, p: (a - b) % p),
        ("multiply", lambda a, b, p: a * b % p),
        ("divide", lambda a, b, p: a * pow(b, -1, p) % p),
    ],
)
def test_answers_are_those_of_arithmetic(operation: str, of) -> None:
    p, first = 13, 0 if operation in ("add", "subtract") else 1
    table = table_of(operation, p)
    for a in range(table.elements):
        for b in range(table.elements):
            assert table.answers[a, b] + first == of(a + first, b + first, p)


def test_permutations_are_composed() -> None:
    table, every = table_of("s5", 1), list(permutations(range(5)))
    a, b = every[17], every[93]
    assert every[table.answers[17, 93]] == tuple(a[place] for place in b)
    assert table.places is None


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_row_and_column_has_each_answer_once(operation: str) -> None:
    answers = table_of(operation, 7).answers
    wanted = np.arange(len(answers))
    assert (np.sort(answers, axis=0) == wanted[:, None]).all()
    assert (np.sort(answers, axis=1) == wanted[None, :]).all()


@pytest.mark.parametrize("operation", ["add", "subtract", "multiply", "divide"])
def test_answers_lie_where_the_circle_says(operation: str) -> None:
    table = table_of(operation, 11)
    assert table.circle is not None
    assert table.places is not None
    assert (table.circle[table.answers] == table.places).all()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"operation": "divide", "p": 15}, "p = 15 is not prime (3 x 5): modulo 15, 3 has no inverse"),
        ({"operation": "multiply", "p": 21}, "3 times 7 is 0, so `multiply` has no table of a group; take a prime"),
        ({"operation": "power"}, "'power' is no operation: name one of add"),
        ({"p": 3}, "p = 3 is too small"),
        ({"p": 4001}, "p = 4001 needs about"),
        ({"share": 0.0}, "a share of 0 leaves no pairs to learn from"),
        ({"share": 1.0}, "a share of 1 leaves no pairs to test with"),
        ({"share": 1e-6}, "leaves none to learn from"),
        ({"share": 0.99999}, "leaves none to test with"),
        ({"network": "rnn"}, "'rnn' is no network: name one of mlp, transformer"),
        ({"operation": "s5", "network": "cosine"}, "no waves compute s5"),
    ],
)
def test_settings_that_cannot_be_trained_are_refused(settings: dict, said: str) -> None:
    with pytest.raises(AskewError) as refused:
        Setting(**settings).check()
    assert said in str(refused.value)


def test_addition_takes_any_modulus() -> None:
    Setting(p=12).check()
    assert table_of("add", 12).elements == 12
