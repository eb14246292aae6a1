"""Computes how many answers fit memory at once, before they are begun.

On a processor, too large a batch is not refused: the system ends the process instead.
"""

import math
import sys

import torch
from transformers import PreTrainedModel

from askew.base.memory import own_share

# The rest is for the states of a forward pass and for other processes.
_SHARE_FOR_CACHE = 0.5
# The cache of the answers grows by doubling, and a layer's old and new memory exist together for a moment.
_GROWTH = 2
_SIZES = ("num_hidden_layers", "num_attention_heads", "hidden_size")


def bytes_per_token(model: PreTrainedModel) -> int:
    """Return the bytes that the cache of a model takes for one token of one answer; 0 if it grows by no tokens."""
    config = model.config.get_text_config()
    layers, heads, size = (getattr(config, name, 0) for name in _SIZES)
    kept = getattr(config, "num_key_value_heads", None) or heads
    width = getattr(config, "head_dim", None) or (heads and size // heads)
    numbers = (layers, kept, width)
    if not all(isinstance(number, int) for number in numbers):  # different in each layer
        return 0
    return 2 * math.prod(numbers) * model.dtype.itemsize


def rows_in_memory(model: PreTrainedModel, prompt: int, answer: int) -> int:
    """Return how many answers the memory holds at once; at least 1.

    Args:
        model: The model on its final device.
        prompt: The tokens of the longest prompt.
        answer: The most tokens of an answer.
    """
    free = torch.cuda.mem_get_info(model.device)[0] if model.device.type == "cuda" else own_share()
    row = bytes_per_token(model) * (prompt + _GROWTH * answer)
    return max(1, int(_SHARE_FOR_CACHE * free / row)) if row else sys.maxsize
