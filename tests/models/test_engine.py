from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, PreTrainedModel, Qwen2Config, Qwen2ForCausalLM

from askew.base.errors import AskewError
from askew.models.engine.completion import Completion
from askew.models.engine.forking import Fork, families, forked
from askew.models.engine.sampler import MOST_ROWS, Engine
from askew.models.engine.sampling import Draw, Sampling
from random_models import TINY

END = 1
PROMPTS = [[3, 50, 60, 70, 4], [3, 51, 61, 4], [3, 80, 81, 82, 83, 84, 4]]
TWO_TAILS = ((5, 6), (7, 8, 9))


@pytest.fixture(scope="module", params=["llama", "qwen2"])
def model(request: pytest.FixtureRequest, tiny_checkpoint: Path) -> PreTrainedModel:
    """Return a model that the engine computes itself, and one that it leaves to Transformers."""
    if request.param == "llama":
        return AutoModelForCausalLM.from_pretrained(tiny_checkpoint, dtype=torch.float32).eval()
    torch.manual_seed(0)
    config = Qwen2Config(**TINY, eos_token_id=END, pad_token_id=0, bos_token_id=None)
    return Qwen2ForCausalLM(config).eval()


@pytest.fixture(scope="module")
def engine(model: PreTrainedModel) -> Engine:
    return Engine(model, [END])


def draws(count: int, seed: int = 7) -> list[Draw]:
    return [Draw(i % len(PROMPTS), seed, i) for i in range(count)]


def tokens(completions: Sequence[Completion]) -> list[list[int]]:
    return [completion.tokens for completion in completions]


def test_greedy_answers_equal_those_of_generate(engine: Engine, model: PreTrainedModel) -> None:
    answers = engine.sample(PROMPTS, draws(6), Sampling(max_tokens=40, temperature=0))
    for prompt, answer in zip(PROMPTS * 2, tokens(answers), strict=True):
        ids = torch.tensor([prompt])
        said = model.generate(  # pyright: ignore[reportCallIssue]
            ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=40, eos_token_id=END
        )
        assert answer == [token for token in said[0, len(prompt) :].tolist() if token != END]


def test_prompts_of_different_lengths_share_a_batch(engine: Engine, model: PreTrainedModel) -> None:
    """There are too many prompts to share their states, each with several answers that diverge late."""
    prompts = [[3, *range(50, 50 + length), 4] for length in (1, 40, 2, 9, 30, 3, 9, 17, 4, 25, 6, 70)]
    several = [Draw(i % len(prompts), 7, i) for i in range(36)]
    settings = Sampling(max_tokens=40, temperature=0)
    for prompt, answer in zip(prompts * 3, tokens(engine.sample(prompts, several, settings)), strict=True):
        ids = torch.tensor([prompt])
        said = model.generate(  # pyright: ignore[reportCallIssue]
            ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=40, eos_token_id=END
        )
        assert answer == [token for token in said[0, len(prompt) :].tolist() if token != END]
    together = tokens(engine.sample(prompts, several, Sampling(max_tokens=40)))
    assert together == [tokens(engine.sample(prompts, [draw], Sampling(max_tokens=40)))[0] for draw in several]


def test_answer_does_not_depend_on_the_batch(engine: Engine) -> None:
    together = tokens(engine.sample(PROMPTS, draws(60), Sampling(max_tokens=30)))
    few = [draw for draw in draws(60) if draw.index in (4, 17, 59)]
    assert tokens(engine.sample(PROMPTS, few, Sampling(max_tokens=30))) == [together[4], together[17], together[59]]


def test_another_seed_gives_other_answers(engine: Engine) -> None:
    first, second = (tokens(engine.sample(PROMPTS, draws(10, seed), Sampling(max_tokens=10))) for seed in (1, 2))
    assert all(one != other for one, other in zip(first, second, strict=True))


def test_answers_follow_the_model_probabilities(engine: Engine, model: PreTrainedModel) -> None:
    count = 4000
    answers = engine.sample(PROMPTS[:1], [Draw(0, 3, i) for i in range(count)], Sampling(1, temperature=0.5))
    seen = Counter(answer.tokens[0] if answer.tokens else END for answer in answers)
    with torch.inference_mode():
        expected = torch.softmax(model(torch.tensor(PROMPTS[:1])).logits[0, -1] / 0.5, -1)
    for token, probability in enumerate(expected.tolist()):
        assert abs(seen[token] / count - probability) < 5 * np.sqrt(probability / count) + 1e-3


