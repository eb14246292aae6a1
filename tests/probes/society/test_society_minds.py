"""Models that decide in a society: what is read and how often, what is chosen, and what is no answer."""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageUser,
    GenerateConfig,
    Logprob,
    Logprobs,
    Model,
    ModelOutput,
    ModelUsage,
    TopLogprob,
    get_model,
)

from askew.base.errors import AskewError
from askew.models.checkpoints import Checkpoint, load
from askew.models.names import resolve
from askew.models.provider import GIVEN, AskewAPI
from askew.probes.society.letters import line_in
from askew.probes.society.lines import Lines
from askew.probes.society.minds import Minds
from askew.probes.society.readings import Reading, Readings, drawn, weights
from askew.worlds.society.questions import Asked

LINES = ("I take nothing.", "I take one part.", "I take three parts.")
Says = Callable[[str], "str | dict[str, float]"]


def asked(agent: int, text: str = "How much do you take?", options: Sequence[str] = LINES, tick: int = 0) -> Asked:
    return Asked(agent, "take", text, tuple(options), tick=tick, write=lambda one: str(one.facts))


def served(says: Says, stop: Any = "stop") -> tuple[Model, list[str]]:
    """Return a model that answers by a function of the prompt, and the prompts that it gets, once for each answer."""
    prompts: list[str] = []

    def reply(messages: list[ChatMessage], tools: object, choice: object, config: GenerateConfig) -> ModelOutput:
        prompts.append(messages[-1].text)
        said = says(messages[-1].text)
        text = said if isinstance(said, str) else max(said, key=said.__getitem__)
        found = ChatCompletionChoice(message=ChatMessageAssistant(content=text), stop_reason=stop)
        if isinstance(said, dict) and config.logprobs:
            top = [TopLogprob(token=token, logprob=math.log(p)) for token, p in said.items()]
            found.logprobs = Logprobs(content=[Logprob(**top[0].model_dump(), top_logprobs=top)])
        return ModelOutput(model="mockllm/model", choices=[found], usage=ModelUsage(input_tokens=1, output_tokens=1))

    return get_model("mockllm/model", custom_outputs=reply, memoize=False), prompts


def decide(model: Model, batch: Sequence[Asked], seed: int = 0, temperature: float = 1.0) -> "tuple[list[Any], Minds]":
    minds = Minds({"one": model}, ["one"] * 1000, seed, temperature)
    return asyncio.run(minds.decide(batch)), minds


@pytest.fixture
def tiny(tiny_checkpoint: Path) -> Checkpoint:
    return load(resolve(str(tiny_checkpoint)))


def test_options_are_read_as_given_answers(tiny: Checkpoint, tiny_checkpoint: Path) -> None:
    text = "How much do you take of what is read?"
    [reading] = Lines(tiny).read([asked(0, text)])
    model = get_model(f"askew/{tiny_checkpoint}", memoize=False)
    output = asyncio.run(model.generate([ChatMessageUser(content=text, metadata={GIVEN: list(LINES)})]))
    sums = [sum(token.logprob for token in one.logprobs.content) for one in output.choices if one.logprobs]
    assert reading.logprobs == pytest.approx(sums, abs=1e-4)
    assert reading.mass == pytest.approx(sum(map(math.exp, sums)), rel=1e-3)
    [again] = Lines(tiny).tokens([asked(0, text)])  # by another way: the tokens of the options are known by then
    assert output.usage is not None
    longer = 2 * len(tiny.prompt([{"role": "user", "content": text}]))  # the provider counts the prompt once, too
    assert again == reading.tokens == output.usage.input_tokens < longer + 40


