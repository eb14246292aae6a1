"""A key-value cache in which what rows share is stored once, and the attention that reads it.

Many answers to few prompts: the keys and values of the prompts are kept a single time, side by side, and a
mask lets each row see its own prompt; only what a row has said itself is kept by row. A step then reads a
fraction of the memory that a cache of whole rows needs, and reading memory is what decoding spends its time
on.

Shapes: B rows, H key-value heads, g query heads for each of them, d head width (of keys or of values: some
models have two), P prompt tokens, T row tokens.
"""

from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache, DynamicLayer

# Keys and values of one row by layer, each shaped 1, H, tokens, d.
States = list[tuple[Tensor, Tensor]]

_FIRST_ROOM = 32


class SharedPromptLayer(DynamicLayer):
    """The keys and values of one layer: those of the prompts once, and those of each row.

    Args:
        prompt_keys_HPd: Keys of all prompts, one after the other.
        prompt_values_HPd: Their values.
        rows: The most rows that there will be.
    """

    def __init__(self, prompt_keys_HPd: Tensor, prompt_values_HPd: Tensor, rows: int) -> None:
        super().__init__()
        heads, _, width = prompt_keys_HPd.shape
        self.prompt_keys_HdP = prompt_keys_HPd.transpose(1, 2).contiguous()
        self.prompt_values_HPd = prompt_values_HPd
        self.keys_BHTd = prompt_keys_HPd.new_empty(rows, heads, _FIRST_ROOM, width)
        self.values_BHTd = prompt_values_HPd.new_empty(rows, heads, _FIRST_ROOM, prompt_values_HPd.shape[-1])
        self.length = 0
        self.is_initialized = True

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """Append one token to the first rows and return all that these rows have said."""
        if self.length == self.keys_BHTd.shape[2]:
            self.keys_BHTd = torch.cat([self.keys_BHTd, torch.empty_like(self.keys_BHTd)], dim=2)
            self.values_BHTd = torch.cat([self.values_BHTd, torch.empty_like(self.values_BHTd)], dim=2)
        rows, at = key_states.shape[0], self.length
        self.length += 1
        self.keys_BHTd[:rows, :, at] = key_states[:, :, 0]
        self.values_BHTd[:rows, :, at] = value_states[:, :, 0]
        return self.keys_BHTd[:rows, :, : self.length], self.values_BHTd[:rows, :, : self.length]

    def get_seq_length(self) -> int:
        """Return how many tokens each row has said."""
        return self.length

    def copy_rows(self, source: Tensor, target: Tensor) -> None:
        """Copy what some rows have said over others."""
        device = self.keys_BHTd.device  # the layers of a model may lie on several
        source, target = source.to(device), target.to(device)
        for states in (self.keys_BHTd, self.values_BHTd):
            states[target, :, : self.length] = states[source, :, : self.length]


class SharedPromptCache(Cache):
    """The cache of a batch of answers to one or several prompts.

    Args:
        prompts: The states of each prompt.
        rows: The most rows that there will be.
    """

    def __init__(self, prompts: list[States], rows: int) -> None:
        layers: list[SharedPromptLayer] = []
        for states in zip(*prompts, strict=True):
            keys = torch.cat([keys[0] for keys, _ in states], dim=1)
            values = torch.cat([values[0] for _, values in states], dim=1)
            layers.append(SharedPromptLayer(keys, values, rows))
        super().__init__(layers=[*layers])
        self.prompt_layers = layers
        lengths = [states[0][0].shape[2] for states in prompts]
        self._mask_GP = _mask_by_prompt(lengths, layers[0].prompt_values_HPd) if len(prompts) > 1 else None
        self.mask_B11P: Tensor | None = None

    def arrange(self, prompt_B: Tensor, source: Tensor, target: Tensor) -> None:
        """Prepare for the next token: copy rows, and give each row the prompt that it answers.

        Args:
            prompt_B: The index of the prompt of each row in use.
            source: Rows to be copied.
            target: The rows to copy them to, none of which is also a source.
        """
        if len(source):
            for layer in self.prompt_layers:
                layer.copy_rows(source, target)
        if self._mask_GP is not None:
            self.mask_B11P = self._mask_GP[prompt_B][:, None, None]


def attend(
    query_BHgd: Tensor,
    key_BHTd: Tensor,
    value_BHTd: Tensor,
    layer: SharedPromptLayer,
    mask_B11P: Tensor | None,
) -> Tensor:
    """Attend to each row's prompt and to what it has said itself.

    Args:
        query_BHgd: Queries, already divided by the root of d.
        key_BHTd: Keys of the rows' own tokens.
        value_BHTd: Their values.
        layer: Where the prompts' keys and values are.
        mask_B11P: What keeps a row from the prompts of others, if there are several.

    Returns:
        What was attended to, shaped B, H, g, d.
    """
    rows, heads, _, width = query_BHgd.shape
    prompt_tokens, value_width = layer.prompt_values_HPd.shape[1:]
    own_BHgT = torch.matmul(query_BHgd, key_BHTd.transpose(2, 3))
    query_Hxd = query_BHgd.transpose(0, 1).reshape(heads, -1, width)
    on_keys_HxP = torch.bmm(query_Hxd, layer.prompt_keys_HdP)
    scores = torch.cat([on_keys_HxP.view(heads, rows, -1, prompt_tokens).transpose(0, 1), own_BHgT], dim=-1)
    if mask_B11P is not None:
        scores[..., :prompt_tokens] += mask_B11P.to(scores.device)
    weights = torch.softmax(scores, dim=-1, dtype=torch.float32).to(value_BHTd.dtype)
    on_prompt_HxP = weights[..., :prompt_tokens].transpose(0, 1).reshape(heads, -1, prompt_tokens)
    from_prompt_Hxd = torch.bmm(on_prompt_HxP, layer.prompt_values_HPd)
    mixed = torch.matmul(weights[..., prompt_tokens:], value_BHTd)
    mixed += from_prompt_Hxd.view(heads, rows, -1, value_width).transpose(0, 1)
    return mixed


def _mask_by_prompt(lengths: list[int], like: Tensor) -> Tensor:
    """Return, for each prompt, 0 at its own tokens and minus infinity at those of the others."""
    number = torch.arange(len(lengths), device=like.device)
    owner = torch.repeat_interleave(number, torch.tensor(lengths, device=like.device))
    return torch.where(owner == number[:, None], 0.0, -torch.inf).to(like.dtype)
