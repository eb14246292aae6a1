"""Runs small Llama models on a processor with as few operations as possible.

In a model as small as the terrarium's, launching operations takes longer than computing them. Weights with the same
input are therefore one matrix, the scales of norms and of attention are multiplied into the following matrices, and the
two halves that rotary embeddings rotate are interleaved, so that a rotation is one complex multiplication. The output
equals that of Transformers up to rounding.

Shapes: B rows, S rows of a step, L tokens, X tokens to attend to, N tokens of all rows, D width of the model, Q query
heads, H key-value heads, g = Q / H, d head width, E columns of interest, V vocabulary.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import LlamaForCausalLM, PreTrainedModel
from transformers.models.llama.modeling_llama import LlamaDecoderLayer

from askew.models.engine.attention import SharedPromptCache, States, attend

# Larger models gain little, and the copy of their weights would need much memory; so would a table of more positions.
_MAX_PARAMETERS, _MAX_POSITIONS = 50_000_000, 2**17


@dataclass(frozen=True)
class _Layer:
    """The transposed weights of one layer: input features by output features."""

    qkv: Tensor  # to queries, keys and values
    attention_out: Tensor
    gate_up: Tensor  # to the gate and the gated values
    down: Tensor


def is_small_llama(model: PreTrainedModel) -> bool:
    """Return whether `LlamaNetwork` supports a model and is faster than Transformers."""
    if type(model) is not LlamaForCausalLM or model.device.type != "cpu" or model.dtype != torch.float32:
        return False
    config = model.config
    plain = not config.attention_bias and not config.mlp_bias and config.hidden_act == "silu"
    plain = plain and type(model.get_input_embeddings()) is torch.nn.Embedding  # an adapter may have replaced it
    usual_positions = (config.rope_parameters or {}).get("rope_type") == "default"
    is_small = model.num_parameters() <= _MAX_PARAMETERS and config.max_position_embeddings <= _MAX_POSITIONS
    return plain and usual_positions and is_small


class LlamaNetwork:
    """Runs a small Llama model; its methods are described in `network.Network`.

    Args:
        model: A model for which `is_small_llama` returns True. Its weights are copied.
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
            self._layers = [_combined_weights(layer) for layer in layers]
            self._head = (model.lm_head.weight * model.model.norm.weight).t().contiguous()
            angles = torch.arange(config.max_position_embeddings)[:, None] * model.model.rotary_emb.inv_freq
            self._rotations = torch.polar(torch.ones_like(angles), angles)

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
        rotations = self._rotations[positions_S][:, None]
        for weights, layer in zip(self._layers, cache.prompt_layers, strict=True):
            query, key, value = self._split_qkv(torch.mm(self._norm(stream), weights.qkv), rotations)
            keys, values = layer.update(key[:, :, None], value[:, :, None])
            grouped = query.view(len(stream), self._heads, self._groups, self._width)
            attended = attend(grouped, keys, values, layer, cache.mask_B11P)
            stream = self._layer_output(weights, stream, attended.reshape(len(stream), -1))
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
        """Return keys and values of each layer, of shape B, H, X, d, and the last residual stream, of shape B, L, D."""
        rows, length = ids_BL.shape
        stream = self._embed[ids_BL.reshape(-1)]
        rotations = self._rotations[positions_BL.reshape(-1)][:, None]
        states: list[tuple[Tensor, Tensor]] = []
        for number, weights in enumerate(self._layers):
            parts = self._split_qkv(torch.mm(self._norm(stream), weights.qkv), rotations)
            query, key, value = (part.view(rows, length, -1, self._width).transpose(1, 2) for part in parts)
            if prefix is not None:
                key, value = (
                    torch.cat([before.expand(rows, -1, -1, -1), now], dim=2)
                    for before, now in zip(prefix[number], (key, value), strict=True)
                )
            states.append((key, value))
            attended = F.scaled_dot_product_attention(
                query, key, value, mask_B1LX, is_causal=mask_B1LX is None, scale=1.0, enable_gqa=self._groups > 1
            )
            stream = self._layer_output(weights, stream, attended.transpose(1, 2).reshape(rows * length, -1))
        return states, stream.view(rows, length, -1)

    def _split_qkv(self, qkv_Nx: Tensor, rotations_N1x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return rotated queries (N, Q, d), rotated keys (N, H, d) and values (N, H, d)."""
        count, heads = len(qkv_Nx), self._heads
        rotated_heads = heads * self._groups + heads
        pairs = qkv_Nx[:, : rotated_heads * self._width].view(count, rotated_heads, self._width // 2, 2)
        rotated = torch.view_as_real(torch.view_as_complex(pairs) * rotations_N1x).view(
            count, rotated_heads, self._width
        )
        value = qkv_Nx[:, rotated_heads * self._width :].view(count, heads, self._width)
        return rotated[:, : heads * self._groups], rotated[:, heads * self._groups :], value

    def _layer_output(self, weights: _Layer, stream_ND: Tensor, attended_Nx: Tensor) -> Tensor:
        """Return the output of a layer, of shape N, D, from its input and the output of its attention heads."""
        stream_ND = torch.addmm(stream_ND, attended_Nx, weights.attention_out)
        gate, value = torch.mm(self._norm(stream_ND), weights.gate_up).chunk(2, dim=1)
        return torch.addmm(stream_ND, F.silu(gate) * value, weights.down)

    def _norm(self, stream_ND: Tensor) -> Tensor:
        """Scale each token to a mean square of 1; the weight of the norm is part of the following matrix."""
        return F.rms_norm(stream_ND, stream_ND.shape[-1:], eps=self._epsilon)


def _combined_weights(layer: LlamaDecoderLayer) -> _Layer:
    attention, mlp = layer.self_attn, layer.mlp
    width = attention.head_dim
    query = _interleaved(attention.q_proj.weight, width) * width**-0.5
    key = _interleaved(attention.k_proj.weight, width)
    qkv = torch.cat([query, key, attention.v_proj.weight]) * layer.input_layernorm.weight
    gate_up = torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight]) * layer.post_attention_layernorm.weight
    matrices = (qkv, attention.o_proj.weight, gate_up, mlp.down_proj.weight)
    return _Layer(*(matrix.t().contiguous() for matrix in matrices))


def _interleaved(weight: Tensor, width: int) -> Tensor:
    """Interleave the two halves of each head, which does not change the products of queries and keys."""
    heads = weight.view(-1, 2, width // 2, weight.shape[1])
    return heads.transpose(1, 2).reshape(weight.shape)
