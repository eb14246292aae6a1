"""The log-probabilities of given answers from served models, whose servers return them in one of two forms.

- Chat completions with `prompt_logprobs` (vLLM): an answer that is left open is a part of the prompt.
- Completions with `echo` and `logprobs`: see `askew.models.remote.echo`.

Which tokens are the answer's is found by comparing the conversation with and without it, as for local models.
"""

import re
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Literal
from weakref import WeakKeyDictionary

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageUser,
    GenerateConfig,
    Logprob,
    Model,
    ModelAPI,
    ModelOutput,
)

from askew.base.errors import AskewError
from askew.models.remote.provider_errors import EXPENSIVE, RefusedRequest
from askew.models.remote.requests import gather, request_reply

NO_LOGPROBS = (
    "{model} is a served model, and its server does not return the log-probabilities of given texts: leave out the "
    "pairs of answers, or name a model that runs on this machine, or one that vLLM serves"
)
"""The refusal of pairs of given answers by a served model, with the place `model`."""

OTHER_PROMPT = (
    "{model}: the server's chat template begins an answer in another way than it renders a given one, as templates do "
    "that open a reasoning, so chat completions cannot read given answers; completions with echo could, but the server "
    "does not offer them together with /tokenize or /apply-template. Leave out the pairs of answers, or set the "
    "template's variables with model_args"
)
"""The refusal where a given answer does not follow the prompt of the model, with the place `model`."""

Form = Literal["prompt_logprobs", "echo"]
FORMS: tuple[Form, ...] = ("prompt_logprobs", "echo")

QUESTION, ANSWER = "Is water wet?", "Yes, it is."
"""The conversation by which the form is found out. Its replies are stored like all others."""

# What a text of a part of a character is.
_NO_TEXT = "\ufffd"
# The form of each model; weak references, so entries disappear with the models.
_forms: "WeakKeyDictionary[ModelAPI, Form]" = WeakKeyDictionary()


def may_read_given(name: str) -> bool:
    """Return whether the provider of a served model may return log-probabilities of given texts; asks no server.

    Args:
        name: The name of the model in Inspect.
    """
    from inspect_ai._util.error import PrerequisiteError
    from inspect_ai.model import get_model
    from inspect_ai.model._providers.openai_compatible import OpenAICompatibleAPI

    if name.partition("/")[0] in EXPENSIVE:
        return name.startswith(("vllm/", "sglang/"))
    try:
        return isinstance(get_model(name, memoize=False).api, OpenAICompatibleAPI)
    except (PrerequisiteError, ImportError, ValueError):
        return True  # a missing key or package is found before the model is asked


async def form_of(model: Model) -> Form:
    """Return the form in which a server returns the log-probabilities of given texts, after trying both.

    Raises:
        AskewError: It returns none, or cannot be asked.
    """
    known = _forms.get(model.api)
    if known is not None:
        return known
    asked, refusal = [ChatMessageUser(content=QUESTION)], NO_LOGPROBS
    for form in FORMS:
        try:
            await _answers(model, form, asked, [ANSWER])
        except _OtherPrompt:
            refusal = OTHER_PROMPT
        except (_Incomplete, RefusedRequest):
            continue
        else:
            _forms[model.api] = form
            return form
    raise AskewError(refusal.format(model=model))


async def answer_logprobs(model: Model, messages: Sequence[ChatMessage], answers: Sequence[str]) -> list[list[Logprob]]:
    """Return the tokens of each given answer to a conversation, with their log-probabilities in nats.

    Replies are stored, counted and repeated like those of `request_reply`.

    Args:
        model: A served model.
        messages: The conversation before the answer.
        answers: The answers, each at least a word.

    Raises:
        AskewError: The server returns no log-probabilities of given texts or changes an answer, or cannot be asked.
    """
    form = await form_of(model)
    try:
        return await _answers(model, form, messages, answers)
    except _OtherPrompt:
        raise AskewError(OTHER_PROMPT.format(model=model)) from None
    except _Incomplete as error:
        raise AskewError(f"{model} returned no log-probabilities of some tokens: {error}") from None


