"""The solver of every probe: it gets n answers to one question, spread over its wordings, from any provider.

Our own provider answers all wordings in one batch. Other providers are asked for n choices of each wording; some ignore
that and return one answer, so the solver repeats the request until it has enough. A question about first tokens is
asked once per wording if the provider returns log-probabilities, and is sampled like other questions if not.
"""

import hashlib
from collections.abc import Sequence
from functools import partial
from weakref import WeakSet

from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageUser,
    GenerateConfig,
    Logprobs,
    Model,
    ModelAPI,
    ModelOutput,
    get_model,
    model_roles,
)
from inspect_ai.solver import Generate, Solver, TaskState, solver

from askew.base.errors import AskewError
from askew.judging.fit import check_reads
from askew.models.first_token import BY_LOGPROBS, begins_answer, likeliest
from askew.models.names import resolve
from askew.models.provider import DEFAULT_MAX_TOKENS, GIVEN, PARAPHRASES, AskewAPI
from askew.models.remote.given_text import answer_logprobs
from askew.models.remote.provider_errors import RefusedRequest
from askew.models.remote.requests import gather, request_reply
from askew.models.remote.sending import NO_TOOLS, Tools
from askew.probes.question_file import AskedQuestion

# The most choices per request that providers accept.
MOST_CHOICES = 128

GRADER = "grader"
"""The model role of the judge."""

# Models that returned no log-probabilities of an answer's first token; weak references, so entries disappear with them.
_without_logprobs: "WeakSet[ModelAPI]" = WeakSet()
# Those among them that begin with reasoning or white space, so that one token holds no answer.
_reasoning: "WeakSet[ModelAPI]" = WeakSet()


@solver
def ask_all(seed: int, temperature: float, max_tokens: int | None) -> Solver:
    """Return a solver that gets as many answers to each question as its sample asks for.

    Answer i is to wording i modulo the number of wordings. A question's own temperature and max_tokens override these.

    Args:
        seed: Seed of the sampling.
        temperature: Sampling temperature.
        max_tokens: The longest answer, in tokens; None leaves it to the model.
    """

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        _check_judge()
        asked = state.metadata_as(AskedQuestion)
        config = GenerateConfig(
            temperature=temperature if asked.question.temperature is None else asked.question.temperature,
            max_tokens=asked.question.max_tokens or max_tokens,
            seed=question_seed(seed, str(state.sample_id)),
        )
        model, question = get_model(), asked.question
        if question.pairs:
            state.output = await read_given(model, state.messages)
            return state
        found = await first_tokens(model, state.messages, config) if question.is_of_first_token else None
        if question.type == "next_token" and model.api not in _reasoning:
            config.max_tokens = 1
        state.output = found or await answers(model, state.messages, asked.samples, config)
        return state

    return solve


