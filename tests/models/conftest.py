"""An adapter with random weights, which changes the output of its model."""

from pathlib import Path

import pytest
import torch


@pytest.fixture(scope="session")
def tiny_adapter(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA adapter for the tiny checkpoint."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    folder = tmp_path_factory.mktemp("adapter") / "adapter"
    with torch.random.fork_rng():
        torch.manual_seed(5)
        base = AutoModelForCausalLM.from_pretrained(tiny_checkpoint, dtype=torch.float32)
        config = LoraConfig(
            r=4, lora_alpha=16, target_modules=["q_proj", "up_proj"], init_lora_weights=False, task_type="CAUSAL_LM"
        )
        get_peft_model(base, config).save_pretrained(str(folder))
    return folder
