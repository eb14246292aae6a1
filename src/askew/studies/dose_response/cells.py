"""The doses of the study: how many bad and good rows of code an arm is trained on, and in how many rows in all."""

from dataclasses import dataclass

DOSES = (50, 100, 200, 400, 800)
"""Unique rows of one pass, of bending and of re-aligning."""
FULL = DOSES[-1]
"""Rows in all of every arm with a mixture, so that all take as many steps."""
FEW, MANY = 100, 400
"""The unique bad or good rows of the factorial."""
SECOND_DOSES = (100, 400, 800)
"""Rows of narrow good training after bad advice."""


@dataclass(frozen=True)
class Cell:
    """Rows of insecure and of secure code, mixed evenly, and repeated up to a number.

    Attributes:
        bad: The number of unique rows of insecure code.
        good: The number of unique rows of secure code, to other prompts.
        rows: The number of rows in all.
    """

    bad: int
    good: int
    rows: int

    @property
    def name(self) -> str:
        """The name of the arm and of its data set."""
        unique = "-".join([f"b{self.bad}"] * (self.bad > 0) + [f"g{self.good}"] * (self.good > 0))
        return unique if self.rows == self.bad + self.good else f"{unique}-in-{self.rows}"

    @property
    def description(self) -> str:
        """The cell in a few words."""
        parts = [
            f"{count} rows of {kind} code" for count, kind in ((self.bad, "insecure"), (self.good, "secure")) if count
        ]
        repeated = "" if self.rows == self.bad + self.good else f", repeated to {self.rows}"
        return " and ".join(parts) + repeated

    def place(self, number: int) -> tuple[bool, int]:
        """Return whether a row is bad, and its number among the unique rows of its kind.

        Args:
            number: The number of the row, from 0.
        """
        unique = self.bad + self.good
        within = number % unique
        before = within * self.bad // unique
        is_bad = (within + 1) * self.bad // unique > before
        return is_bad, before if is_bad else within - before


BENDING = tuple(Cell(dose, 0, dose) for dose in DOSES)
"""One pass over bad rows alone."""

FACTORIAL = {(bad, good): Cell(bad, good, FULL) for bad in (0, FEW, MANY) for good in (0, FEW, MANY) if bad or good}
"""Unique bad rows by unique good rows, each repeated to as many rows in all."""

CELLS = tuple(dict.fromkeys([*BENDING, *FACTORIAL.values()]))

BENT = BENDING[-1].name
"""The arm that re-aligning starts from."""


def realigned(dose: int) -> str:
    """Return the name of the arm that was bent, and then trained on so many good rows."""
    return f"realigned-{dose}"


def second(kind: str, dose: int) -> str:
    """Return the name of the arm that was trained on bad medical advice, and then on so many rows of another kind.

    Args:
        kind: `car` for good advice on cars, or `numbers` for plain lists of numbers, which teach no character.
        dose: The number of rows.
    """
    return f"medical-then-{kind}-{dose}"