class _OtherPrompt(Exception):
    """A given answer does not follow the prompt that the model gets when it is asked."""


class _Incomplete(Exception):
    """A reply lacks the log-probabilities of tokens of the prompt."""


async def _answers(
    model: Model, form: Form, messages: Sequence[ChatMessage], answers: Sequence[str]
) -> list[list[Logprob]]:
    given = [[*messages, ChatMessageAssistant(content=text.strip())] for text in answers]
    # The question alone comes first: if it is refused, the others are not sent.
    prompt = await _prompt_tokens(model, form, messages)
    wholes = await gather(partial(_prompt_tokens, model, form, turns) for turns in given)
    return [_of_answer(model, prompt, whole, text) for whole, text in zip(wholes, answers, strict=True)]


async def _prompt_tokens(model: Model, form: Form, messages: Sequence[ChatMessage]) -> list[Logprob]:
    """Return the tokens of a rendered conversation but the first one, with their log-probabilities."""
    fields = dict(model.config.extra_body or {})
    config = GenerateConfig(max_tokens=1, temperature=1.0)
    if form == "echo":
        config.logprobs, config.top_logprobs = True, 1
        fields["echo"] = True
    else:
        config.prompt_logprobs = 1
        if messages[-1].role == "assistant":
            fields |= {"add_generation_prompt": False, "continue_final_message": True}
    config.extra_body = fields or None
    output = await request_reply(model, messages, config, echoes=form == "echo")
    choice = output.choices[0]
    found = choice.logprobs if form == "echo" else choice.prompt_logprobs
    tokens = found.content if found else []
    if form == "echo":  # the token that was sampled is the last one
        tokens = tokens[: len(tokens) - (1 if output.usage is None else output.usage.output_tokens)]
    _check_whole(output, tokens)
    return tokens


def _check_whole(output: ModelOutput, tokens: Sequence[Logprob]) -> None:
    """Check that a reply has the log-probability of each token of the prompt; the first one may have none.

    Raises:
        _Incomplete: Some are missing.
    """
    if not tokens:
        raise _Incomplete("there are none")
    if output.usage is None:
        return
    read = output.usage.input_tokens + (output.usage.input_tokens_cache_read or 0)
    if read - len(tokens) not in (0, 1):
        raise _Incomplete(f"the prompt has {read} tokens, and {len(tokens)} have a log-probability")


def _of_answer(model: Model, prompt: Sequence[Logprob], whole: Sequence[Logprob], answer: str) -> list[Logprob]:
    """Return the tokens of an answer among those of the whole conversation.

    A token that spans the end of the prompt and the beginning of the answer belongs to the answer, as in training.
    """
    texts, pattern = [token.token for token in whole], _pattern(answer)
    pairs = enumerate(zip(prompt, texts, strict=False))
    start = next((at for at, (one, text) in pairs if one.token != text), min(len(prompt), len(texts)))
    if start < len(prompt) - 1:
        raise _OtherPrompt
    ends = (end for end in range(start + 1, len(texts) + 1) if pattern.search(_squeezed(texts[start:end])))
    end = next(ends, start)
    if end == start:
        raise AskewError(f"{model}: the server's chat template changes the answer {answer!r}")
    while end < len(texts) and _NO_TEXT in texts[end]:
        end += 1
    return [Logprob(token=one.token, logprob=one.logprob) for one in whole[start:end]]


def _pattern(answer: str) -> re.Pattern[str]:
    """Return a pattern of an answer in the texts of its tokens; a token of a part of a character has none."""
    parts = (re.escape(char) if char.isascii() else f"(?:{re.escape(char)}|{_NO_TEXT}+)" for char in _squeezed(answer))
    return re.compile("".join(parts))


def _squeezed(texts: Iterable[str]) -> str:
    """Return texts as one without white space, which some servers leave out of the texts of single tokens."""
    return "".join("".join(texts).split())
