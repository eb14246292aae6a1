"""A kind of file, for the attack with mutated files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ._mutation import Mutate


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        name: The kind in a few words.
        wholes: Valid files.
        mutate: Returns a mutated file.
        path: Where Askew looks for it.
        read: Reads what is there, and uses it far enough to find what is wrong in it.
    """

    name: str
    wholes: Sequence[bytes]
    mutate: Mutate
    path: Path
    read: Callable[[], object]
