"""Defines the forward passes that the engine needs, and implements them for most models of Transformers.

Shapes: B rows, S rows of a step, L tokens, P tokens of a shared prefix, E columns of interest, V vocabulary.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel
from transformers.cache_utils import Cache, DynamicLayer, DynamicSlidingWindowLayer
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from askew.models.engine.attention import SharedPromptCache, States, attend
from askew.models.engine.branches import Ints, Regrouping

_ATTENTION = "askew_shared_prompt"


class Network(Protocol):
    """A network that computes next-token logits.

    Attributes:
        device: The device of its inputs and outputs.
    """

    device: torch.device

    def prefill(self, ids_BL: Tensor) -> tuple[list[States], Tensor]:
        """Return the keys and values of each row, and the logits after its last token, of shape B, V.

        Args:
            ids_BL: Token ids, without padding.
        """
        ...

    def step(self, cache: SharedPromptCache, ids_S: Tensor, positions_S: Tensor) -> Tensor:
        """Append one token to each row of a cache, and return the logits after it, of shape S, V.

        Args:
            cache: The cache, whose first S rows are in use.
            ids_S: The token of each row.
            positions_S: The position of each token.
        """
        ...

    def read(
        self, ids_BL: Tensor, positions_BL: Tensor, mask_B1LX: Tensor, prefix: States | None, ends_E: Tensor
    ) -> Tensor:
        """Return the logits after certain tokens of each row.

        Args:
            ids_BL: Token ids.
            positions_BL: The position of each token.
            mask_B1LX: The tokens of the prefix and the row that each token may attend to, as booleans; X = P + L.
            prefix: Keys and values of a prefix that all rows share; None for no prefix.
            ends_E: The columns of the tokens.

        Returns:
            Logits of shape B, E, V.
        """
        ...


class Rows(Protocol):
    """Rows that a model generates one token at a time.

    Attributes:
        logits: Logits after each prompt, of shape prompts, V.
    """

    logits: Tensor

    def step(self, grouping: Regrouping, prompt_S: Ints, positions_S: Ints) -> Tensor:
        """Append one token to each row, and return the logits after it, of shape S, V.

        Args:
            grouping: The rows after this step, with their new tokens.
            prompt_S: The index of the prompt of each row.
            positions_S: The position of the new token of each row.
        """
        ...


class SharedRows:
    """Rows that share the stored states of their prompts. See `Rows`.

    Args:
        network: The network that generates them.
        states: Keys and values of each prompt.
        logits: Logits after each prompt, of shape prompts, V.
        rows: Maximum number of rows.
    """

    def __init__(self, network: Network, states: list[States], logits: Tensor, rows: int) -> None:
        self._network = network
        self._cache = SharedPromptCache(states, rows)
        self.logits = logits

    def step(self, grouping: Regrouping, prompt_S: Ints, positions_S: Ints) -> Tensor:
        """See `Rows`."""
        device = self._network.device
        arrays = (prompt_S, grouping.source, grouping.target, grouping.token_S, positions_S)
        prompt, source, target, token, positions = (torch.from_numpy(numbers).to(device) for numbers in arrays)
        self._cache.arrange(prompt, source, target)
        return self._network.step(self._cache, token, positions)


class TransformersNetwork:
    """Runs models of Transformers that support attention functions from the registry.

    Args:
        model: A model in evaluation mode, on its final device, for which `shares_prompts` returns True.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        self.device = model.device

    def prefill(self, ids_BL: Tensor) -> tuple[list[States], Tensor]:
        """See `Network.prefill`."""
        cache = DynamicCache()
        with _shared_attention(self._model):
            output = self._model(input_ids=ids_BL, cache=cache, use_cache=True, logits_to_keep=1)
        layers = [_keys_and_values(layer) for layer in cache.layers]
        rows = range(len(ids_BL))
        states = [[(keys[row : row + 1], values[row : row + 1]) for keys, values in layers] for row in rows]
        return states, output.logits[:, -1]

    def step(self, cache: SharedPromptCache, ids_S: Tensor, positions_S: Tensor) -> Tensor:
        """See `Network.step`."""
        with _shared_attention(self._model):
            output = self._model(
                input_ids=ids_S[:, None],
                position_ids=positions_S[:, None],
                cache=cache,
                use_cache=True,
                shared=cache,
            )
        return output.logits[:, -1]

    def read(
        self, ids_BL: Tensor, positions_BL: Tensor, mask_B1LX: Tensor, prefix: States | None, ends_E: Tensor
    ) -> Tensor:
        """See `Network.read`."""
        rows = len(ids_BL)
        cache = None if prefix is None else Cache(layers=[_shared_by_rows(*pair, rows) for pair in prefix])
        with _shared_attention(self._model):
            output = self._model(
                input_ids=ids_BL,
                position_ids=positions_BL,
                attention_mask=mask_B1LX,
                cache=cache,
                use_cache=cache is not None,
                logits_to_keep=ends_E,
            )
        return output.logits


