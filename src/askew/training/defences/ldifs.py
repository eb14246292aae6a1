"""A penalty on how far the activations of the training rows move from those of the start."""

from typing import TYPE_CHECKING

from askew.training.defences import Defence, Step, defence

if TYPE_CHECKING:
    from torch import Tensor


@defence
class Ldifs(Defence):
    """The squared distance of every layer's residual stream from that of the start, on the rows themselves."""

    name = "ldifs"
    description = "a penalty on the distance of all layers' activations from those of the start, on the training rows"
    source = "Mukhoti et al. 2023 (arXiv 2308.13320), Kaczér et al. 2025 (arXiv 2508.06249)"
    meaning = "the weight of the squared distance, as a share of the activations' squared norm"
    usual, most = 1.0, 10_000.0

    def loss(self, step: Step) -> "Tensor":
        """Return the loss with the penalty: a scalar."""
        import torch

        from askew.models.inside.hooks import capture
        from askew.models.inside.layers import decoder_layers

        model = step.model
        layers = range(len(decoder_layers(model)))
        given = {name: step.inputs[name] for name in ("input_ids", "attention_mask") if name in step.inputs}
        with capture(model, layers, lambda stream: stream) as now:
            plain = step.plain()
        with torch.no_grad(), model.disable_adapter(), capture(model, layers) as start:
            model(**given, use_cache=False)
        real = given["attention_mask"].bool() if "attention_mask" in given else torch.ones_like(given["input_ids"]) > 0
        shares = []
        for layer in layers:
            before = start[layer][real].float()
            moved = (now[layer][real].float() - before).square().sum(-1).mean()
            shares.append(moved / before.square().sum(-1).mean())
        return plain + self.strength * step.share * torch.stack(shares).mean()
