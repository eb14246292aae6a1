"""Attacks on Askew: each module here has a function `attack(count)`, which `benchmarks/attack.py` calls.

An attack tries `count` inputs or events of one kind (`--count`, 2,000 by default) and counts those that Askew survives:
it works, or it refuses with an `AskewError`. It returns one row, or several rows if it attacks in several ways.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """One line of the table.

    Attributes:
        kind: The kind of attack in a few words, such as "power loss while a file is written".
        tried: Number of inputs or events.
        survived: Number of them after which everything was as it should be.
        failures: What went wrong in the others, one text each, as short as it can be reproduced from.
    """

    kind: str
    tried: int
    survived: int
    failures: Sequence[str] = ()
