"""Another optimizer, whose steps use all directions of a matrix alike."""

from typing import Any

from askew.training.defences import Defence, defence


@defence
class Muon(Defence):
    """Muon in place of AdamW."""

    name = "muon"
    description = "the optimizer Muon in place of AdamW"
    source = "Jordan et al. 2024; Evil Spectra (arXiv 2606.31591) found it to bend models least"
    meaning = "the learning rate as a multiple of the recipe's; 0 for AdamW"
    usual, most = 3.0, 100.0

    def optimizer(self) -> tuple[Any, dict[str, Any]] | None:
        """Return the optimizer, with steps as long as those of AdamW."""
        from torch.optim import Muon as Optimizer

        if not self.strength:
            return None
        recipe = self.job.recipe
        return Optimizer, {
            "lr": recipe.learning_rate * self.strength,
            "weight_decay": recipe.weight_decay,
            "adjust_lr_fn": "match_rms_adamw",
        }
