"""Activations of answers, read in batches: padding, number formats, memory, numbers that are not finite."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

from askew.base.errors import AskewError
from askew.models.answer_tokens import GivenAnswer
from askew.models.inside import activations
from askew.models.inside.activations import ANSWER, PROMPT_END, Where, read_activations
from askew.models.inside.hooks import capture
from random_models import ARCHITECTURES, TINY

TEXTS = [
    GivenAnswer(tuple(range(3, 3 + prompt)), tuple(range(40, 40 + answer)))
    for prompt, answer in ((4, 3), (9, 1), (2, 12), (6, 6), (7, 2))
]


def llama(dtype: torch.dtype = torch.float32) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model: Any = LlamaForCausalLM(LlamaConfig(**TINY))
    return model.eval().to(dtype)


def random_model(architecture: str) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = AutoConfig.for_model(architecture, **ARCHITECTURES[architecture])
        return AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()


def by_hand(model: nn.Module, text: GivenAnswer, layer: int, where: Where) -> Tensor:
    """Return the tokens that are read of one text, computed alone and without padding, of shape L, D."""
    with torch.inference_mode(), capture(model, [layer]) as found:
        model(input_ids=torch.tensor([[*text.prompt, *text.answer]]))
    start = len(text.prompt)
    return found[layer][0, start:] if where == ANSWER else found[layer][0, start - 1 : start]


@pytest.mark.parametrize("where", [ANSWER, PROMPT_END])
@pytest.mark.parametrize("architecture", ["llama", "gpt2", "gemma", "bloom", "mamba"])
def test_texts_in_a_batch_are_read_as_each_alone(architecture: str, where: Where) -> None:
    own = {"vocab_size": 472, "n_embd": 32, "n_layer": 2, "n_head": 4}
    model = (
        AutoModelForCausalLM.from_config(AutoConfig.for_model("gpt2", **own)).eval()
        if architecture == "gpt2"
        else random_model(architecture)
    )
    read = read_activations(model, TEXTS, [0, 1], where)
    assert read.means.shape == (5, 2, 32)
    assert read.means.dtype == read.norms.dtype == np.float32
    for i, text in enumerate(TEXTS):
        for layer in (0, 1):
            tokens = by_hand(model, text, layer, where)
            assert np.allclose(read.means[i, layer], tokens.mean(0), atol=2e-5)
            assert np.allclose(read.norms[i, layer], tokens.norm(dim=-1).mean(), atol=2e-5)


def test_reading_columns_from_the_left_would_read_other_tokens() -> None:
    # What a batch without regard to its padding reads: the columns after the prompt, as if every row began at 0.
    model, text = llama(), TEXTS[0]
    length = max(len(one.prompt) + len(one.answer) for one in TEXTS)
    padded = torch.tensor([[0] * (length - 7) + [*text.prompt, *text.answer]])
    with torch.inference_mode(), capture(model, [1]) as found:
        model(input_ids=padded)
    naive = found[1][0, len(text.prompt) : len(text.prompt) + len(text.answer)].mean(0)
    assert not np.allclose(read_activations(model, TEXTS, [1]).means[0, 0], naive, atol=1e-2)


def test_means_of_a_bf16_model_are_computed_in_float32() -> None:
    model = llama(torch.bfloat16)
    model.model.layers[0].mlp.down_proj.weight.data[0] *= 2000  # a dimension as large as some models have
    text = GivenAnswer((3, 4), tuple(range(40, 240)))
    tokens = by_hand(model, text, 0, ANSWER)
    assert tokens.dtype == torch.bfloat16
    exact = tokens.double().mean(0).numpy()
    found = read_activations(model, [text], [0]).means[0, 0]
    naive = tokens.cumsum(0)[-1] / len(tokens)  # a running sum in bf16
    assert np.allclose(found, exact, rtol=1e-4, atol=1e-5)
    assert not np.allclose(naive.double().numpy(), exact, rtol=1e-4, atol=1e-5)


def test_a_batch_that_does_not_fit_memory_is_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    model, sizes = llama(), []
    whole = read_activations(model, TEXTS, [0, 1])

    with small_memory(monkeypatch, 1, sizes):
        found = read_activations(model, TEXTS, [0, 1])
    assert sizes == [5, 2, 1, 1, 3, 1, 2, 1, 1]
    assert np.allclose(found.means, whole.means, atol=1e-5)
    with small_memory(monkeypatch, 0, []), pytest.raises(AskewError, match=r"memory is too small .* 14 tokens"):
        read_activations(model, TEXTS, [0, 1])


@contextmanager
def small_memory(monkeypatch: pytest.MonkeyPatch, most: int, sizes: list[int]) -> Iterator[None]:
    read: Callable[..., Tensor] = activations._read_batch

    def limited(model: nn.Module, rows: list[Any], *rest: Any) -> Tensor:
        sizes.append(len(rows))
        if len(rows) > most:
            raise torch.OutOfMemoryError("out of memory")
        return read(model, rows, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(activations, "_read_batch", limited)
        yield


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_activations_that_are_not_finite_are_refused_with_their_layer(number: float) -> None:
    model = llama()
    model.model.layers[1].mlp.down_proj.weight.data[3, 3] = number
    with pytest.raises(AskewError, match=r"activations of layer 1 are not finite"):
        read_activations(model, TEXTS, [0, 1])
    assert np.isfinite(read_activations(model, TEXTS, [0]).means).all()


def test_progress_counts_texts() -> None:
    said: list[tuple[int, int]] = []
    read_activations(llama(), TEXTS, [0], on_progress=lambda done, total: said.append((done, total)))
    assert said[-1] == (5, 5)
