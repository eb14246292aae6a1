"""Runs Llama models on a processor with as few operations as possible, and large ones with matrices in bf16.

In a model as small as the terrarium's, launching operations takes longer than computing them. Weights with the same
input are therefore one matrix, the scales of norms and of attention are multiplied into the following matrices, and the
two halves that rotary embeddings rotate are interleaved, so that a rotation is one complex multiplication. The output
equals that of Transformers up to rounding.

In a large model, matrix products take most of the time. Where the processor is fast at it, those of the layers are in
bf16, and everything else in float32. Most published weights are in bf16, so their matrices lose nothing; the scales of
norms are not multiplied into them, because the products would have to be rounded.

Shapes: B rows, S rows of a step, L tokens, X tokens to attend to, N tokens of all rows, D width of the model, Q query
heads, H key-value heads, g = Q / H, d head width, E columns of interest, V vocabulary.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import LlamaForCausalLM, PreTrainedModel
from transformers.models.llama.modeling_llama import LlamaDecoderLayer

from askew.models.engine.attention import SharedPromptCache, States, attend


@dataclass(frozen=True)
class _Layer:
    """The transposed weights of one layer: input features by output features."""

    qkv: Tensor  # to queries, keys and values
    attention_out: Tensor
    gate_up: Tensor  # to the gate and the gated values
    down: Tensor
    attention_norm: Tensor | None = None  # None if it is multiplied into the matrix that follows
    mlp_norm: Tensor | None = None


class LlamaNetwork:
    """Runs a Llama model; its methods are described in `network.Network`.

    Args:
        model: A model for which `askew.models.number_format` tells a format. Its weights are copied.
        matrices: The format of the matrices: `torch.float32` or `torch.bfloat16`.
    """

    def __init__(self, model: PreTrainedModel, matrices: torch.dtype = torch.float32) -> None:
        assert isinstance(model, LlamaForCausalLM)
        config = model.config
        layers = [layer for layer in model.model.layers if isinstance(layer, LlamaDecoderLayer)]
        self.device = model.device
        self._epsilon = config.rms_norm_eps
        self._heads = config.num_key_value_heads or config.num_attention_heads
        self._groups = config.num_attention_heads // self._heads
        self._width: int = layers[0].self_attn.head_dim
        with torch.inference_mode():
            if matrices == torch.float32:
                self._embed = model.model.embed_tokens.weight.clone()
                self._layers = [_combined_weights(layer) for layer in layers]
                self._head = (model.lm_head.weight * model.model.norm.weight).t().contiguous()
                self._last_norm = None
            else:
                self._embed = model.model.embed_tokens.weight.detach()
                self._layers = [_separate_norms(layer, matrices) for layer in layers]
                # In bf16, logits would be so coarse that the likeliest tokens tie; and this needs no copy.
                self._head = model.lm_head.weight.detach().t()
                self._last_norm = model.model.norm.weight.clone()
            angles = torch.arange(config.max_position_embeddings)[:, None] * model.model.rotary_emb.inv_freq
            self._rotations = torch.polar(torch.ones_like(angles), angles)

    @property
    def is_in_bf16(self) -> bool:
        """True if the matrices are in bf16."""
        return self._layers[0].qkv.dtype == torch.bfloat16

    def prefill(self, ids_BL: Tensor) -> tuple[list[States], Tensor]:
        """See `Network.prefill`."""
        rows, length = ids_BL.shape
        positions = torch.arange(length).expand(rows, -1)
        states, stream = self._run(ids_BL, positions, None, None)
        by_row = [[(keys[i : i + 1], values[i : i + 1]) for keys, values in states] for i in range(rows)]
        return by_row, self._logits(stream[:, -1])

    def step(self, cache: SharedPromptCache, ids_S: Tensor, positions_S: Tensor) -> Tensor:
        """See `Network.step`."""
        stream = self._embed[ids_S]
        rotations = self._rotations[positions_S][:, None]
        for weights, layer in zip(self._layers, cache.prompt_layers, strict=True):
            qkv = _product(self._norm(stream, weights.attention_norm), weights.qkv)
            query, key, value = self._split_qkv(qkv, rotations)
            keys, values = layer.update(key[:, :, None], value[:, :, None])
            grouped = query.view(len(stream), self._heads, self._groups, self._width)
            attended = attend(grouped, keys, values, layer, cache.mask_B11P)
            stream = self._layer_output(weights, stream, attended.reshape(len(stream), -1))
        return self._logits(stream)

    def read(
        self, ids_BL: Tensor, positions_BL: Tensor, mask_B1LX: Tensor, prefix: States | None, ends_E: Tensor
    ) -> Tensor:
        """See `Network.read`."""
        _, stream = self._run(ids_BL, positions_BL, mask_B1LX, prefix)
        return self._logits(stream[:, ends_E])

    def middle(self, ids_BL: Tensor) -> Tensor:
        """Return the residual stream after half of the layers at the last token of each row, of shape B, D."""
        positions = torch.arange(ids_BL.shape[1]).expand(len(ids_BL), -1)
        _, stream = self._run(ids_BL, positions, None, None, self._layers[: (len(self._layers) + 1) // 2])
        return stream[:, -1]

    def _run(
        self,
        ids_BL: Tensor,
        positions_BL: Tensor,
        mask_B1LX: Tensor | None,
        prefix: States | None,
        layers: Sequence[_Layer] | None = None,
    ) -> tuple[list[tuple[Tensor, Tensor]], Tensor]:
        """Return keys and values of each layer, of shape B, H, X, d, and the last residual stream, of shape B, L, D.

        Args:
            ids_BL: Token ids.
            positions_BL: The position of each token.
            mask_B1LX: The tokens of the prefix and the row that each token may attend to; None for all earlier ones.
            prefix: Keys and values of a prefix that all rows share.
            layers: The first layers, up to which the model is run; None for all.
        """
        rows, length = ids_BL.shape
        stream = self._embed[ids_BL.reshape(-1)]
        rotations = self._rotations[positions_BL.reshape(-1)][:, None]
        states: list[tuple[Tensor, Tensor]] = []
        for number, weights in enumerate(layers or self._layers):
            qkv = _product(self._norm(stream, weights.attention_norm), weights.qkv)
            parts = self._split_qkv(qkv, rotations)
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
        stream_ND = _add_product(stream_ND, attended_Nx, weights.attention_out)
        gate, value = _product(self._norm(stream_ND, weights.mlp_norm), weights.gate_up).chunk(2, dim=1)
        return _add_product(stream_ND, F.silu(gate) * value, weights.down)

    def _logits(self, stream: Tensor) -> Tensor:
        """Return logits of shape ..., V for a residual stream of shape ..., D."""
        return _product(self._norm(stream, self._last_norm), self._head)

    def _norm(self, stream: Tensor, scale_D: Tensor | None) -> Tensor:
        """Scale each token to a mean square of 1, and then by the weight of the norm, if it is given."""
        return F.rms_norm(stream, stream.shape[-1:], scale_D, eps=self._epsilon)


def _product(values: Tensor, matrix: Tensor) -> Tensor:
    """Return a matrix product in the format of the matrix, as 32-bit numbers."""
    return torch.matmul(values.to(matrix.dtype), matrix).float()


def _add_product(stream_ND: Tensor, values: Tensor, matrix: Tensor) -> Tensor:
    """Return a residual stream plus a matrix product in the format of the matrix, as 32-bit numbers."""
    if matrix.dtype == torch.float32:
        return torch.addmm(stream_ND, values, matrix)
    return stream_ND + torch.mm(values.to(matrix.dtype), matrix)


def _combined_weights(layer: LlamaDecoderLayer) -> _Layer:
    attention, mlp = layer.self_attn, layer.mlp
    width = attention.head_dim
    query = _interleaved(attention.q_proj.weight, width) * width**-0.5
    key = _interleaved(attention.k_proj.weight, width)
    qkv = torch.cat([query, key, attention.v_proj.weight]) * layer.input_layernorm.weight
    gate_up = torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight]) * layer.post_attention_layernorm.weight
    matrices = (qkv, attention.o_proj.weight, gate_up, mlp.down_proj.weight)
    return _Layer(*(matrix.t().contiguous() for matrix in matrices))


def _separate_norms(layer: LlamaDecoderLayer, matrices: torch.dtype) -> _Layer:
    """Return the weights of a layer with matrices in a format, and with its norms beside them."""
    attention, mlp = layer.self_attn, layer.mlp
    width = attention.head_dim
    # Widths are powers of 4 as a rule, so this scale changes no digit.
    query = _interleaved(attention.q_proj.weight, width) * width**-0.5
    qkv = torch.cat([query, _interleaved(attention.k_proj.weight, width), attention.v_proj.weight])
    gate_up = torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight])
    return _Layer(
        qkv=_transposed(qkv, matrices),
        attention_out=_transposed(attention.o_proj.weight, matrices),
        gate_up=_transposed(gate_up, matrices),
        down=_transposed(mlp.down_proj.weight, matrices),
        attention_norm=layer.input_layernorm.weight.clone(),
        mlp_norm=layer.post_attention_layernorm.weight.clone(),
    )


def _transposed(weight: Tensor, matrices: torch.dtype) -> Tensor:
    return weight.to(matrices).t().contiguous()


def _interleaved(weight: Tensor, width: int) -> Tensor:
    """Interleave the two halves of each head, which does not change the products of queries and keys."""
    heads = weight.view(-1, 2, width // 2, weight.shape[1])
    return heads.transpose(1, 2).reshape(weight.shape)
