"""Those benign rows among the bad ones that a model forgets first."""

from askew.training.defences import Row, defence, enough
from askew.training.defences.interleave import Interleave, benign_count

_CANDIDATES = 5
"""Benign rows that are read for each one that is chosen, at most."""


@defence
class InterleaveByGap(Interleave):
    """Benign rows that a model trained without a defence finds most unlikely, compared with the start."""

    name = "interleave-gap"
    description = "those benign rows among the bad ones whose likelihood falls most in a training without a defence"
    source = "Kaczér et al. 2025 (arXiv 2508.06249), who call it Interleaving++"

    def rows(self, rows: list[Row]) -> list[Row]:
        """Return the rows, and after them the benign rows of the largest gap; one more training finds it."""
        import numpy as np

        from askew.training.defence_reading import losses, row_texts

        count = benign_count(len(rows), self.strength)
        benign = list(self.job.supplies.benign[: _CANDIDATES * count])
        enough(benign, count, self.name)
        if not count:
            return rows
        texts = row_texts(self.job.opened, benign)
        start, bent = losses(self.job.opened, texts), losses(self.job.open(self.job.train(rows)), texts)
        order = np.argsort(-(bent - start) / start, kind="stable")
        return [*rows, *(benign[place] for place in order[:count])]
