"""Runs any causal model of Transformers with its own attention and its own cache.

This is for models that the shared cache does not support (sliding windows, capped scores, recurrent states), and for
answers that reach beyond a window. It is slower: every row has its own cache, and all prompts of a batch must have the
same length, because unusual models often handle padding wrongly.

Shapes: B rows, S rows of a step, L tokens, V vocabulary.
"""

from inspect import signature
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.cache_utils import Cache
from transformers.modeling_outputs import CausalLMOutput

from askew.models.engine.branches import Ints, Regrouping

if TYPE_CHECKING:
    from peft import PeftModel


class PlainRows:
    """Rows that a model generates with its own cache. See `network.Rows`.

    Args:
        model: The model.
        ids_BL: Token ids of the prompts, which have the same length.
    """

    def __init__(self, model: PreTrainedModel, ids_BL: Tensor) -> None:
        self._model = model
        self._ids_BL = ids_BL
        self._cache: Cache | None = None
        self.logits = self._advance(ids_BL)

    def step(self, grouping: Regrouping, prompt_S: Ints, positions_S: Ints) -> Tensor:
        """See `network.Rows`. The prompts and positions are ignored, because the cache of each row includes them."""
        parent_S, token_S = (
            torch.from_numpy(numbers).to(self._ids_BL.device) for numbers in (grouping.parent_S, grouping.token_S)
        )
        self._ids_BL = torch.cat([self._ids_BL[parent_S], token_S[:, None]], dim=1)
        if self._cache is not None:
            self._cache.reorder_cache(cast(torch.LongTensor, parent_S))
        return self._advance(self._ids_BL[:, -1:] if self._cache is not None else self._ids_BL)

    def _advance(self, ids_BL: Tensor) -> Tensor:
        """Return the logits after more tokens, of shape S, V; all tokens are needed if there is no cache to reorder."""
        given = {"cache": self._cache} if self._cache is not None else {}
        output = self._model(input_ids=ids_BL, use_cache=True, **_last_only(self._model), **given)
        found = getattr(output, "cache", None)
        self._cache = found if isinstance(found, Cache) else None
        return output.logits[:, -1]


class UnmergedModel(nn.Module):
    """A model with an adapter that cannot be merged; PEFT computes all tokens at every step, without a cache.

    Args:
        adapted: The model with its adapter.
    """

    def __init__(self, adapted: "PeftModel") -> None:
        super().__init__()
        self.adapted = adapted
        base = adapted.get_base_model()
        assert isinstance(base, PreTrainedModel)
        self.config, self.generation_config = base.config, base.generation_config
        self.device, self.dtype = base.device, base.dtype
        # Positions that the adapter occupies before the prompt.
        self.virtual_positions: int = getattr(adapted.active_peft_config, "num_virtual_tokens", None) or 0

    def forward(self, input_ids: Tensor, use_cache: bool = False) -> CausalLMOutput:
        """Return the logits after each token, of shape B, L, V, for token ids of shape B, L.

        There is no cache, because it would contain the adapter twice.
        """
        return CausalLMOutput(logits=self.adapted(input_ids=input_ids, use_cache=False).logits)


def next_logits(model: PreTrainedModel, ids_BL: Tensor) -> Tensor:
    """Return the logits after the last token of each row, of shape B, V."""
    return model(input_ids=ids_BL, use_cache=False, **_last_only(model)).logits[:, -1]


def _last_only(model: PreTrainedModel) -> dict[str, int]:
    """Return the argument that limits a model to the logits of the last token; empty if it has no such argument."""
    return {"logits_to_keep": 1} if "logits_to_keep" in signature(model.forward).parameters else {}