def test_a_tick_is_one_batch_of_different_prompts(tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    own = tiny.engine.answer_logprobs

    def counting(prompts: Sequence[Any], answers: Sequence[Any]) -> list[list[torch.Tensor]]:
        read.append(len(prompts))
        return own(prompts, answers)

    monkeypatch.setattr(tiny.engine, "answer_logprobs", counting)
    batch = [asked(agent, f"Batch {agent % 3}. How much do you take?") for agent in range(30)]
    lines = Lines(tiny)
    assert len(set(lines.read(batch))) == 3
    assert read == [3]
    lines.read(batch)
    assert Lines(tiny).read(batch)[:3] == lines.read(batch[:3])  # another society asks the same
    assert [one for one in read if one] == [3]


def test_draws_depend_on_seed_tick_and_agent_only(tiny_checkpoint: Path) -> None:
    model = get_model(f"askew/{tiny_checkpoint}", memoize=False)
    batch = [asked(agent) for agent in range(60)]
    first, minds = decide(model, batch)
    assert minds.prompts == 1
    assert minds.tokens == Lines(model.api.checkpoint).tokens(batch[:1])[0]  # pyright: ignore[reportAttributeAccessIssue]
    other_company, _ = decide(model, [asked(7), asked(3)])
    assert other_company == [first[7], first[3]]
    assert decide(model, batch, seed=1)[0] != first
    assert decide(model, [asked(agent, tick=1) for agent in range(60)])[0] != first
    # The draws follow the weights.
    counts = Counter(one.option for one in decide(model, [asked(agent) for agent in range(1000)])[0])
    assert [counts[option] / 1000 for option in range(3)] == pytest.approx(first[0].weights, abs=0.06)


def test_temperature_0_takes_the_likeliest_option(tiny_checkpoint: Path) -> None:
    model = get_model(f"askew/{tiny_checkpoint}", memoize=False)
    assert isinstance(model.api, AskewAPI)
    [reading] = Lines(model.api.checkpoint).read([asked(0)])
    likeliest = reading.logprobs.index(max(reading.logprobs))
    chosen, _ = decide(model, [asked(agent) for agent in range(5)], temperature=0)
    assert {one.option for one in chosen} == {likeliest}


def test_letters_are_read_from_first_tokens_and_no_option_has_one_of_its_own() -> None:
    model, prompts = served(lambda text: {"A": 0.7, " B": 0.2, "C.": 0.1})
    chosen, minds = decide(model, [asked(agent) for agent in range(90)])
    assert len(prompts) == len(set(prompts)) == minds.prompts == 3  # the orders of the options
    assert chosen[0].weights == (0.7, 0.2, 0.1)
    assert chosen[1].weights == (0.1, 0.7, 0.2)
    assert minds.tokens > 0
    counts = Counter(one.option for one in chosen)
    assert min(counts[option] for option in range(3)) > 15


@pytest.mark.parametrize("unread", [{"I": 1.0}, {"<think>": 1.0}])
def test_a_model_that_does_not_begin_with_a_letter_is_asked_in_words(unread: dict[str, float]) -> None:
    model, prompts = served(lambda text: unread)
    chosen, _ = decide(model, [asked(agent) for agent in range(3)])
    assert [one.option for one in chosen] == [None] * 3
    assert len(prompts) == 6


def test_answers_in_words_are_one_for_each_agent() -> None:
    model, prompts = served(lambda text: "B." if "A. I take nothing." in text else "I take three parts. Thank you.")
    chosen, minds = decide(model, [asked(agent) for agent in range(6)])
    assert [one.option for one in chosen] == [1, 2, 2, 1, 2, 2]
    assert {one.weights for one in chosen} == {None}
    assert minds.prompts == 3
    assert len(prompts) == 1 + 6  # a model that has once shown no log-probabilities is not asked for them again


@pytest.mark.parametrize("said", ["", "   ", "/give @a diamond 64", "rm -rf /", "A neighbour told me.", "Z", "I will."])
def test_what_is_no_answer_chooses_nothing(said: str) -> None:
    chosen, _ = decide(served(lambda text: said)[0], [asked(0), asked(1)])
    assert [(one.option, one.weights) for one in chosen] == [(None, None)] * 2


def test_a_flood_chooses_nothing() -> None:
    chosen, _ = decide(served(lambda text: "B. " * 1000, stop="max_tokens")[0], [asked(0)])
    assert chosen[0].option is None


def test_a_model_that_fails_is_one_clear_error() -> None:
    def dies(text: str) -> str:
        raise RuntimeError("out of order")

    with pytest.raises(AskewError, match="asking one in tick 0 of a society failed: out of order"):
        decide(served(dies)[0], [asked(0)])


def test_an_agent_without_a_model_is_one_clear_error() -> None:
    class Facts:
        part = "priest"

    minds = Minds({}, [""], 0, 1.0)
    with pytest.raises(AskewError, match="agents of the part priest have no model"):
        asyncio.run(minds.decide([Asked(0, "say", Facts(), LINES)]))


def test_weights_are_renormalised_at_a_temperature() -> None:
    logprobs = [math.log(0.02), math.log(0.01), math.log(0.01)]
    assert weights(logprobs, 1.0) == (0.5, 0.25, 0.25)
    assert weights(logprobs, 0) == (1.0, 0.0, 0.0)
    assert weights([-2000.0, -2000.0 + math.log(3)], 1.0) == (0.25, 0.75)
    assert weights([math.nan, 0.0], 1.0) is None
    assert weights([-math.inf, -math.inf], 1.0) is None
    assert weights([], 1.0) is None


def test_draws_follow_weights() -> None:
    assert [drawn((0.25, 0.0, 0.75), draw) for draw in (0.0, 0.24, 0.26, 0.99)] == [0, 0, 2, 2]
    assert drawn((0.33333, 0.33333, 0.33333), 1 - 2**-53) == 2


def test_readings_have_a_limit() -> None:
    kept = Readings(most=2)
    for number in range(5):
        kept.add(bytes([number]), Reading((float(-number),)))
    assert len(kept) == 2
    assert kept.get(bytes([0])) is None
    assert kept.get(bytes([4])) == Reading((-4.0,))


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("B", 1),
        ("(b)", 1),
        ("Answer: C.", 2),
        ("**A.** I take nothing.", 0),
        ('"I take one part."', 1),
        ("I take one part. I am hungry.", 1),
        ("A piece of bread.", None),
        ("D", None),
        ("I am a bot; B", None),
    ],
)
def test_lines_are_found_in_answers(answer: str, found: int | None) -> None:
    assert line_in(answer, LINES) == found
