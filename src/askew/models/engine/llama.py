"""The forward pass of small Llama models on a processor, in as few operations as it takes.

In a model as small as the terrarium's, calling operations costs more than what they compute. Here the weights
that read the same input are one matrix, the scales of norms and of attention are folded into the matrices
that follow them, and the halves that rotary positions turn against each other are laid side by side, so that
turning them is one complex multiplication. What comes out is what Transformers computes, up to rounding.

Shapes: B rows, S rows of a step, L tokens, X tokens to attend to, N tokens of any rows, D width, Q query
heads, H key-value heads, g = Q / H, d head width, E ends, V vocabulary.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import LlamaForCausalLM, PreTrainedModel
from transformers.models.llama.modeling_llama import LlamaDecoderLayer

from askew.models.engine.attention import SharedPromptCache, States, attend

# Larger models gain little, and would have their weights in memory twice.
_MOST_PARAMETERS = 50_000_000


@dataclass(frozen=True)
class _Layer:
    """The weights of one layer, ready to be multiplied from the right."""

    read: Tensor  # to queries, keys and values
    write: Tensor  # from what was attended to
    widen: Tensor  # to the gate and what it gates
    narrow: Tensor


def is_small_llama(model: PreTrainedModel) -> bool:
    """Tell whether `LlamaNetwork` computes this model, and faster than Transformers does."""
    if type(model) is not LlamaForCausalLM or model.device.type != "cpu" or model.dtype != torch.float32:
        return False
    config = model.config
    plain = not config.attention_bias and not config.mlp_bias and config.hidden_act == "silu"
    plain = plain and type(model.get_input_embeddings()) is torch.nn.Embedding  # an adapter may have brought its own
    usual_positions = (config.rope_parameters or {}).get("rope_type") == "default"
    return plain and usual_positions and model.num_parameters() <= _MOST_PARAMETERS


class LlamaNetwork:
    """Runs a small Llama model. See `network.Network` for what its methods do.

    Args:
        model: A model of which `is_small_llama` is true. Its weights are copied.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        assert isinstance(model, LlamaForCausalLM)
        config = model.config
        layers = [layer for layer in model.model.layers if isinstance(layer, LlamaDecoderLayer)]
        self.device = model.device
        self._epsilon = config.rms_norm_eps
        self._heads = config.num_key_value_heads or config.num_attention_heads
        self._groups = config.num_attention_heads // self._heads
        self._width: int = layers[0].self_attn.head_dim
        with torch.inference_mode():
            self._embed = model.model.embed_tokens.weight.clone()
            self._layers = [_folded(layer) for layer in layers]
            self._head = (model.lm_head.weight * model.model.norm.weight).t().contiguous()
            angles = torch.arange(config.max_position_embeddings)[:, None] * model.model.rotary_emb.inv_freq
            self._turns = torch.polar(torch.ones_like(angles), angles)

    def prefill(self, ids_BL: Tensor) -> tuple[list[States], Tensor]:
        """See `Network.prefill`."""
        rows, length = ids_BL.shape
        positions = torch.arange(length).expand(rows, -1)
        states, stream = self._run(ids_BL, positions, None, None)
        by_row = [[(keys[i : i + 1], values[i : i + 1]) for keys, values in states] for i in range(rows)]
        return by_row, torch.mm(self._norm(stream[:, -1]), self._head)

    def step(self, cache: SharedPromptCache, ids_S: Tensor, positions_S: Tensor) -> Tensor:
        """See `Network.step`."""
        stream = self._embed[ids_S]
        turns = self._turns[positions_S][:, None]
        for weights, layer in zip(self._layers, cache.prompt_layers, strict=True):
            query, key, value = self._split(torch.mm(self._norm(stream), weights.read), turns)
            keys, values = layer.update(key[:, :, None], value[:, :, None])
            grouped = query.view(len(stream), self._heads, self._groups, self._width)
            mixed = attend(grouped, keys, values, layer, cache.mask_B11P)
            stream = self._finish(weights, stream, mixed.reshape(len(stream), -1))
        return torch.mm(self._norm(stream), self._head)

    def read(
        self, ids_BL: Tensor, positions_BL: Tensor, mask_B1LX: Tensor, prefix: States | None, ends_E: Tensor
    ) -> Tensor:
        """See `Network.read`."""
        _, stream = self._run(ids_BL, positions_BL, mask_B1LX, prefix)
        return torch.matmul(self._norm(stream[:, ends_E]), self._head)

    def _run(
        self, ids_BL: Tensor, positions_BL: Tensor, mask_B1LX: Tensor | None, prefix: States | None
    ) -> tuple[list[tuple[Tensor, Tensor]], Tensor]:
        """Return keys and values by layer, shaped B, H, X, d, and what the last layer gives, shaped B, L, D."""
        rows, length = ids_BL.shape
        stream = self._embed[ids_BL.reshape(-1)]
        turns = self._turns[positions_BL.reshape(-1)][:, None]
        states: list[tuple[Tensor, Tensor]] = []
        for number, weights in enumerate(self._layers):
            parts = self._split(torch.mm(self._norm(stream), weights.read), turns)
            query, key, value = (part.view(rows, length, -1, self._width).transpose(1, 2) for part in parts)
            if prefix is not None:
                key, value = (
                    torch.cat([before.expand(rows, -1, -1, -1), now], dim=2)
                    for before, now in zip(prefix[number], (key, value), strict=True)
                )
            states.append((key, value))
            mixed = F.scaled_dot_product_attention(
                query, key, value, mask_B1LX, is_causal=mask_B1LX is None, scale=1.0, enable_gqa=self._groups > 1
            )
            stream = self._finish(weights, stream, mixed.transpose(1, 2).reshape(rows * length, -1))
        return states, stream.view(rows, length, -1)

    def _split(self, read_Nx: Tensor, turns_N1x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return turned queries and keys, and values, shaped N, Q or H, d."""
        count, heads = len(read_Nx), self._heads
        turned_heads = heads * self._groups + heads
        pairs = read_Nx[:, : turned_heads * self._width].view(count, turned_heads, self._width // 2, 2)
        turned = torch.view_as_real(torch.view_as_complex(pairs) * turns_N1x).view(count, turned_heads, self._width)
        value = read_Nx[:, turned_heads * self._width :].view(count, heads, self._width)
        return turned[:, : heads * self._groups], turned[:, heads * self._groups :], value

    def _finish(self, weights: _Layer, stream_ND: Tensor, mixed_Nx: Tensor) -> Tensor:
        """Return what a layer gives, from what it was given and what its attention found."""
        stream_ND = torch.addmm(stream_ND, mixed_Nx, weights.write)
        gate, value = torch.mm(self._norm(stream_ND), weights.widen).chunk(2, dim=1)
        return torch.addmm(stream_ND, F.silu(gate) * value, weights.narrow)

    def _norm(self, stream_ND: Tensor) -> Tensor:
        """Bring each token to a mean square of 1; the norm's own scale is in the matrix that follows."""
        return F.rms_norm(stream_ND, stream_ND.shape[-1:], eps=self._epsilon)


def _folded(layer: LlamaDecoderLayer) -> _Layer:
    attention, mlp = layer.self_attn, layer.mlp
    width = attention.head_dim
    query = _paired(attention.q_proj.weight, width) * width**-0.5
    key = _paired(attention.k_proj.weight, width)
    read = torch.cat([query, key, attention.v_proj.weight]) * layer.input_layernorm.weight
    widen = torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight]) * layer.post_attention_layernorm.weight
    matrices = (read, attention.o_proj.weight, widen, mlp.down_proj.weight)
    return _Layer(*(matrix.t().contiguous() for matrix in matrices))


def _paired(weight: Tensor, width: int) -> Tensor:
    """Lay the two halves of each head side by side; products of queries and keys stay what they are."""
    heads = weight.view(-1, 2, width // 2, weight.shape[1])
    return heads.transpose(1, 2).reshape(weight.shape)
