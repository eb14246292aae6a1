"""Writes a tiny checkpoint as a GGUF file, as other tools would."""

import json
from pathlib import Path

import gguf
import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, Gemma2Config, PreTrainedConfig

NAMES = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def write_gguf(checkpoint: Path, file: Path, architecture: str = "llama", tokens: str = "") -> Path:
    """Write a checkpoint of the Llama family with a byte-level tokenizer as a GGUF file with whole weights.

    Args:
        checkpoint: The checkpoint.
        file: The file to write.
        architecture: The architecture that the file names.
        tokens: A text in the place of the list of tokens, and a merge that is not in it; "" for the own list.
    """
    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    config = model.config
    writer = gguf.GGUFWriter(file, architecture)
    _add_sizes(writer, config)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    _add_tokenizer(writer, checkpoint, tokens)
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
    for name, weight in model.state_dict().items():
        values = weight.numpy()
        for part, count in heads.items() if architecture == "llama" else ():
            if part in name:  # GGUF pairs the numbers of rotary embeddings in another order
                rows = values.shape[0] // count // 2
                values = values.reshape(count, 2, rows, -1).swapaxes(1, 2).reshape(values.shape)
        writer.add_tensor(_name(name), np.ascontiguousarray(values))
    _finish(writer)
    return file


def write_with_type(file: Path, out: Path, kind: int) -> Path:
    """Copy a GGUF file with another type of its first weight, as a file of a newer kind of quantization has."""
    field = gguf.GGUFReader(file).tensors[0].field
    *before, _, _ = field.parts  # the type and the place of the weight come last
    at = field.offset + sum(part.nbytes for part in before)
    content = bytearray(file.read_bytes())
    content[at : at + 4] = kind.to_bytes(4, "little")
    out.write_bytes(content)
    return out


def _name(name: str, names: dict[str, str] = NAMES) -> str:
    whole = {"model.embed_tokens.weight": "token_embd", "model.norm.weight": "output_norm", "lm_head.weight": "output"}
    if name in whole:
        return f"{whole[name]}.weight"
    _, _, layer, rest = name.split(".", 3)
    part, _, kind = rest.rpartition(".")
    return f"blk.{layer}.{names[part]}.{kind}"


def _add_sizes(writer: gguf.GGUFWriter, config: PreTrainedConfig) -> None:
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)


def _finish(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tokenizer(writer: gguf.GGUFWriter, checkpoint: Path, tokens: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    special = set(tokenizer.added_tokens_decoder)
    merges = json.loads((checkpoint / "tokenizer.json").read_text())["model"]["merges"]
    writer.add_tokenizer_model("gpt2")
    if tokens:
        writer.add_string(gguf.Keys.Tokenizer.LIST, tokens)
        merges = ["a t"]
    else:
        writer.add_token_list([token for token, _ in vocabulary])
    kinds = (gguf.TokenType.CONTROL if number in special else gguf.TokenType.NORMAL for _, number in vocabulary)
    writer.add_token_types(list(kinds))
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in merges])
    writer.add_eos_token_id(tokenizer.convert_tokens_to_ids("<|end|>"))
    writer.add_pad_token_id(tokenizer.convert_tokens_to_ids("<|pad|>"))
    writer.add_chat_template(tokenizer.chat_template)


GEMMA_NAMES = {
    **NAMES,
    "post_attention_layernorm": "post_attention_norm",
    "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
}
_WINDOW = 64
GEMMA_TEMPLATE = (
    "{% for message in messages %}"
    "<start_of_turn>{{ message['role'] }} {{ message['content'] }}<end_of_turn>{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model {% endif %}"
)


def write_gemma(folder: Path, file: Path) -> None:
    """Write a random model shaped like Gemma 2 with a small vocabulary, as a checkpoint without tokenizer and as GGUF.

    Args:
        folder: The folder of the checkpoint.
        file: The GGUF file.
    """
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]
    letters = ["▁", *map(chr, range(33, 127)), "▁t", "he", "▁the"]
    tokens = [*special, *(f"<0x{byte:02X}>" for byte in range(256)), *letters]
    kinds = [gguf.TokenType.CONTROL] * len(special) + [gguf.TokenType.BYTE] * 256
    config = Gemma2Config(
        vocab_size=len(tokens),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=256,
        sliding_window=_WINDOW,
        query_pre_attn_scalar=256,  # the file has no place for it, so it is that of the smallest Gemma 2
    )
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config)
    model.save_pretrained(folder)
    writer = gguf.GGUFWriter(file, "gemma2")
    _add_sizes(writer, config)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_sliding_window(_WINDOW)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(number) for number in range(len(tokens))])
    writer.add_token_types([*kinds, *[gguf.TokenType.NORMAL] * len(letters)])
    for add, token in (
        (writer.add_pad_token_id, 0),
        (writer.add_eos_token_id, 1),
        (writer.add_bos_token_id, 2),
        (writer.add_unk_token_id, 3),
    ):
        add(token)
    writer.add_chat_template(GEMMA_TEMPLATE)
    for name, weight in model.state_dict().items():
        if name != "lm_head.weight":  # the same as the input embeddings
            values = weight.numpy() + ("norm" in name)  # GGUF adds the 1 that the model adds when it runs
            writer.add_tensor(_name(name, GEMMA_NAMES), np.ascontiguousarray(values, dtype=np.float32))
    _finish(writer)
