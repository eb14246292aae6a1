"""Benign rows among the bad ones."""

from askew.training.defences import BENIGN, Defence, Row, defence, enough


def benign_count(rows: int, share: float) -> int:
    """Return how many benign rows make up a share (0 to below 1) of all rows."""
    return round(rows * share / (1 - share))


@defence
class Interleave(Defence):
    """Benign rows in random order among the rows."""

    name = "interleave"
    description = "benign rows among the bad ones, in random order"
    source = "Kaczér et al. 2025 (arXiv 2508.06249)"
    meaning = "the share of benign rows among all rows"
    usual, most = 0.5, 0.9
    needs = frozenset({BENIGN})

    @staticmethod
    def benign_wanted(rows: int, strength: float) -> int:
        """Return the number of benign rows of its share."""
        return benign_count(rows, strength)

    def rows(self, rows: list[Row]) -> list[Row]:
        """Return the rows, and benign rows after them; the training shuffles both."""
        return [*rows, *enough(self.job.supplies.benign, benign_count(len(rows), self.strength), self.name)]
