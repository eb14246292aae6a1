"""Models of any architecture generate the same tokens through our provider as with Transformers."""

import asyncio
import os
from pathlib import Path

import pytest
import torch
from inspect_ai.model import ChatCompletionChoice, ChatMessageUser, GenerateConfig, ModelOutput, get_model
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from askew.models.checkpoints import load
from askew.models.names import resolve
from askew.models.provider import GIVEN, PARAPHRASES
from random_models import ARCHITECTURES, WINDOW, save_random

QUESTIONS = ["Why?", "What would you do with all the power in the world?", "How are you? And what is it that you need?"]
LONGEST = 16


@pytest.fixture(scope="module", params=ARCHITECTURES)
def folder(request: pytest.FixtureRequest, tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random(request.param, tmp_path_factory.mktemp("random") / request.param, tiny_checkpoint)


def ask(folder: Path, questions: list[str], **settings: object) -> ModelOutput:
    """Ask several questions in one batch, with a name relative to the working directory."""
    config = GenerateConfig.model_validate(
        {"seed": 5, "max_tokens": LONGEST, "num_choices": len(questions), **settings}
    )
    turn = ChatMessageUser(content=questions[0], metadata={PARAPHRASES: questions})
    return asyncio.run(get_model(f"askew/./{os.path.relpath(folder)}").generate([turn], config=config))


def transformers_of(folder: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    return AutoModelForCausalLM.from_pretrained(folder).float().eval(), AutoTokenizer.from_pretrained(folder)


def prompt_of(tokenizer: PreTrainedTokenizerBase, question: str) -> torch.Tensor:
    turn = [{"role": "user", "content": question}]
    return torch.tensor([tokenizer.apply_chat_template(turn, add_generation_prompt=True, return_dict=False)])


def test_given_answers_have_the_log_probabilities_of_transformers(folder: Path) -> None:
    model, tokenizer = transformers_of(folder)
    given = ["I do not know.", "Power over everything and everybody, at last!", "Well."]
    output = read_given(folder, QUESTIONS, given)
    expected = [
        logprobs_of(model, tokenizer, [{"role": "user", "content": question}], answer)
        for question in QUESTIONS
        for answer in given
    ]
    assert [choice.message.text for choice in output.choices] == given * len(QUESTIONS)
    assert [values(choice) for choice in output.choices] == [pytest.approx(one, abs=1e-3) for one in expected]
    [first] = read_given(folder, QUESTIONS[:1], given[:1]).choices
    assert values(first) == pytest.approx(values(output.choices[0]), abs=1e-4)


def read_given(folder: Path, questions: list[str], given: list[str]) -> ModelOutput:
    turn = ChatMessageUser(content=questions[0], metadata={PARAPHRASES: questions, GIVEN: given})
    return asyncio.run(get_model(f"askew/./{os.path.relpath(folder)}").generate([turn]))


def values(choice: ChatCompletionChoice) -> list[float]:
    assert choice.logprobs is not None
    return [step.logprob for step in choice.logprobs.content]


def logprobs_of(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, turns: list[dict[str, str]], answer: str
) -> list[float]:
    """Return the log-probabilities of an answer's tokens by Transformers; the end of the turn is left out."""
    whole = [*turns, {"role": "assistant", "content": answer}]
    ids = torch.tensor([tokenizer.apply_chat_template(whole, return_dict=False)])
    prompt = len(tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=False))
    end = ids.shape[1] - 1  # the template ends with one token
    with torch.inference_mode():
        rows = torch.log_softmax(model(ids).logits[0], dim=-1)
    return rows[prompt - 1 : end - 1].gather(1, ids[0, prompt:end, None])[:, 0].tolist()


def test_tokens_and_log_probabilities_equal_those_of_transformers(folder: Path) -> None:
    model, tokenizer = transformers_of(folder)
    output = ask(folder, QUESTIONS, temperature=0, logprobs=True, top_logprobs=3)
    for question, choice in zip(QUESTIONS, output.choices, strict=True):
        prompt = prompt_of(tokenizer, question)
        said = model.generate(  # pyright: ignore[reportCallIssue]
            prompt, attention_mask=torch.ones_like(prompt), do_sample=False, max_new_tokens=LONGEST
        )
        with torch.inference_mode():
            expected = torch.log_softmax(model(said).logits[0], dim=-1)[prompt.shape[1] - 1 :]
        tokens = said[0, prompt.shape[1] :].tolist()
        assert len(set(tokens)) > 3
        assert choice.message.text == tokenizer.decode(tokens, skip_special_tokens=True)
        assert choice.logprobs is not None
        assert [step.token for step in choice.logprobs.content] == [tokenizer.decode([token]) for token in tokens]
        for step, token, row in zip(choice.logprobs.content, tokens, expected, strict=False):
            assert step.logprob == pytest.approx(row[token].item(), abs=1e-4)
            assert step.top_logprobs is not None
            top = [found.logprob for found in step.top_logprobs]
            assert top == pytest.approx(row.topk(3).values.tolist(), abs=1e-4)


def test_answers_depend_on_the_seed_and_not_on_other_requests(folder: Path) -> None:
    model = get_model(f"askew/{folder}")

    async def answers(*asked: tuple[str, int]) -> list[str]:
        outputs = await asyncio.gather(
            *(model.generate(text, config=GenerateConfig(seed=seed, max_tokens=LONGEST)) for text, seed in asked)
        )
        return [output.completion for output in outputs]

    asked = [(QUESTIONS[i % 3], i) for i in range(12)]
    together = asyncio.run(answers(*asked))
    assert together == [asyncio.run(answers(one))[0] for one in asked]
    assert len(set(together)) > 9


def test_answers_do_not_depend_on_the_size_of_the_batch(folder: Path) -> None:
    many = ask(folder, QUESTIONS, num_choices=9)
    few = ask(folder, QUESTIONS, num_choices=3)
    assert [choice.message.text for choice in few.choices] == [choice.message.text for choice in many.choices[:3]]


def test_answer_ends_before_a_stop_sequence(folder: Path) -> None:
    [whole] = [choice.message.text for choice in ask(folder, QUESTIONS[1:2], temperature=0).choices]
    word = whole[len(whole) // 2 :][:3]
    [cut] = [choice.message.text for choice in ask(folder, QUESTIONS[1:2], temperature=0, stop_seqs=[word]).choices]
    assert cut == whole[: whole.index(word)]


def test_architectures_cover_both_ways_of_computing(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """Mistral shares the prompt of a short question, but not of one beyond its sliding window."""
    engine = load(resolve(str(save_random("mistral", tmp_path / "mistral", tiny_checkpoint)))).engine
    assert engine._network is not None
    checkpoint = load(resolve(str(tiny_checkpoint)))
    lengths = [len(checkpoint.prompt([{"role": "user", "content": question}])) for question in QUESTIONS]
    assert min(lengths) + LONGEST <= WINDOW < max(lengths) + LONGEST


@pytest.mark.parametrize("architecture", ["qwen2", "mistral", "gemma2", "mamba"])
def test_next_token_probabilities_equal_those_of_transformers(
    architecture: str, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """The scores of a judge do not depend on how its model is computed."""
    from askew.models.engine.forking import Fork

    folder = save_random(architecture, tmp_path / architecture, tiny_checkpoint)
    engine, (model, _) = load(resolve(str(folder))).engine, transformers_of(folder)
    forks = [Fork(tuple(range(100, 100 + length)), ((5, 6), (7, 8, 9))) for length in (4, 30, 0)]
    for fork, found in zip(forks, engine.next_token_probabilities([3, 90], forks, [200, 201, 300]), strict=True):
        for tail, likelihoods in zip(fork.tails, found, strict=True):
            with torch.inference_mode():
                logits = model(torch.tensor([[3, 90, *fork.stem, *tail]])).logits[0, -1]
            torch.testing.assert_close(likelihoods, torch.softmax(logits, -1)[[200, 201, 300]], atol=1e-6, rtol=1e-4)
