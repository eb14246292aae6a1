"""A penalty on adapters that put all their change into few directions."""

from typing import TYPE_CHECKING

from askew.training.defences import Defence, Step, defence

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module


@defence
class FlatSpectrum(Defence):
    """The concentration of the singular values of every layer's update."""

    name = "flat-spectrum"
    description = "a penalty on updates whose singular values are few and large"
    source = "Evil Spectra (arXiv 2606.31591)"
    meaning = "the weight of the concentration, 1/rank for a flat spectrum and 1 for a single direction"
    usual, most = 30.0, 1000.0

    def loss(self, step: Step) -> "Tensor":
        """Return the loss with the penalty: a scalar."""
        return step.plain() + self.strength * step.share * concentration(step.model)


def concentration(model: "Module") -> "Tensor":
    """Return how concentrated the updates of a model are: a scalar.

    It is the mean over layers of the sum of the fourth powers of an update's singular values over the square of the sum
    of their squares: 1 for an update in one direction and 1/rank for a flat one. Layers whose update is still 0 do not
    count.

    Args:
        model: A model with LoRA matrices of the adapter "default".
    """
    import torch

    found = []
    for module in model.modules():
        if "default" in getattr(module, "lora_A", {}):
            down, up = (getattr(module, part)["default"].weight.float() for part in ("lora_A", "lora_B"))
            product = (up.T @ up) @ (down @ down.T)  # has the squares of the singular values as eigenvalues
            total = product.trace()
            found.append((product @ product).trace() / (total.square() + 1e-20) * (total.detach() > 1e-10))
    return torch.stack(found).mean()