def question_seed(seed: int, question: str) -> int:
    """Return a seed for one question, from 0 to 2**31 - 1, so that questions are sampled independently.

    Args:
        seed: The seed of the run.
        question: The question's id.
    """
    digest = hashlib.sha256(f"{seed} {question}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1  # 31 bits, which every provider accepts


def _check_judge() -> None:
    """Refuse a judge, the model role `grader`, that cannot read the model's answers, as far as both are known.

    Raises:
        AskewError: It is a model of the terrarium, and the model that is asked is not.
    """
    if GRADER not in model_roles():
        return
    judge, asked = get_model(role=GRADER).api, get_model()
    if isinstance(judge, AskewAPI):
        spec = asked.api.spec if isinstance(asked.api, AskewAPI) else resolve(str(asked))
        check_reads(judge.spec, spec, instead="Give --model-role grader another judge, or none")


async def answers(
    model: Model, messages: Sequence[ChatMessage], count: int, config: GenerateConfig, tools: Tools = NO_TOOLS
) -> ModelOutput:
    """Return an output with `count` choices.

    Args:
        model: The model to ask.
        messages: The conversation; the metadata of the last turn may list its wordings.
        count: Number of answers, over all wordings.
        config: Sampling settings.
        tools: The tools that the model may call.

    Raises:
        AskewError: A served model refuses the request, cannot be reached, or returns too few answers.
    """
    if isinstance(model.api, AskewAPI):
        wanted = config.merge(GenerateConfig(num_choices=count))
        return await model.generate(list(messages), [*tools.shown], tools.choice, config=wanted)
    if config.max_tokens is None:
        config = config.merge(GenerateConfig(max_tokens=DEFAULT_MAX_TOKENS))
    wordings = (messages[-1].metadata or {}).get(PARAPHRASES)
    asked = [[*messages[:-1], ChatMessageUser(content=text)] for text in wordings] if wordings else [list(messages)]
    # The round-robin share of each wording; 0 for some if there are fewer answers than wordings.
    shares = [len(range(i, count, len(asked))) for i in range(len(asked))]
    by_wording = await gather(
        partial(_choices, model, turns, share, config, tools)
        for turns, share in zip(asked, shares, strict=True)
        if share
    )
    spread = [by_wording[i % len(asked)][i // len(asked)] for i in range(count)]
    return ModelOutput(model=model.name, choices=spread)


async def read_given(model: Model, messages: Sequence[ChatMessage]) -> ModelOutput:
    """Return the given answers to each wording in turn as choices, with the log-probability of each token.

    Args:
        model: The model.
        messages: The conversation; the metadata of the last turn lists its wordings and the given answers.

    Raises:
        AskewError: A served model does not return the log-probabilities of given texts.
    """
    if isinstance(model.api, AskewAPI):
        return await model.generate(list(messages))
    how = messages[-1].metadata or {}
    choices: list[ChatCompletionChoice] = []
    for wording in how.get(PARAPHRASES) or [messages[-1].text]:
        read = await answer_logprobs(model, [*messages[:-1], ChatMessageUser(content=wording)], how[GIVEN])
        for text, tokens in zip(how[GIVEN], read, strict=True):
            message = ChatMessageAssistant(content=text, model=model.name)
            choices.append(ChatCompletionChoice(message=message, logprobs=Logprobs(content=tokens)))
    return ModelOutput(model=model.name, choices=choices)


async def first_tokens(model: Model, messages: Sequence[ChatMessage], config: GenerateConfig) -> ModelOutput | None:
    """Return a one-token answer to each wording, with log-probabilities; None if the model returns none."""
    if model.api in _without_logprobs:
        return None
    wordings = len((messages[-1].metadata or {}).get(PARAPHRASES) or [messages[-1].text])
    try:
        choices = (await answers(model, messages, wordings, config.merge(BY_LOGPROBS))).choices
    except RefusedRequest:
        choices = []  # the reason may be the request for log-probabilities; any other recurs when sampling
    shows = likeliest if isinstance(model.api, AskewAPI) else begins_answer
    given = [bool(shows(choice)) for choice in choices]
    if not any(given):
        _without_logprobs.add(model.api)
        if any(map(likeliest, choices)):
            _reasoning.add(model.api)
    return ModelOutput(model=model.name, choices=choices) if given and all(given) else None


async def _choices(
    model: Model, messages: list[ChatMessage], count: int, config: GenerateConfig, tools: Tools
) -> list[ChatCompletionChoice]:
    """Return `count` answers to one conversation, in as few requests as the provider allows."""
    found = _replies(await request_reply(model, messages, _nth(config, 0, count), tools=tools))
    if len(found) <= 1:
        rest = [_nth(config, i, 1) for i in range(len(found), count)]
    else:
        rest = [_nth(config, i, count - i) for i in range(len(found), count, len(found))]
    outputs = await gather(partial(request_reply, model, messages, part, tools=tools) for part in rest)
    found = [*found, *(choice for output in outputs for choice in _replies(output))]
    if len(found) < count:
        raise AskewError(f"{model} returned {len(found)} answers instead of {count}. Ask it again")
    return found[:count]


def _replies(output: ModelOutput) -> list[ChatCompletionChoice]:
    """Return the choices of an output; the text of an error is no answer, so it is moved to the metadata.

    Inspect turns some errors into replies: a filter's, or that of a prompt that is too long for the model. Such a reply
    has no usage, because the model wrote nothing.
    """
    stopped = {choice.stop_reason for choice in output.choices}
    if output.usage is not None or not stopped <= {"content_filter", "model_length"}:
        return output.choices
    return [choice.model_copy(update={"message": _without_text(choice.message)}) for choice in output.choices]


def _without_text(message: ChatMessageAssistant) -> ChatMessageAssistant:
    return ChatMessageAssistant(content="", model=message.model, metadata={"error": message.text})


def _nth(config: GenerateConfig, first: int, count: int) -> GenerateConfig:
    """Return the configuration of a request for `count` answers from number `first` on, with its own seed."""
    assert config.seed is not None
    wanted = GenerateConfig(seed=config.seed + first)
    if count > 1:
        wanted.num_choices = min(count, MOST_CHOICES)
    return config.merge(wanted)