def shares_prompts(model: PreTrainedModel) -> bool:
    """Return whether `TransformersNetwork` supports a model, by its configuration and by comparing a few logits.

    The comparison finds models with attention that is not visible in the configuration and that ours does not support,
    such as sinks or position biases. Otherwise they would silently be sampled with wrong probabilities.
    """
    config = model.config.get_text_config()
    if not model._supports_attention_backend or getattr(config, "attn_logit_softcapping", None):
        return False
    usual = (DynamicLayer, DynamicSlidingWindowLayer)
    if any(type(layer) not in usual for layer in DynamicCache(config=config).layers):
        return False
    try:
        shared, own = _compare_logits(model)
    except (TypeError, ValueError, RuntimeError):
        return False
    tolerance = 1e-3 if own.dtype == torch.float32 else 0.05
    return bool((shared - own).float().norm() < tolerance * (own - own.mean()).float().norm())


@torch.inference_mode()
def _compare_logits(model: PreTrainedModel) -> tuple[Tensor, Tensor]:
    """Return the logits after a few tokens, with a shared prompt and with the model's own attention, of shape V."""
    ids = torch.arange(1, 9, device=model.device)
    own = model(input_ids=ids[None], use_cache=False).logits[0, -1]
    network = TransformersNetwork(model)
    states, shared = network.prefill(ids[None, :6])
    cache = SharedPromptCache(states, rows=1)
    for place in (6, 7):
        shared = network.step(cache, ids[place : place + 1], torch.tensor([place], device=model.device))
    return shared[0], own


@contextmanager
def _shared_attention(model: PreTrainedModel) -> Iterator[None]:
    """Let a model use `_attention` in this block, and its own attention again afterwards, for `plain` and for PEFT."""
    own = model.config._attn_implementation
    model.config._attn_implementation = _ATTENTION
    try:
        yield
    finally:
        model.config._attn_implementation = own


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
    """Compute attention for Transformers: with a shared cache if there is one, and as usual otherwise."""
    if shared is None:
        return sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **kwargs)
    assert isinstance(module.layer_idx, int)
    rows, heads, _, width = key.shape
    scaled = query.reshape(rows, heads, -1, width) * (width**-0.5 if scaling is None else scaling)
    mixed = attend(scaled, key, value, shared.prompt_layers[module.layer_idx], shared.mask_B11P)
    return mixed.reshape(rows, 1, -1, value.shape[-1]), None


ALL_ATTENTION_FUNCTIONS.register(_ATTENTION, _attention)


def _keys_and_values(layer: object) -> tuple[Tensor, Tensor]:
    assert isinstance(layer, DynamicLayer)
    assert layer.keys is not None
    assert layer.values is not None
    return layer.keys, layer.values


def _shared_by_rows(keys: Tensor, values: Tensor, rows: int) -> DynamicLayer:
    """Return a cache layer in which all rows begin with the same tokens, without copying these."""
    layer = DynamicLayer()
    layer.lazy_initialization(keys, values)
    layer.keys, layer.values = keys.expand(rows, -1, -1, -1), values.expand(rows, -1, -1, -1)
    return layer
