"""Gradients of single answers equal those that autograd finds for a LoRA adapter, one row at a time."""

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, PreTrainedModel

from askew.base.errors import AskewError
from askew.models.answer_tokens import GivenAnswer
from askew.models.inside.row_gradients import RowGradients

TEXTS = [
    GivenAnswer((1, 2, 3), (4, 5)),
    GivenAnswer((7,), (8, 9, 10, 11)),
    GivenAnswer((1, 2, 3, 4, 5, 6), (7,)),
]


def llama() -> PreTrainedModel:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=32, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2
    )
    return LlamaForCausalLM(config).requires_grad_(False).eval()


def gpt2() -> PreTrainedModel:
    torch.manual_seed(0)
    return GPT2LMHeadModel(GPT2Config(vocab_size=32, n_embd=16, n_layer=2, n_head=2)).requires_grad_(False).eval()


def by_hand(model: PreTrainedModel, reader: RowGradients, text: GivenAnswer) -> dict[str, torch.Tensor]:
    """Return the gradient by B of an adapter on every linear layer, found by autograd for one row without padding."""
    changes = {}
    hooks = []
    for name, module in reader._linear.items():

        def add(module, inputs, output, name=name):
            projection = reader._projection(name, inputs[0])
            b = changes.setdefault(name, torch.zeros(output.shape[-1], projection.shape[1], requires_grad=True))
            return output + inputs[0] @ projection @ b.T

        hooks.append(module.register_forward_hook(add))
    ids = torch.tensor([[*text.prompt, *text.answer]])
    steps = torch.log_softmax(model(ids).logits[0, :-1], -1).gather(1, ids[0, 1:, None])
    steps[-len(text.answer) :].mean().backward()
    for one in hooks:
        one.remove()
    return {name: change.grad for name, change in changes.items()}


@pytest.mark.parametrize("model", [llama(), gpt2()], ids=["llama", "gpt2"])
def test_products_equal_those_of_autograd(model: PreTrainedModel):
    reader = RowGradients(model, rank=4)
    weights = [1.0, -0.5, 0.25]
    target = reader.target(TEXTS, weights)
    found = reader.compare(TEXTS, [target])
    rows = [by_hand(model, reader, text) for text in TEXTS]
    summed = {name: sum(w * row[name] for w, row in zip(weights, rows, strict=True)) for name in rows[0]}
    for name, expected in summed.items():
        torch.testing.assert_close(target[name], expected, atol=1e-6, rtol=1e-4)
    dots = [sum(float((row[name] * summed[name]).sum()) for name in summed) for row in rows]
    np.testing.assert_allclose(found.dots[:, 0], dots, rtol=1e-3, atol=1e-7)
    norms = [sum(float(one.square().sum()) for one in row.values()) ** 0.5 for row in rows]
    np.testing.assert_allclose(found.norms, norms, rtol=1e-4)


def test_answer_is_most_like_itself_and_the_opposite_of_its_opposite():
    reader = RowGradients(llama())
    targets = [reader.target([TEXTS[1]], [1.0]), reader.target([TEXTS[1]], [-1.0])]
    cosines = reader.compare(TEXTS, targets).cosines
    np.testing.assert_allclose(cosines[1], [1, -1], atol=1e-5)
    assert (np.abs(cosines[[0, 2]]) < 0.999).all()


def test_a_small_step_raises_the_target_by_the_product():
    model = llama()
    reader = RowGradients(model, rank=16)
    found = reader.compare(TEXTS[:1], [reader.target(TEXTS[1:2], [1.0])])
    gradient, step = by_hand(model, reader, TEXTS[0]), 1e-2

    def log_probability() -> float:
        ids = torch.tensor([[*TEXTS[1].prompt, *TEXTS[1].answer]])
        logits = model(ids).logits[0, :-1].double()
        return float(torch.log_softmax(logits, -1).gather(1, ids[0, 1:, None])[-4:].mean())

    before = log_probability()
    for name, module in reader._linear.items():
        projection = reader._projections[name].T  # shape R, in
        assert isinstance(module.weight, torch.Tensor)
        module.weight += step * gradient[name] @ projection
    assert (log_probability() - before) / step == pytest.approx(found.dots[0, 0], rel=0.05)


def test_no_hook_and_no_gradient_is_left_behind():
    model = llama()
    reader = RowGradients(model)
    reader.compare(TEXTS, [reader.target(TEXTS, [1.0] * 3)])
    assert not any(module._forward_hooks for module in model.modules())
    assert all(one.grad is None for one in model.parameters())


def test_model_without_linear_layers_is_refused():
    class Empty(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = torch.nn.Module()
            self.model.layers = torch.nn.ModuleList([torch.nn.LayerNorm(4)])

    with pytest.raises(AskewError, match="no linear layers"):
        RowGradients(Empty())