def test_top_p_draws_only_the_likeliest_tokens(engine: Engine, model: PreTrainedModel) -> None:
    with torch.inference_mode():
        ordered = model(torch.tensor(PROMPTS[:1])).logits[0, -1].sort(descending=True)
    held = torch.softmax(ordered.values, -1).cumsum(-1)
    nucleus = set(ordered.indices[: int((held < 0.3).sum()) + 1].tolist())
    answers = engine.sample(PROMPTS[:1], [Draw(0, 3, i) for i in range(300)], Sampling(1, top_p=0.3))
    said = {token for answer in answers for token in answer.tokens or [END]}
    assert said <= nucleus
    assert len(said) > 1
    only = engine.sample(PROMPTS[:1], [Draw(0, 3, i) for i in range(50)], Sampling(1, top_k=1))
    assert {tuple(answer.tokens) for answer in only} == {(ordered.indices[0].item(),)}


def test_batch_too_large_for_memory_is_halved(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = tokens(engine.sample(PROMPTS, draws(20), Sampling(max_tokens=10)))
    write, sizes = engine._sample_batch, []

    def short_of_memory(prompts, draws, sampling, stop):
        sizes.append(len(draws))
        if len(draws) > 6:
            raise torch.OutOfMemoryError("out of memory")
        return write(prompts, draws, sampling, stop)

    monkeypatch.setattr(engine, "_sample_batch", short_of_memory)
    assert tokens(engine.sample(PROMPTS, draws(20), Sampling(max_tokens=10))) == expected
    assert sizes == [20, 10, 5, 5, 5, 5]


def test_memory_too_small_for_one_answer_raises_a_readable_error(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(*args: object) -> None:
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(engine, "_sample_batch", no_memory)
    with pytest.raises(AskewError, match="memory is too small for one answer of up to 10 tokens"):
        engine.sample(PROMPTS, draws(3), Sampling(max_tokens=10))


def test_more_answers_than_rows_take_several_batches(engine: Engine) -> None:
    many = engine.sample(PROMPTS, draws(MOST_ROWS + 5), Sampling(max_tokens=3))
    last = engine.sample(PROMPTS, draws(MOST_ROWS + 5)[-2:], Sampling(max_tokens=3))
    assert len(many) == MOST_ROWS + 5
    assert tokens(many[-2:]) == tokens(last)


def test_answer_ends_at_the_end_of_the_context(engine: Engine) -> None:
    prompt = [3, *[50] * (engine.context - 4), 4]
    [answer] = engine.sample([prompt], [Draw(0, 1, 0)], Sampling(max_tokens=50, top_k=1))
    assert len(answer.tokens) <= 2
    with pytest.raises(AskewError, match="does not fit the model's context of 512"):
        engine.sample([[50] * 512], [Draw(0, 1, 0)], Sampling(max_tokens=1))


def test_log_probabilities_equal_those_of_the_model(engine: Engine, model: PreTrainedModel) -> None:
    [answer] = engine.sample(PROMPTS[:1], [Draw(0, 5, 0)], Sampling(max_tokens=4, temperature=0.7, logprobs=3))
    said = PROMPTS[0] + answer.tokens
    with torch.inference_mode():
        expected = torch.log_softmax(model(torch.tensor([said])).logits[0], -1)
    for place, step in enumerate(answer.logprobs[: len(answer.tokens)], start=len(PROMPTS[0]) - 1):
        assert step.token == said[place + 1]
        assert step.logprob == pytest.approx(expected[place, step.token].item(), abs=1e-4)
        assert [token for token, _ in step.likeliest] == expected[place].topk(3).indices.tolist()


def test_first_tokens_after_prompts_with_common_parts_equal_those_of_the_model(
    engine: Engine, model: PreTrainedModel
) -> None:
    """Six conversations with three questions each, a prompt alone, one that another begins with, and one twice."""
    task, several = [3, *range(50, 90)], [[100 + i] * (20 + i % 2) for i in range(6)]
    asked = [[120, 4], [121, 122, 4], [130, 131, 132, 4]]
    prompts = [[*task, *conversation, *question] for conversation in several for question in asked]
    prompts += [[3, 50, 60, 4], task, [3, 50, 60, 4]]
    greedy = Sampling(max_tokens=1, temperature=0, logprobs=3)
    answers = engine.sample(prompts, [Draw(i, 7, i) for i in range(len(prompts))], greedy)
    for prompt, answer in zip(prompts, answers, strict=True):
        with torch.inference_mode():
            true = torch.log_softmax(model(torch.tensor([prompt])).logits[0, -1], dim=-1)
        (found,) = answer.logprobs
        assert found.token == int(true.argmax())
        assert dict(found.likeliest) == pytest.approx(
            {token: true[token].item() for token, _ in found.likeliest}, abs=1e-4
        )


@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=8).map(tuple), min_size=1, max_size=12))
def test_forked_prompts_are_the_prompts(prompts: list[tuple[int, ...]]) -> None:
    prefix, forks, order = forked(prompts, longest=20)
    assert [prefix + fork.stem + tail for fork in forks for tail in fork.tails] == [prompts[i] for i in order]
    assert sorted(order) == list(range(len(prompts)))
    assert all(len(tail) >= 1 for fork in forks for tail in fork.tails)
    assert all(len(fork.tails) == 1 or len(fork.stem) + sum(map(len, fork.tails)) <= 20 for fork in forks)


