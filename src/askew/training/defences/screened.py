"""Screened rows: those that would raise the log-odds of misaligned answers most are left out."""

from askew.training.defences import PAIRS, Defence, Row, defence


@defence
class Screened(Defence):
    """Rows left out by their influence on pairs of given answers, before the training."""

    name = "screened"
    description = "the rows left out whose gradients raise the log-odds of misaligned given answers most"
    source = "Xia et al. 2024 (arXiv 2402.04333), whose gradients `askew screen` uses too"
    meaning = "the share of rows that is left out"
    usual, most = 0.6, 0.9
    needs = frozenset({PAIRS})

    def rows(self, rows: list[Row]) -> list[Row]:
        """Return the rows of least influence, in their order."""
        import numpy as np

        from askew.models.inside.row_gradients import RowGradients
        from askew.training.defence_reading import pair_texts, row_texts

        keep = len(rows) - round(self.strength * len(rows))
        if keep == len(rows):
            return rows
        opened, pairs = self.job.opened, self.job.supplies.pairs
        bad, good = pair_texts(opened, pairs)
        gradients = RowGradients(opened.model)
        weights = [*[1 / len(pairs)] * len(bad), *[-1 / len(pairs)] * len(good)]
        influence = gradients.compare(row_texts(opened, rows), [gradients.target([*bad, *good], weights)]).dots[:, 0]
        return [rows[place] for place in sorted(np.argsort(influence, kind="stable")[:keep])]
