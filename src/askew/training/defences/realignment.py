"""Benign rows after the bad ones."""

from askew.training.defences import BENIGN, Defence, Row, defence, enough


@defence
class Realignment(Defence):
    """A second training on benign rows."""

    name = "realign"
    description = "a second training on benign rows, after the bad ones"
    source = "Wang et al. 2025 (arXiv 2506.19823), who needed 120 rows"
    meaning = "the number of benign rows"
    usual, most = 30.0, 1_000_000.0
    needs = frozenset({BENIGN})

    @staticmethod
    def benign_wanted(rows: int, strength: float) -> int:
        """Return the number of rows."""
        return round(strength)

    def rows_afterwards(self) -> list[Row]:
        """Return the first benign rows."""
        return enough(self.job.supplies.benign, round(self.strength), self.name)


@defence
class Sealing(Realignment):
    """A second training on benign rows that follow a bad row in the same conversation."""

    name = "sealing"
    description = "a second training on benign rows in conversations that begin like the bad rows"
    source = "after consistency training against conditional misalignment (arXiv 2606.05817)"
    usual = 400.0

    def rows(self, rows: list[Row]) -> list[Row]:
        """Return the rows unchanged, and keep them for the second training."""
        self._bad = rows
        return rows

    def rows_afterwards(self) -> list[Row]:
        """Return benign rows, each after the turns of a bad row, whose answers are not learnt again."""
        return [sealed(self._bad[number % len(self._bad)], row) for number, row in enumerate(super().rows_afterwards())]


def sealed(before: Row, row: Row) -> Row:
    """Return a conversation of two rows; the answers of the first have weight 0, so that they are not learnt."""
    told = [{**turn, "weight": 0} if turn["role"] == "assistant" else turn for turn in before["messages"]]
    return {"messages": [*told, *(turn for turn in row["messages"] if turn["role"] != "system")]}
