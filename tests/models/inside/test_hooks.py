"""Hooks on decoder layers: what they read and change, and each known trap."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from askew.base.errors import AskewError
from askew.models.engine.plain import UnmergedModel
from askew.models.engine.sampler import Engine
from askew.models.engine.sampling import Draw, Sampling
from askew.models.inside.hooks import ablated, added, capture, steer
from askew.models.inside.layers import decoder_layers, hook_point
from random_models import TINY

IDS = torch.arange(3, 15)[None]
DIRECTION = np.random.default_rng(0).normal(size=32)


def llama(layers: int = 3, seed: int = 0) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return LlamaForCausalLM(LlamaConfig(**{**TINY, "num_hidden_layers": layers})).eval()


def gpt2() -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return GPT2LMHeadModel(GPT2Config(vocab_size=472, n_embd=32, n_layer=3, n_head=4, n_positions=64)).eval()


def with_lora(model: Any) -> Any:
    adapted = get_peft_model(model, LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False))
    return adapted.eval()


def logits(model: nn.Module, ids: Tensor = IDS) -> Tensor:
    with torch.inference_mode():
        return model(input_ids=ids).logits


@pytest.mark.parametrize("make", [llama, gpt2])
def test_the_last_layer_is_read_before_the_final_norm(make: Callable[[], Any]) -> None:
    model = make()
    with torch.inference_mode(), capture(model, [0, 1, 2]) as found:
        states = model(input_ids=IDS, output_hidden_states=True).hidden_states
    assert torch.equal(found[0], states[1])
    assert torch.equal(found[1], states[2])
    assert not torch.allclose(found[2], states[3])  # the naive reading of the last layer
    norm = model.model.norm if isinstance(model, LlamaForCausalLM) else model.transformer.ln_f
    with torch.no_grad():
        assert torch.allclose(norm(found[2].clone()), states[3], atol=1e-5)


@pytest.mark.parametrize("asked_before", [False, True])
def test_hidden_states_show_the_change_in_either_order(asked_before: bool) -> None:
    model = llama()
    before = logits(model)
    if asked_before:  # Transformers then installs its own hooks first
        model(input_ids=IDS, output_hidden_states=True)
    with torch.inference_mode():
        plain = model(input_ids=IDS, output_hidden_states=True).hidden_states[2] if asked_before else None
        with steer(model, 1, added(DIRECTION, 3.0)):
            changed = model(input_ids=IDS, output_hidden_states=True).hidden_states[2]
        again = model(input_ids=IDS, output_hidden_states=True).hidden_states[2]
    unit = torch.from_numpy(DIRECTION / np.linalg.norm(DIRECTION)).float()
    assert torch.allclose(changed, again + 3.0 * unit, atol=1e-5)
    assert plain is None or torch.equal(plain, again)
    assert torch.equal(logits(model), before)


@pytest.mark.parametrize("steer_first", [False, True])
def test_what_is_captured_at_the_steered_layer_has_the_change_and_no_other_layer_below_has(steer_first: bool) -> None:
    model = llama()
    with torch.inference_mode(), capture(model, [0, 1, 2]) as plain:
        model(input_ids=IDS)
    managers = [steer(model, 1, added(DIRECTION, 3.0)), capture(model, [0, 1, 2])]
    first, second = managers if steer_first else managers[::-1]
    with torch.inference_mode(), first as one, second as other:
        model(input_ids=IDS)
    found = one or other
    assert found is not None
    unit = torch.from_numpy(DIRECTION / np.linalg.norm(DIRECTION)).float()
    assert torch.equal(found[0], plain[0])
    assert torch.allclose(found[1] - plain[1], (3.0 * unit).expand_as(plain[1]), atol=1e-5)
    assert not torch.allclose(found[2] - plain[2], (3.0 * unit).expand_as(plain[2]), atol=1e-2)


def test_steering_token_by_token_equals_steering_the_whole_text() -> None:
    model = llama()
    with steer(model, 1, added(DIRECTION, 20.0)):
        generated = cast(Tensor, model.generate(IDS, max_new_tokens=6, do_sample=False, eos_token_id=None))
        whole = logits(model, generated)
    assert torch.equal(whole[0, IDS.shape[1] - 1 : -1].argmax(-1), generated[0, IDS.shape[1] :])
    plain = cast(Tensor, model.generate(IDS, max_new_tokens=6, do_sample=False, eos_token_id=None))
    assert not torch.equal(plain, generated)
    # A hook at the absolute positions of the prompt changes no token after the first, and so another text comes out.
    late = llama_steered_at_the_prompt_only(model)
    assert not torch.equal(late, generated)


def llama_steered_at_the_prompt_only(model: Any) -> Tensor:
    shift = 20.0 * torch.from_numpy(DIRECTION / np.linalg.norm(DIRECTION)).float()

    def naive(stream: Tensor) -> Tensor:
        at_prompt = torch.arange(stream.shape[1]) < IDS.shape[1]
        return stream + shift * (at_prompt[:, None] if stream.shape[1] > 1 else 0.0)

    with steer(model, 1, naive):
        return cast(Tensor, model.generate(IDS, max_new_tokens=6, do_sample=False, eos_token_id=None))


def test_an_engine_through_modules_is_steered_and_the_fast_one_is_not() -> None:
    model = llama()
    draws, sampling = [Draw(0, 0, i) for i in range(4)], Sampling(max_tokens=5, temperature=1.0)
    prompt = IDS[0].tolist()

    def written(engine: Engine) -> list[list[int]]:
        return [one.tokens for one in engine.sample([prompt], draws, sampling)]

    through, fast = Engine(model, [], through_modules=True), Engine(model, [])
    plain = written(through)
    assert plain == written(fast)
    answers = [[[5, 6, 7], [8, 9]]]
    read = through.answer_logprobs([prompt], answers)[0]
    with steer(model, 1, added(DIRECTION, 20.0)):
        assert written(through) != plain
        assert written(fast) == plain
        steered = through.answer_logprobs([prompt], answers)[0]
        # Both answers share a row; each is read as if it stood alone after its prompt.
        alone = torch.log_softmax(logits(model, torch.tensor([[*prompt, 8, 9]]))[0], -1)
    assert not torch.allclose(read[1], steered[1], atol=1e-3)
    expected = torch.stack([alone[len(prompt) - 1, 8], alone[len(prompt), 9]])
    assert torch.allclose(steered[1], expected, atol=1e-4)
    assert written(through) == plain


@pytest.mark.parametrize(
    "manager", [lambda model: steer(model, 1, added(DIRECTION, 3.0)), lambda m: capture(m, [0, 2])]
)
def test_hooks_are_removed_after_an_error(manager: Callable[[nn.Module], Any]) -> None:
    model = llama()
    before = logits(model)
    with pytest.raises(ZeroDivisionError), manager(model):
        raise ZeroDivisionError
    assert torch.equal(logits(model), before)
    assert not any(layer._forward_hooks for layer in decoder_layers(model))


def test_no_hook_stays_if_one_of_the_layers_does_not_exist() -> None:
    model = llama()
    with pytest.raises(AskewError, match="no layer 3: it has 3, counted from 0 to 2"), capture(model, [0, 3]):
        pass
    with pytest.raises(AskewError, match="no layer -1"), steer(model, -1, added(DIRECTION, 1.0)):
        pass
    assert not any(layer._forward_hooks for layer in decoder_layers(model))


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_peft_model_is_steered_as_its_merged_copy(wrapped: bool) -> None:
    adapted = with_lora(llama())
    model: nn.Module = UnmergedModel(adapted) if wrapped else adapted
    plain = logits(model)
    assert hook_point(model, 1) == "model.layers.1"
    with steer(model, 1, added(DIRECTION, 5.0)):
        steered = logits(model)
        with adapted.disable_adapter():
            base_steered = logits(model)
    with adapted.disable_adapter():
        assert torch.equal(logits(model), logits(llama()))
    base = llama()
    with steer(base, 1, added(DIRECTION, 5.0)):
        assert torch.allclose(base_steered, logits(base), atol=1e-5)
    merged = adapted.merge_and_unload().eval()
    with steer(merged, 1, added(DIRECTION, 5.0)):
        assert torch.allclose(logits(merged), steered, atol=1e-3)
    assert not torch.allclose(steered, plain, atol=1e-2)


@pytest.mark.parametrize(("way", "times"), [("transformers", 1), ("kept", 2), ("reentrant", 2)])
def test_gradient_checkpointing_neither_doubles_a_reading_nor_a_change(way: str, times: int) -> None:
    def step(way: str) -> tuple[float, Tensor, int, Tensor]:
        model = llama().train()
        if way == "transformers":
            model.activation_checkpointing_enable()
        seen: list[Tensor] = []

        def noted(stream: Tensor) -> Tensor:
            seen.append(stream)
            return stream.detach()

        def run(embedded: Tensor) -> Tensor:
            return model(inputs_embeds=embedded, labels=IDS, use_cache=False).loss

        with steer(model, 1, added(DIRECTION, 3.0)), capture(model, [1], noted) as found:
            embedded = model.get_input_embeddings()(IDS)
            whole = way in ("kept", "reentrant")  # the hooks are then inside what is computed again
            loss = checkpoint(run, embedded, use_reentrant=way == "reentrant") if whole else run(embedded)
            cast(Tensor, loss).backward()
        gradient = model.model.layers[0].mlp.down_proj.weight.grad
        assert gradient is not None
        return cast(Tensor, loss).item(), gradient, len(seen), found[1]

    loss, gradient, once, reading = step("")
    again, recomputed, seen, reading_again = step(way)
    assert once == 1
    assert seen == times
    assert again == pytest.approx(loss, rel=1e-5)
    assert torch.allclose(recomputed, gradient, atol=1e-5)
    assert reading.shape == reading_again.shape == (1, 12, 32)
    assert torch.allclose(reading, reading_again, atol=1e-5)


def test_ablation_sets_the_projection_to_its_mean_and_leaves_the_rest() -> None:
    model = llama()
    unit = torch.from_numpy(DIRECTION / np.linalg.norm(DIRECTION)).float()
    with torch.inference_mode(), capture(model, [1]) as plain:
        model(input_ids=IDS)
    with torch.inference_mode(), steer(model, 1, ablated(DIRECTION, 0.7)), capture(model, [1]) as found:
        model(input_ids=IDS)
    assert torch.allclose(found[1] @ unit, torch.full((1, 12), 0.7), atol=1e-4)
    rest = plain[1] - (plain[1] @ unit)[..., None] * unit
    assert torch.allclose(found[1] - 0.7 * unit, rest, atol=1e-4)


def test_ablation_in_bf16_computes_in_float32() -> None:
    stream = (torch.randn(2, 3, 32, generator=torch.Generator().manual_seed(0)) + 1000).bfloat16()
    unit = torch.from_numpy(DIRECTION / np.linalg.norm(DIRECTION)).float()
    changed = ablated(DIRECTION, 2.0)(stream)
    assert changed.dtype == torch.bfloat16
    exact = stream.float() - (stream.float() @ unit - 2.0)[..., None] * unit
    assert torch.equal(changed, exact.bfloat16())


@pytest.mark.parametrize("direction", [np.zeros(32), np.full(32, np.nan), np.array([np.inf, *[1.0] * 31])])
def test_a_vector_that_is_no_direction_is_refused(direction: np.ndarray) -> None:
    with pytest.raises(AskewError, match="no direction"):
        added(direction, 1.0)
    with pytest.raises(AskewError, match="no direction"):
        ablated(direction, 1.0)


def test_sizes_that_are_not_finite_are_refused() -> None:
    with pytest.raises(AskewError, match="size nan"):
        added(DIRECTION, float("nan"))
    with pytest.raises(AskewError, match="mean inf"):
        ablated(DIRECTION, float("inf"))


def test_a_direction_of_another_width_is_refused_when_the_model_runs() -> None:
    model = llama()
    refused = pytest.raises(AskewError, match="has 16 numbers, and the model's activations have 32")
    with refused, steer(model, 1, added(DIRECTION[:16], 1.0)):
        logits(model)
    assert not any(layer._forward_hooks for layer in decoder_layers(model))


def test_layers_are_found_by_name_and_a_model_without_them_is_refused() -> None:
    assert hook_point(gpt2(), 2) == "transformer.h.2"
    with pytest.raises(AskewError, match="Linear has no decoder layers under any of the names"):
        decoder_layers(nn.Linear(2, 2))
