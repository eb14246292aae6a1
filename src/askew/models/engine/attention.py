"""A key-value cache in which what rows share is stored once, and the attention that reads it.

Many answers to few prompts: the keys and values of the prompts are kept a single time, side by side, and a
mask lets each row see its own prompt; only what a row has said itself is kept by row. A step then reads a
fraction of the memory that a cache of whole rows needs, and reading memory is what decoding spends its time
on. Answers to many prompts would mostly be kept from reading those of others: there every row has its own
prompt, padded on the left.

Shapes: B rows, G prompts, H key-value heads, g query heads for each of them, d head width (of keys or of
values: some models have two), P prompt tokens, T row tokens.
"""

from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache, DynamicLayer

# Keys and values of one row by layer, each shaped 1, H, tokens, d.
States = list[tuple[Tensor, Tensor]]

_FIRST_ROOM = 32
# With more prompts than this, computing what the mask then hides takes longer than reading whole rows.
_MOST_SHARED_PROMPTS = 8


class SharedPromptLayer(DynamicLayer):
    """The keys and values of one layer: those of prompts that all rows share, and those of each row.

    Args:
        prompts: Keys and values of each prompt, shaped 1, H, P, d.
        rows: The most rows that there will be.
    """

    def __init__(self, prompts: list[tuple[Tensor, Tensor]], rows: int) -> None:
        super().__init__()
        keys, values = ([states[i][0] for states in prompts] for i in (0, 1))
        shared = slice(None) if len(prompts) <= _MOST_SHARED_PROMPTS else slice(0)
        self.prompt_keys_HdP = torch.cat([key[:, shared] for key in keys], dim=1).transpose(1, 2).contiguous()
        self.prompt_values_HPd = torch.cat([value[:, shared] for value in values], dim=1)
        self.keys_BHTd, self.values_BHTd = (_of_rows(states, rows, shared.stop is None) for states in (keys, values))
        self._first = self.length = self.keys_BHTd.shape[2] - _FIRST_ROOM
        self.is_initialized = True

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """Append one token to the first rows and return all that is kept for them."""
        if self.length == self.keys_BHTd.shape[2]:
            more = max(_FIRST_ROOM, self.length - self._first)
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
        """Return how many tokens are kept for each row."""
        return self.length

    def copy_rows(self, source: Tensor, target: Tensor) -> None:
        """Copy what is kept for some rows over others."""
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
        layers = [SharedPromptLayer(list(states), rows) for states in zip(*prompts, strict=True)]
        super().__init__(layers=[*layers])
        self.prompt_layers = layers
        lengths = torch.tensor([states[0][0].shape[2] for states in prompts], device=layers[0].keys_BHTd.device)
        sees_GP = _of_whom(lengths) if layers[0].length == 0 else _padded(lengths)
        mask_GP = torch.where(sees_GP, 0.0, -torch.inf).to(layers[0].keys_BHTd.dtype)
        self._mask_GP = None if sees_GP.all() else mask_GP
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
        key_BHTd: Keys of what is kept for each row.
        value_BHTd: Their values.
        layer: Where the keys and values are that rows share.
        mask_B11P: What keeps a row from the prompts of others or from padding, if there are any.

    Returns:
        What was attended to, shaped B, H, g, d.
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


def _of_rows(prompts: list[Tensor], rows: int, shared: bool) -> Tensor:
    """Return room for what is kept for each row: B, H, T, d; unless prompts are shared, it begins with them."""
    heads, _, width = prompts[0].shape
    longest = 0 if shared else max(prompt.shape[1] for prompt in prompts)
    room = prompts[0].new_zeros(rows, heads, longest + _FIRST_ROOM, width)
    for row, prompt in enumerate(() if shared else prompts):
        room[row, :, longest - prompt.shape[1] : longest] = prompt
    return room


def _of_whom(lengths_G: Tensor) -> Tensor:
    """Tell, for prompts that lie side by side, which tokens are whose: shape G, P."""
    number = torch.arange(len(lengths_G), device=lengths_G.device)
    return torch.repeat_interleave(number, lengths_G) == number[:, None]


def _padded(lengths_G: Tensor) -> Tensor:
    """Tell, for prompts padded on the left, which tokens are no padding: shape G, P."""
    longest = int(lengths_G.max())
    return torch.arange(longest, device=lengths_G.device) >= longest - lengths_G[:, None]
