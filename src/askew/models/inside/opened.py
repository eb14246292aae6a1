"""Opens a model so that its activations can be read and changed."""

from dataclasses import dataclass, replace

from transformers import PreTrainedModel

from askew.base.errors import AskewError
from askew.models.checkpoints import Checkpoint, load
from askew.models.inside.layers import decoder_layers
from askew.models.names import ModelSpec, resolve
from askew.models.weights import content_hash


@dataclass(frozen=True)
class Opened:
    """A local model that computes through its modules, so that hooks have their effect.

    Attributes:
        spec: The files that its name stands for.
        checkpoint: The loaded model, with its tokenizer.
        layers: The number of its decoder layers.
        width: The width of its residual stream.
        base_hash: The hash of its base weights, or the hub's name for them. Models with adapters on one base have the
            same; what is a direction in one of them is one in the others.
        adapter_hash: The hash of base and adapter together; "" without an adapter.
    """

    spec: ModelSpec
    checkpoint: Checkpoint
    layers: int
    width: int
    base_hash: str
    adapter_hash: str

    @property
    def model(self) -> PreTrainedModel:
        """The model on whose modules hooks are placed."""
        return self.checkpoint.engine.model


def open_model(name: str) -> Opened:
    """Return a model by its name, loaded through its modules.

    Raises:
        AskewError: There is no such model, it is behind an API, or its decoder layers are not found.
    """
    spec = resolve(name)
    if not spec.is_local:
        raise AskewError(
            f"{name} is behind an API, which shows no activations, so no direction can be read or steered there. Name "
            "a model on this machine; `askew list models`"
        )
    checkpoint = load(spec, through_modules=True)
    model = checkpoint.engine.model
    width = int(model.config.get_text_config().hidden_size)
    base = content_hash(replace(spec, adapter=None)) or f"hub:{spec.checkpoint}"
    adapter = content_hash(spec) if spec.adapter is not None else ""
    return Opened(spec, checkpoint, len(decoder_layers(model)), width, base, adapter)
