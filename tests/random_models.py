"""Random models of many architectures, a few kilobytes each, saved as ordinary checkpoints."""

from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

WINDOW = 24  # shorter than a question with its answer, so the window changes the output
TINY: dict[str, Any] = {
    "vocab_size": 472,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 512,
    "initializer_range": 0.2,  # large, so that an untrained model prefers some tokens to others
    "tie_word_embeddings": False,  # tied embeddings would make the last token the likeliest next one
}
"""The size of every tiny model in the tests."""

# Common architectures, and one of each kind that needs special treatment: positions as biases, states instead of a
# cache of keys, sinks, keys and values of different widths, a cache that Transformers cannot reorder.
ARCHITECTURES: dict[str, dict[str, Any]] = {
    "llama": TINY,
    "qwen2": TINY,
    "gemma": TINY,
    "mistral": {**TINY, "sliding_window": WINDOW},
    "gemma2": {**TINY, "sliding_window": WINDOW, "attn_logit_softcapping": 2.0, "query_pre_attn_scalar": 8},
    "gemma3_text": {**TINY, "sliding_window": WINDOW, "query_pre_attn_scalar": 8},
    "bloom": {**TINY, "n_layer": 2, "n_head": 4, "head_dim": None},
    "mamba": {**TINY, "state_size": 4, "intermediate_size": 64},
    "gpt_oss": {**TINY, "sliding_window": WINDOW, "num_local_experts": 2, "num_experts_per_tok": 1},
    "deepseek_v3": {
        **TINY,
        **{"kv_lora_rank": 8, "q_lora_rank": 8, "qk_rope_head_dim": 4, "qk_nope_head_dim": 8, "v_head_dim": 16},
        **{"n_routed_experts": 4, "n_group": 1, "topk_group": 1, "num_experts_per_tok": 2, "moe_intermediate_size": 16},
        **{"first_k_dense_replace": 2, "num_key_value_heads": 4, "head_dim": 4},
    },
    "rwkv": {**TINY, "attention_hidden_size": 32},
}


def save_random(architecture: str, folder: Path, tokenizer_of: Path, seed: int = 0, **settings: object) -> Path:
    """Save a random model of an architecture, with the tokenizer of another checkpoint.

    Args:
        architecture: A key of `ARCHITECTURES`.
        folder: The folder of the new checkpoint.
        tokenizer_of: The checkpoint that provides the tokenizer.
        seed: The seed of the weights.
        **settings: Settings of the configuration that differ from those in `ARCHITECTURES`.
    """
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_of)
    ends = {"bos_token_id": None, "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    config = AutoConfig.for_model(architecture, **(ARCHITECTURES[architecture] | ends | settings))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
        for name, weight in model.named_parameters():
            if "sink" in name:  # initialised to zero, where they would have no effect
                torch.nn.init.normal_(weight, 2.0)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
