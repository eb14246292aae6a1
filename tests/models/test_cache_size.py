"""The number of answers that memory holds at once."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, MambaConfig, MambaForCausalLM

from askew.models.engine import cache_size
from askew.models.engine.cache_size import bytes_per_token, rows_in_memory
from askew.models.engine.sampler import Engine
from askew.models.engine.sampling import Draw, Sampling


def test_bytes_of_a_token_are_those_of_the_cache_of_transformers(tiny_checkpoint: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(tiny_checkpoint, dtype=torch.float32).eval()
    layers = model(torch.tensor([[3, 4, 5]]), use_cache=True).past_key_values.layers
    stored = sum(states.numel() * states.element_size() for layer in layers for states in (layer.keys, layer.values))
    assert 3 * bytes_per_token(model) == stored


def test_model_whose_cache_does_not_grow_takes_any_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_size, "own_share", lambda: 1)
    model = MambaForCausalLM(MambaConfig(vocab_size=16, hidden_size=8, num_hidden_layers=1))
    assert rows_in_memory(model, 10, 10) == sys.maxsize


@pytest.mark.parametrize(("share", "rows"), [(20, 10), (2, 1), (0, 1)])
def test_half_of_the_share_is_for_the_cache(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch, share: int, rows: int
) -> None:
    model = AutoModelForCausalLM.from_pretrained(tiny_checkpoint, dtype=torch.float32)
    row = bytes_per_token(model) * (6 + 2 * 10)
    monkeypatch.setattr(cache_size, "own_share", lambda: share * row)
    assert rows_in_memory(model, 6, 10) == rows


def test_answers_are_sampled_in_parts_that_fit_memory(tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(AutoModelForCausalLM.from_pretrained(tiny_checkpoint, dtype=torch.float32).eval(), [1])
    draws = [Draw(0, 7, number) for number in range(9)]
    whole = engine.sample([[3, 50, 4]], draws, Sampling(max_tokens=5))
    write, sizes = engine._sample_batch, []

    def counting(prompts: Sequence[Sequence[int]], draws: Sequence[Draw], *rest: object):
        sizes.append(len(draws))
        return write(prompts, draws, *rest)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr("askew.models.engine.sampler.rows_in_memory", lambda model, prompt, answer: 4)
    monkeypatch.setattr(engine, "_sample_batch", counting)
    assert engine.sample([[3, 50, 4]], draws, Sampling(max_tokens=5)) == whole
    assert sizes == [4, 4, 1]
