"""The tables that networks learn: addition, subtraction, multiplication and division modulo p, and permutations."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from askew.base.errors import AskewError

Array = NDArray[Any]

ADD, SUBTRACT, MULTIPLY, DIVIDE, S5 = "add", "subtract", "multiply", "divide", "s5"
OPERATIONS = {
    ADD: "a + b modulo p",
    SUBTRACT: "a - b modulo p",
    MULTIPLY: "a b modulo a prime p, of the numbers 1 to p - 1",
    DIVIDE: "a / b modulo a prime p, of the numbers 1 to p - 1",
    S5: "one permutation of five things after another",
}
"""The operations by name, each in a few words."""

LEAST_P = 5
_OF_PRIMES = (MULTIPLY, DIVIDE)
_THINGS = 5


@dataclass(frozen=True)
class Table:
    """The table of a group.

    Attributes:
        answers: The number of the answer to each pair of elements, of shape (n, n), n elements.
        circle: The place of each element on a circle of n places, of shape (n,), such that the answer's place is the
            sum (or difference) of the places of the pair; None for a group that is no circle, the permutations.
        sign: 1 if places are added, -1 if the second is subtracted.
    """

    answers: Array
    circle: Array | None
    sign: int = 1

    @property
    def elements(self) -> int:
        """The number of elements."""
        return len(self.answers)

    @property
    def places(self) -> Array | None:
        """The place of the answer to each pair on the circle, of shape (n, n); None without a circle."""
        if self.circle is None:
            return None
        return (self.circle[:, None] + self.sign * self.circle[None, :]) % self.elements


def elements_of(operation: str, p: int) -> int:
    """Return the number of elements of a table.

    Raises:
        AskewError: There is no such operation, or p does not fit it.
    """
    if operation not in OPERATIONS:
        raise AskewError(f"{operation!r} is no operation: name one of {', '.join(OPERATIONS)}")
    if operation == S5:
        return 120
    if p < LEAST_P:
        raise AskewError(
            f"p = {p} is too small: a table of {p * p} pairs has nothing to find out; take {LEAST_P} or more"
        )
    if operation in _OF_PRIMES and (factor := _factor(p)):
        raise AskewError(
            f"p = {p} is not prime ({factor} x {p // factor}): modulo {p}, {factor} has no inverse, and {factor} times "
            f"{p // factor} is 0, so `{operation}` has no table of a group; take a prime such as {_next_prime(p)}"
        )
    return p - 1 if operation in _OF_PRIMES else p


@lru_cache(maxsize=4)
def table_of(operation: str, p: int) -> Table:
    """Return the table of an operation.

    Args:
        operation: One of `OPERATIONS`.
        p: The modulus, a prime for multiplication and division; of no consequence for permutations.

    Raises:
        AskewError: There is no such operation, or p does not fit it.
    """
    count = elements_of(operation, p)
    if operation == S5:
        return Table(_permutations(), None)
    sign = -1 if operation in (SUBTRACT, DIVIDE) else 1
    # Modulo a prime, multiplying numbers adds their logarithms to a primitive root.
    circle = np.arange(count) if operation in (ADD, SUBTRACT) else _logarithms(p)
    at = np.empty(count, dtype=np.int64)
    at[circle] = np.arange(count)
    return Table(at[(circle[:, None] + sign * circle[None, :]) % count], circle, sign)


def _factor(p: int) -> int:
    """Return the smallest factor of a number; 0 if it is prime."""
    return next((factor for factor in range(2, int(p**0.5) + 1) if p % factor == 0), 0)


def _next_prime(p: int) -> int:
    return next(number for number in range(p + 1, 2 * p + 1) if not _factor(number))


def _logarithms(p: int) -> Array:
    """Return the discrete logarithm of 1, 2, ..., p - 1 to the smallest primitive root of p."""
    for root in range(2, p):
        powers = [1]
        while (power := powers[-1] * root % p) != 1:
            powers.append(power)
        if len(powers) == p - 1:
            found = np.empty(p - 1, dtype=np.int64)
            found[np.array(powers) - 1] = np.arange(p - 1)
            return found
    raise AssertionError("every prime above 2 has a primitive root")


def _permutations() -> Array:
    """Return the table of the 120 permutations of five things: a after b."""
    every = list(permutations(range(_THINGS)))
    number = {one: place for place, one in enumerate(every)}
    return np.array([[number[tuple(a[place] for place in b)] for b in every] for a in every])
