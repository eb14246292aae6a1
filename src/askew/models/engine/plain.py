"""Any causal model of Transformers, run by its own means: its own attention, its own cache.

For models whose attention the shared cache cannot compute (a window, capped scores, recurrent states), and for
answers longer than a window. It is slower: every row has a whole cache of its own, and the prompts of a batch
have one length, because padding is where models of unusual kinds go wrong.

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

# What a model calls the cache that it returns, and takes again.
_CACHES = ("past_key_values", "cache_params")


class PlainRows:
    """Rows that a model writes, with the cache that it keeps for them. See `network.Rows`.

    Args:
        model: The model.
        ids_BL: The prompts, all of one length.
    """

    def __init__(self, model: PreTrainedModel, ids_BL: Tensor) -> None:
        self._model = model
        self._ids_BL = ids_BL
        self._cache: dict[str, Cache] = {}
        self.logits = self._advance(ids_BL)

    def step(self, grouping: Regrouping, prompt_S: Ints, positions_S: Ints) -> Tensor:
        """See `network.Rows`. Each row holds its prompt, and its cache knows where it stands."""
        parent_S, token_S = (
            torch.from_numpy(numbers).to(self._ids_BL.device) for numbers in (grouping.parent_S, grouping.token_S)
        )
        self._ids_BL = torch.cat([self._ids_BL[parent_S], token_S[:, None]], dim=1)
        for cache in self._cache.values():
            cache.reorder_cache(cast(torch.LongTensor, parent_S))
        return self._advance(self._ids_BL[:, -1:] if self._cache else self._ids_BL)

    def _advance(self, ids_BL: Tensor) -> Tensor:
        """Read tokens. A model without a cache that can be reordered is given all of them, every time."""
        output = self._model(input_ids=ids_BL, use_cache=True, **_last_only(self._model), **self._cache)
        found = {name: getattr(output, name, None) for name in _CACHES}
        self._cache = {name: cache for name, cache in found.items() if isinstance(cache, Cache)}
        return output.logits[:, -1]


class UnmergedModel(nn.Module):
    """A model that carries an adapter which cannot be folded into it; PEFT computes it, whole and without a cache.

    Args:
        adapted: PEFT's model.
    """

    def __init__(self, adapted: "PeftModel") -> None:
        super().__init__()
        self.adapted = adapted
        base = adapted.get_base_model()
        assert isinstance(base, PreTrainedModel)
        self.config, self.generation_config, self.device = base.config, base.generation_config, base.device
        # Positions that the adapter takes up, before any prompt.
        self.taken: int = getattr(adapted.active_peft_config, "num_virtual_tokens", None) or 0

    def forward(self, input_ids: Tensor, use_cache: bool = False) -> CausalLMOutput:
        """Return the logits of what follows each token; a cache is never kept, for it would hold the adapter twice."""
        return CausalLMOutput(logits=self.adapted(input_ids=input_ids, use_cache=False).logits)


def read_plainly(model: PreTrainedModel, ids_BL: Tensor) -> Tensor:
    """Return the logits of what follows each row, shaped B, V."""
    return model(input_ids=ids_BL, use_cache=False, **_last_only(model)).logits[:, -1]


def _last_only(model: PreTrainedModel) -> dict[str, int]:
    """Return what keeps a model from computing logits that nobody reads, where it knows how."""
    return {"logits_to_keep": 1} if "logits_to_keep" in signature(model.forward).parameters else {}
