"""Gradients of steering: they tell the effect of a small vector at every layer."""

import numpy as np
import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM

from askew.models.answer_tokens import GivenAnswer
from askew.models.inside.gradients import steering_gradients
from askew.models.inside.hooks import added, steer
from random_models import TINY

TEXTS = [GivenAnswer((3, 4, 5, 6), (40, 41, 42)), GivenAnswer((7, 8), (50,)), GivenAnswer((9,) * 9, (60, 61))]


def per_token(model: nn.Module, text: GivenAnswer) -> float:
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([[*text.prompt, *text.answer]])).logits[0].double()
    steps = torch.log_softmax(logits, -1)[len(text.prompt) - 1 : -1]
    return float(steps.gather(1, torch.tensor(text.answer)[:, None]).mean())


def test_gradients_are_the_effect_of_steering_with_a_small_vector() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = LlamaForCausalLM(LlamaConfig(**TINY)).eval()
    found = steering_gradients(model, TEXTS, [0, 1])
    assert found.shape == (3, 2, 32)
    unit = np.random.default_rng(0).normal(size=32)
    unit /= np.linalg.norm(unit)
    for layer in (0, 1):
        for text, gradient in zip(TEXTS, found[:, layer], strict=True):
            with steer(model, layer, added(unit, 0.02)):
                up = per_token(model, text)
            with steer(model, layer, added(unit, -0.02)):
                down = per_token(model, text)
            assert np.isclose(gradient @ unit, (up - down) / 0.04, rtol=0.02, atol=2e-3)
    assert not np.allclose(found[:, 0], found[:, 1], atol=1e-3)
