"""A key-value cache that stores shared prompts once, and the attention that reads it.

For many answers to few prompts, the keys and values of all prompts are stored once, side by side, and a mask lets each
row attend only to its own prompt. Only generated tokens are stored per row. A step then reads a fraction of the memory
that a usual cache needs, and reading memory takes most of the time of decoding. With many prompts, most of the
attention to shared prompts would be masked, so each row stores its own prompt instead, padded on the left.

Shapes: B rows, G prompts, H key-value heads, g query heads per key-value head, d head width (which may differ between
keys and values), P prompt tokens, T tokens stored per row.
"""

from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache, DynamicLayer

# Keys and values of one row for each layer, each of shape 1, H, tokens, d.
States = list[tuple[Tensor, Tensor]]

_INITIAL_ROOM = 32
# With more prompts than this, computing masked attention takes longer than reading a prompt per row.
_MAX_SHARED_PROMPTS = 8


class SharedPromptLayer(DynamicLayer):
    """The keys and values of one layer: those of the shared prompts, and those of each row.

    Args:
        prompts: Keys and values of each prompt, each of shape 1, H, P, d.
        rows: Maximum number of rows.
    """

    def __init__(self, prompts: list[tuple[Tensor, Tensor]], rows: int) -> None:
        super().__init__()
        keys, values = ([states[i][0] for states in prompts] for i in (0, 1))
        shared = slice(None) if len(prompts) <= _MAX_SHARED_PROMPTS else slice(0)
        self.prompt_keys_HdP = torch.cat([key[:, shared] for key in keys], dim=1).transpose(1, 2).contiguous()
        self.prompt_values_HPd = torch.cat([value[:, shared] for value in values], dim=1)
        self.keys_BHTd, self.values_BHTd = (_row_memory(states, rows, shared.stop is None) for states in (keys, values))
        self._first = self.length = self.keys_BHTd.shape[2] - _INITIAL_ROOM
        self.is_initialized = True

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """Append one token to each of the first rows, and return their keys and values.

        Args:
            key_states: Keys of the token, of shape B, H, 1, d.
            value_states: Values of the token, of shape B, H, 1, d.
            *args: Ignored.
            **kwargs: Ignored.

        Returns:
            Keys and values of the first B rows, each of shape B, H, T, d; without shared prompts.
        """
        if self.length == self.keys_BHTd.shape[2]:
            more = max(_INITIAL_ROOM, self.length - self._first)
            self.keys_BHTd, self.values_BHTd = (
                torch.cat([states, torch.empty_like(states[:, :, :1]).expand(-1, -1, more, -1)], dim=2)
                for states in (self.keys_BHTd, self.values_BHTd)
            )
        rows, at = key_states.shape[0], self.length
        self.length += 1
        self.keys_BHTd[:rows, :, at] = key_states[:, :, 0]
        self.values_BHTd[:rows, :, at] = value_states[:, :, 0]
        return self.keys_BHTd[:rows, :, : self.length], self.values_BHTd[:rows, :, : self.length]

    def get_seq_length(self) -> int:
        """Return the number of tokens that are stored per row."""
        return self.length

    def copy_rows(self, source: Tensor, target: Tensor) -> None:
        """Copy the keys and values of the rows `source` to the rows `target`, two indices of shape (copies,)."""
        device = self.keys_BHTd.device  # the layers of a model may be on several devices
        source, target = source.to(device), target.to(device)
        for states in (self.keys_BHTd, self.values_BHTd):
            states[target, :, : self.length] = states[source, :, : self.length]


class SharedPromptCache(Cache):
    """The cache of a batch of answers to one or more prompts.

    Args:
        prompts: Keys and values of each prompt.
        rows: Maximum number of rows.
    """

    def __init__(self, prompts: list[States], rows: int) -> None:
        layers = [SharedPromptLayer(list(states), rows) for states in zip(*prompts, strict=True)]
        super().__init__(layers=[*layers])
        self.prompt_layers = layers
        lengths = torch.tensor([states[0][0].shape[2] for states in prompts], device=layers[0].keys_BHTd.device)
        sees_GP = _own_prompt(lengths) if layers[0].length == 0 else _not_padding(lengths)
        mask_GP = torch.where(sees_GP, 0.0, -torch.inf).to(layers[0].keys_BHTd.dtype)
        self._mask_GP = None if sees_GP.all() else mask_GP
        self.mask_B11P: Tensor | None = None

    def arrange(self, prompt_B: Tensor, source: Tensor, target: Tensor) -> None:
        """Prepare for the next token: copy rows, and set the mask of each row for its prompt.

        Args:
            prompt_B: Index of the prompt of each row in use.
            source: Indices of the rows to copy, of shape (copies,).
            target: Indices of the rows to overwrite, of the same shape; none of them is also a source.
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
    """Return the attention of each row to its prompt and to its own tokens.

    Args:
        query_BHgd: Queries, already scaled by the inverse square root of d.
        key_BHTd: Keys stored per row.
        value_BHTd: Values stored per row.
        layer: The layer with the keys and values of shared prompts.
        mask_B11P: Minus infinity where a row must not attend, and 0 elsewhere; None for no mask.

    Returns:
        The weighted values, of shape B, H, g, d.
    """
    rows, heads, _, width = query_BHgd.shape
    prompt_tokens, value_width = layer.prompt_values_HPd.shape[1:]
    scores = torch.matmul(query_BHgd, key_BHTd.transpose(2, 3))
    if prompt_tokens:
        query_Hxd = query_BHgd.transpose(0, 1).reshape(heads, -1, width)
        on_keys_HxP = torch.bmm(query_Hxd, layer.prompt_keys_HdP)
        scores = torch.cat([on_keys_HxP.view(heads, rows, -1, prompt_tokens).transpose(0, 1), scores], dim=-1)
    if mask_B11P is not None:
        scores[..., : mask_B11P.shape[-1]] += mask_B11P.to(scores.device)
    weights = torch.softmax(scores, dim=-1, dtype=torch.float32).to(value_BHTd.dtype)
    mixed = torch.matmul(weights[..., prompt_tokens:], value_BHTd)
    if prompt_tokens:
        on_prompt_HxP = weights[..., :prompt_tokens].transpose(0, 1).reshape(heads, -1, prompt_tokens)
        from_prompt_Hxd = torch.bmm(on_prompt_HxP, layer.prompt_values_HPd)
        mixed += from_prompt_Hxd.view(heads, rows, -1, value_width).transpose(0, 1)
    return mixed


def _row_memory(prompts: list[Tensor], rows: int, shared: bool) -> Tensor:
    """Return memory for the tokens of each row, of shape B, H, T, d, beginning with prompts that are not shared."""
    heads, _, width = prompts[0].shape
    longest = 0 if shared else max(prompt.shape[1] for prompt in prompts)
    room = prompts[0].new_zeros(rows, heads, longest + _INITIAL_ROOM, width)
    for row, prompt in enumerate(() if shared else prompts):
        room[row, :, longest - prompt.shape[1] : longest] = prompt
    return room


def _own_prompt(lengths_G: Tensor) -> Tensor:
    """Return which tokens of prompts that are stored side by side belong to each prompt, of shape G, P."""
    number = torch.arange(len(lengths_G), device=lengths_G.device)
    return torch.repeat_interleave(number, lengths_G) == number[:, None]


def _not_padding(lengths_G: Tensor) -> Tensor:
    """Return which tokens of left-padded prompts are not padding, of shape G, P."""
    longest = int(lengths_G.max())
    return torch.arange(longest, device=lengths_G.device) >= longest - lengths_G[:, None]
