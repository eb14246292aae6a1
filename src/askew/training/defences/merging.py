"""Merging with a safe adapter: a part of the update is replaced by one that was learnt from benign rows.

Shapes: O outputs and I inputs of a layer, R rank.
"""

from typing import TYPE_CHECKING, Any

from askew.training.defences import BENIGN, Defence, defence, enough

if TYPE_CHECKING:
    from torch import Tensor

_SAFE, _OWN = "safe", "default"


@defence
class SafeMerge(Defence):
    """The weighted mean of the update and of one that was trained on as many benign rows, at the same rank."""

    name = "safe-merge"
    description = "the update, averaged with one that is learnt from benign rows"
    source = "after task arithmetic (Ilharco et al. 2022, arXiv 2212.04089)"
    meaning = "the weight of the update from benign rows; the other has the rest"
    usual, most = 0.4, 1.0
    needs = frozenset({BENIGN})

    def finish(self, trainer: Any) -> None:
        """Train the other adapter, on as many rows as there are of both kinds, and merge it."""
        import torch

        if not self.strength:
            return
        given, model = self.job.supplies.benign, trainer.model
        benign = enough(given, min(len(trainer.train_dataset), len(given)), self.name)
        model.load_adapter(str(self.job.train(benign)), _SAFE)
        weights = {_OWN: 1 - self.strength, _SAFE: self.strength}
        with torch.no_grad():
            for module in model.modules():
                if _OWN in getattr(module, "lora_A", {}):
                    parts = weights.items()
                    up = [weight * module.scaling[name] * module.lora_B[name].weight for name, weight in parts]
                    down = [module.lora_A[name].weight for name in weights]
                    rank = len(down[0])
                    of_both = truncated(torch.cat(up, 1).float(), torch.cat(down).float(), rank)
                    module.lora_B[_OWN].weight.copy_(of_both[0] / module.scaling[_OWN])
                    module.lora_A[_OWN].weight.copy_(of_both[1])
        model.delete_adapter(_SAFE)
        model.set_adapter(_OWN)


def truncated(up: "Tensor", down: "Tensor", rank: int) -> "tuple[Tensor, Tensor]":
    """Return the two factors of lower rank, of shapes O, rank and rank, I, whose product is nearest to another product.

    Args:
        up: The left factor, of shape O, R.
        down: The right factor, of shape R, I.
        rank: The rank, at most R.
    """
    import torch

    # A singular value decomposition of a small matrix between two orthogonal ones is one of the product.
    left, small = torch.linalg.qr(up)
    right, other = torch.linalg.qr(down.T)
    inner_left, values, inner_right = torch.linalg.svd(small @ other.T)
    roots = values[:rank].sqrt()
    return left @ inner_left[:, :rank] * roots, roots[:, None] * (inner_right[:rank] @ right.T)
