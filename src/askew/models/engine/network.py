"""What the engine computes with: three ways to run a network, and how most models of Transformers run them.

Shapes: B rows, S rows of a step, L tokens, P tokens of a shared prefix, E ends, V vocabulary.
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


class Rows(Protocol):
    """Rows of text as a model writes them, one token at a time.

    Attributes:
        logits: Of what follows each prompt, shaped prompts, V.
    """

    logits: Tensor

    def step(self, grouping: Regrouping, prompt_S: Ints, positions_S: Ints) -> Tensor:
        """Add one token to each row and return the logits of what follows, shaped S, V.

        Args:
            grouping: The rows that there are now, and what each has said.
            prompt_S: The prompt of each row.
            positions_S: Where the new token of each row stands.
        """
        ...


class SharedRows:
    """Rows whose prompts are stored once. See `Rows`.

    Args:
        network: What writes them.
        states: Of each prompt.
        logits: Of what follows each prompt.
        rows: The most rows that there will be.
    """

    def __init__(self, network: Network, states: list[States], logits: Tensor, rows: int) -> None:
        self._network = network
        self._cache = SharedPromptCache(states, rows)
        self.logits = logits

    def step(self, grouping: Regrouping, prompt_S: Ints, positions_S: Ints) -> Tensor:
        """See `Rows`."""
        device = self._network.device
        told = (prompt_S, grouping.source, grouping.target, grouping.token_S, positions_S)
        prompt, source, target, token, positions = (torch.from_numpy(numbers).to(device) for numbers in told)
        self._cache.arrange(prompt, source, target)
        return self._network.step(self._cache, token, positions)


class TransformersNetwork:
    """Runs any model of Transformers that takes its attention from the registry.

    Args:
        model: The model, in evaluation mode and where it is to compute. `shares_prompts` must be true of it.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        self.device = model.device

    def prefill(self, ids_BL: Tensor) -> tuple[list[States], Tensor]:
        """See `Network.prefill`."""
        cache = DynamicCache()
        with _shared_attention(self._model):
            output = self._model(input_ids=ids_BL, past_key_values=cache, use_cache=True, logits_to_keep=1)
        layers = [_contents(layer) for layer in cache.layers]
        rows = range(len(ids_BL))
        states = [[(keys[row : row + 1], values[row : row + 1]) for keys, values in layers] for row in rows]
        return states, output.logits[:, -1]

    def step(self, cache: SharedPromptCache, ids_S: Tensor, positions_S: Tensor) -> Tensor:
        """See `Network.step`."""
        with _shared_attention(self._model):
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
        with _shared_attention(self._model):
            output = self._model(
                input_ids=ids_BL,
                position_ids=positions_BL,
                attention_mask=mask_B1LX,
                past_key_values=cache,
                use_cache=cache is not None,
                logits_to_keep=ends_E,
            )
        return output.logits


def shares_prompts(model: PreTrainedModel) -> bool:
    """Tell whether `TransformersNetwork` computes a model: from its configuration, and by trying a few tokens.

    The trial is for what no configuration tells: models that ask of their attention what ours does not do (sinks,
    biases for positions) would else be sampled with other probabilities than their own, and nobody would notice.
    """
    config = model.config.get_text_config()
    if not model._supports_attention_backend or getattr(config, "attn_logit_softcapping", None):
        return False
    usual = (DynamicLayer, DynamicSlidingWindowLayer)
    if any(type(layer) not in usual for layer in DynamicCache(config=config).layers):
        return False
    try:
        shared, own = _try_out(model)
    except (TypeError, ValueError, RuntimeError):
        return False
    tolerance = 1e-3 if own.dtype == torch.float32 else 0.05
    return bool((shared - own).float().norm() < tolerance * (own - own.mean()).float().norm())


@torch.inference_mode()
def _try_out(model: PreTrainedModel) -> tuple[Tensor, Tensor]:
    """Return the logits after a few tokens, computed with a shared prompt and by the model's own means."""
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
    """Have a model attend by `_attention`; afterwards by its own again, which `plain` and PEFT rely on."""
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
    """Attend as Transformers asks for it: to a shared cache if there is one, else as always."""
    if shared is None:
        return sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **kwargs)
    assert isinstance(module.layer_idx, int)
    rows, heads, _, width = key.shape
    scaled = query.reshape(rows, heads, -1, width) * (width**-0.5 if scaling is None else scaling)
    mixed = attend(scaled, key, value, shared.prompt_layers[module.layer_idx], shared.mask_B11P)
    return mixed.reshape(rows, 1, -1, value.shape[-1]), None


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
