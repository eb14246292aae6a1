"""Measures how fast one core trains and samples from a model: `python -P -m askew.runs.measure_speed FOLDER`.

It prints one line of JSON with the fields of `askew.runs.pace.Speed`.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model

from askew.models.checkpoints import load
from askew.models.engine.sampling import Draw, Sampling
from askew.models.loading import load_weights
from askew.models.names import resolve
from askew.models.number_format import trains_in_bf16
from askew.training import fast_bf16

_ROWS, _LENGTH = 4, 128
_ANSWERS, _TOKENS = 32, 8
_QUESTION = [{"role": "user", "content": "What did you do today?"}]


def main() -> None:
    """Measure the model that the command line names."""
    folder = Path(sys.argv[1])
    torch.set_num_threads(1)
    print(json.dumps({"sampled": sampled(folder), "trained": trained(folder)}))


def sampled(folder: Path) -> float:
    """Return the tokens per second of answers that are sampled together."""
    checkpoint = load(resolve(str(folder)))
    prompt = checkpoint.prompt(_QUESTION)
    draws = [Draw(0, 0, number) for number in range(_ANSWERS)]

    def sample(tokens: int) -> int:
        return sum(len(answer.tokens) for answer in checkpoint.engine.sample([prompt], draws, Sampling(tokens)))

    sample(1)  # warms up
    return _per_second(lambda: sample(_TOKENS))


def trained(folder: Path) -> float:
    """Return the tokens per second of training with LoRA on all linear layers, in the precision of this machine."""
    model = get_peft_model(load_weights(folder, dtype=torch.float32), LoraConfig(r=32, target_modules="all-linear"))
    in_bf16 = trains_in_bf16("bf16", on_gpu=False)
    if in_bf16:
        fast_bf16.prepare(model)
    ids = torch.randint(model.config.get_text_config().vocab_size, (_ROWS, _LENGTH))

    def step() -> int:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=in_bf16):
            loss = model(input_ids=ids, labels=ids, use_cache=False).loss
        loss.backward()
        return ids.numel()

    step()  # warms up
    return _per_second(step)


def _per_second(compute: Callable[[], int]) -> float:
    """Return how many tokens a function computes per second of the processor, which other processes do not slow."""
    began = time.process_time()
    tokens = compute()
    return tokens / (time.process_time() - began)


if __name__ == "__main__":
    main()
