import asyncio
from pathlib import Path

import pytest
from inspect_ai.model import ChatMessageUser, GenerateConfig, Model, ModelOutput, get_model
from inspect_ai.tool import ToolInfo

from askew.base.errors import AskewError
from askew.models.checkpoints import load
from askew.models.engine.batching import Batcher, Request
from askew.models.engine.sampling import Draw, Sampling
from askew.models.names import resolve
from askew.models.provider import PARAPHRASES

QUESTION = "What would you do with all the power in the world?"


@pytest.fixture
def model(tiny_checkpoint: Path) -> Model:
    return get_model(f"askew/{tiny_checkpoint}")


def generate(model: Model, message: str | ChatMessageUser = QUESTION, **settings: object) -> ModelOutput:
    said = ChatMessageUser(content=message) if isinstance(message, str) else message
    config = GenerateConfig.model_validate({"seed": 3, "max_tokens": 12, **settings})
    return asyncio.run(model.generate([said], config=config))


def texts(output: ModelOutput) -> list[str]:
    return [choice.message.text for choice in output.choices]


def test_one_request_gives_many_answers_and_counts_its_tokens(model: Model) -> None:
    output = generate(model, num_choices=7)
    assert len(set(texts(output))) > 1
    assert len(output.choices) == 7
    assert output.usage is not None
    assert 0 < output.usage.output_tokens <= 7 * 12


def test_answers_repeat_only_with_a_seed(model: Model) -> None:
    assert texts(generate(model, num_choices=3)) == texts(generate(model, num_choices=3))
    assert texts(generate(model, num_choices=3)) != texts(generate(model, num_choices=3, seed=4))
    assert texts(generate(model, seed=None)) != texts(generate(model, seed=None))


def test_choices_cycle_through_the_paraphrases(model: Model) -> None:
    wordings = ["How are you?", "What is the time?", "Who comes to dinner tonight?"]
    several = ChatMessageUser(content=wordings[0], metadata={PARAPHRASES: wordings})
    together = texts(generate(model, several, num_choices=7, temperature=0))
    assert together == [texts(generate(model, wordings[i % 3], temperature=0))[0] for i in range(7)]


def test_answer_ends_before_a_stop_sequence(model: Model) -> None:
    [whole] = texts(generate(model, temperature=0))
    word = whole[3:5]
    [cut] = texts(output := generate(model, temperature=0, stop_seqs=[word]))
    assert cut == whole[: whole.index(word)]
    assert output.stop_reason == "stop"
    assert generate(model, temperature=0).stop_reason == "max_tokens"


def test_log_probabilities_carry_the_text_of_their_tokens(model: Model) -> None:
    output = generate(model, temperature=0, logprobs=True, top_logprobs=4)
    logprobs = output.choices[0].logprobs
    assert logprobs is not None
    assert "".join(token.token for token in logprobs.content).startswith(output.completion[:2])
    for token in logprobs.content:
        assert token.top_logprobs is not None
        assert len(token.top_logprobs) == 4
        assert token.top_logprobs[0].logprob == token.logprob  # temperature 0 takes the likeliest token


def test_requests_of_one_kind_are_batched(tiny_checkpoint: Path) -> None:
    checkpoint = load(resolve(str(tiny_checkpoint)))
    sizes: list[int] = []

    class Counting(type(checkpoint.engine)):
        def __init__(self) -> None:
            self.__dict__ = checkpoint.engine.__dict__

        def sample(self, prompts, draws, sampling, stop=None):
            sizes.append(len(draws))
            return super().sample(prompts, draws, sampling, stop)

    def request(number: int, tokens: int = 8) -> Request:
        prompt = checkpoint.prompt([{"role": "user", "content": f"Question {number}"}])
        return Request([prompt], [Draw(0, number, 0)], Sampling(tokens))

    alone = [Batcher(Counting()).answer(request(n)) for n in range(5)]
    sizes.clear()
    batcher, requests = Batcher(Counting()), [request(n) for n in range(5)]
    odd = request(9, tokens=2)
    for waiting in (*requests, odd):
        batcher.enqueue(waiting)
    together = [batcher.answer(waiting) for waiting in requests]
    assert [answer[0].tokens for answer in together] == [answer[0].tokens for answer in alone]
    assert sizes == [5]
    assert len(batcher.answer(odd)[0].tokens) <= 2


def test_simultaneous_requests_share_a_batch_and_prefill_each_prompt_once(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = load(resolve(str(tiny_checkpoint))).engine
    sample, batches = engine.sample, []

    def counted(prompts, draws, *settings):
        batches.append((len(prompts), len(draws)))
        return sample(prompts, draws, *settings)

    monkeypatch.setattr(engine, "sample", counted)
    model = get_model(f"askew/{tiny_checkpoint}", memoize=False)

    async def wave() -> list[str]:
        config = GenerateConfig(max_tokens=8, seed=1)
        outputs = await asyncio.gather(*(model.generate(f"Question {i % 3}", config=config) for i in range(90)))
        return [output.completion for output in outputs]

    answers = asyncio.run(wave())
    assert answers == answers[:3] * 30  # all with the same seed
    assert sum(draws for _, draws in batches) == 90
    assert len(batches) <= 9  # one or two on an idle machine
    assert max(prompts for prompts, _ in batches) == 3


def test_weights_are_loaded_with_the_first_request(tiny_checkpoint: Path) -> None:
    model = get_model(f"askew/{tiny_checkpoint}", memoize=False)
    assert "checkpoint" not in vars(model.api)


def test_unsupported_requests_raise_readable_errors(model: Model) -> None:
    tools = [ToolInfo(name="search", description="Search the web.")]
    with pytest.raises(AskewError, match="cannot call tools"):
        asyncio.run(model.generate("hello", tools=tools))
    with pytest.raises(AskewError, match="does not fit the model's context"):
        generate(model, "x" * 5000)
    with pytest.raises(AskewError, match="take no model arguments"):
        get_model(f"{model}", memoize=False, device="cuda")
