"""What the engine computes with: three ways to run a network, and how any model of Transformers runs them.

Shapes: B rows, S rows of a step, L tokens, P tokens of a shared prefix, E ends, V vocabulary.
"""

from typing import Any, Protocol

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel
from transformers.cache_utils import Cache, DynamicLayer
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from askew.errors import AskewError
from askew.models.attention import SharedPromptCache, States, attend

_ATTENTION = "askew_shared_prompt"


class Network(Protocol):
    """A network that tells what comes next."""

    device: torch.device

    def prefill(self, ids_BL: Tensor) -> tuple[list[States], Tensor]:
        """Return the states of each row, and the logits of what follows it, shaped B, V."""
        ...

    def step(self, cache: SharedPromptCache, ids_S: Tensor, positions_S: Tensor) -> Tensor:
        """Add one token to each row of a cache and return the logits of what follows, shaped S, V."""
        ...

    def read(
        self, ids_BL: Tensor, positions_BL: Tensor, mask_B1LX: Tensor, prefix: States | None, ends_E: Tensor
    ) -> Tensor:
        """Return the logits of what follows certain tokens of each row.

        Args:
            ids_BL: The rows.
            positions_BL: Where each token stands.
            mask_B1LX: What each may attend to, of the prefix and of its row: X = P + L.
            prefix: The states of what comes before all the rows, or None.
            ends_E: The columns of the tokens in question.

        Returns:
            Logits shaped B, E, V.
        """
        ...


class TransformersNetwork:
    """Runs any model of Transformers that takes its attention from the registry and attends in full.

    Args:
        model: The model, in evaluation mode and where it is to compute. Its attention is replaced.

    Raises:
        AskewError: The model's attention is of another kind.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        config = model.config.get_text_config()
        if not model._supports_attention_backend or getattr(config, "attn_logit_softcapping", None):
            raise AskewError(
                f"models of the type {config.model_type!r} cannot be sampled locally: their attention is of an "
                "unusual kind. Serve the model with vLLM, and name it vllm/…"
            )
        model.set_attn_implementation(_ATTENTION)
        self._model = model
        self.device = model.device

    def prefill(self, ids_BL: Tensor) -> tuple[list[States], Tensor]:
        """See `Network.prefill`."""
        cache = DynamicCache()
        output = self._model(input_ids=ids_BL, past_key_values=cache, use_cache=True, logits_to_keep=1)
        layers = [_contents(layer) for layer in cache.layers]
        rows = range(len(ids_BL))
        states = [[(keys[row : row + 1], values[row : row + 1]) for keys, values in layers] for row in rows]
        return states, output.logits[:, -1]

    def step(self, cache: SharedPromptCache, ids_S: Tensor, positions_S: Tensor) -> Tensor:
        """See `Network.step`."""
        output = self._model(
            input_ids=ids_S[:, None],
            position_ids=positions_S[:, None],
            past_key_values=cache,
            use_cache=True,
            shared=cache,
        )
        return output.logits[:, -1]

    def read(
        self, ids_BL: Tensor, positions_BL: Tensor, mask_B1LX: Tensor, prefix: States | None, ends_E: Tensor
    ) -> Tensor:
        """See `Network.read`."""
        rows = len(ids_BL)
        cache = None if prefix is None else Cache(layers=[_repeated(*pair, rows) for pair in prefix])
        output = self._model(
            input_ids=ids_BL,
            position_ids=positions_BL,
            attention_mask=mask_B1LX,
            past_key_values=cache,
            use_cache=cache is not None,
            logits_to_keep=ends_E,
        )
        return output.logits


def _attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    shared: SharedPromptCache | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Attend as Transformers asks for it: to a shared cache if there is one, else as always."""
    if shared is None:
        return sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **kwargs)
    assert isinstance(module.layer_idx, int)
    rows, heads, _, width = key.shape
    scaled = query.reshape(rows, heads, -1, width) * (width**-0.5 if scaling is None else scaling)
    mixed = attend(scaled, key, value, shared.prompt_layers[module.layer_idx], shared.mask_B11P)
    return mixed.reshape(rows, 1, -1, width), None


ALL_ATTENTION_FUNCTIONS.register(_ATTENTION, _attention)


def _contents(layer: object) -> tuple[Tensor, Tensor]:
    assert isinstance(layer, DynamicLayer)
    assert layer.keys is not None
    assert layer.values is not None
    return layer.keys, layer.values


def _repeated(keys: Tensor, values: Tensor, rows: int) -> DynamicLayer:
    """Return a cache layer in which every row begins with the same tokens, without copying them."""
    layer = DynamicLayer()
    layer.lazy_initialization(keys, values)
    layer.keys, layer.values = keys.expand(rows, -1, -1, -1), values.expand(rows, -1, -1, -1)
    return layer