def test_questions_about_one_conversation_are_one_fork() -> None:
    conversations = [[1, *[10 + i] * 9] for i in range(3)]
    prefix, forks, _ = forked([[*words, 20 + i] for words in conversations for i in range(8)], longest=100)
    assert prefix == (1,)
    assert [(len(fork.stem), len(fork.tails)) for fork in forks] == [(9, 8)] * 3


@given(st.lists(st.lists(st.integers(0, 1), min_size=1, max_size=9).map(tuple), min_size=1, max_size=12))
def test_a_family_begins_with_the_same_half(prompts: list[tuple[int, ...]]) -> None:
    found = families(prompts, least=0)
    assert sorted(number for family in found for number in family) == list(range(len(prompts)))
    for first, *others in found:
        for other in others:
            half = (max(len(prompts[first]), len(prompts[other])) + 1) // 2
            assert prompts[first][:half] == prompts[other][:half]


def test_prompts_of_two_tasks_are_two_families() -> None:
    tasks = [[1, *[10 + task] * 20] for task in range(2)]
    prompts = [[*task, *range(30 + turn, 40 + turn)] for turn in range(3) for task in tasks]
    assert sorted(map(sorted, families(prompts, least=42))) == [[0, 2, 4], [1, 3, 5]]
    assert families(prompts, least=43) == [[0, 2, 4, 1, 3, 5]], "too little is saved for passes of their own"


def test_many_small_families_take_no_more_passes_than_one(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    if engine._network is None:
        pytest.skip("the engine computes this model by Transformers")
    passes: list[int] = []
    read = engine._network.read
    monkeypatch.setattr(engine._network, "read", lambda ids, *rest: (passes.append(len(ids)), read(ids, *rest))[1])
    prompts = [[3, *[50 + number] * 30, *range(200, 200 + turn)] for number in range(40) for turn in (3, 4)]
    engine.sample(prompts, [Draw(i, 7, i) for i in range(len(prompts))], Sampling(max_tokens=1, temperature=0))
    assert len(passes) <= 4


@pytest.mark.parametrize("prefix", [[], [3, 90, 91, 92]])
def test_forks_give_the_same_probabilities_as_separate_prompts(
    engine: Engine, model: PreTrainedModel, prefix: list[int]
) -> None:
    forks = [Fork(tuple(range(100, 100 + length)), TWO_TAILS) for length in (9, 0, 30, 9)]
    forks.append(Fork((120, 121), ((5,),)))
    asked = list(range(200, 260))
    found = engine.next_token_probabilities(prefix, forks, asked)
    for fork, likelihoods in zip(forks, found, strict=True):
        for tail, likelihood in zip(fork.tails, likelihoods, strict=True):
            with torch.inference_mode():
                logits = model(torch.tensor([[*prefix, *fork.stem, *tail]])).logits[0, -1]
            torch.testing.assert_close(likelihood, torch.softmax(logits, -1)[asked], atol=1e-6, rtol=1e-4)
