"""The parts of a request that a served model may refuse, and how a request is written without them.

Servers with OpenAI's API differ: one takes no `n`, another no seed, a third no system turns. `refused_parts` reads from
a refusal which parts it is about, and `written_without` writes the request in a form that does without them.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Literal, get_args

from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser, ContentText, GenerateConfig

Part = Literal[
    "logprobs",
    "n",
    "seed",
    "max_tokens",
    "max_completion_tokens",
    "plain text",
    "temperature 0",
    "temperature",
    "system",
]
"""A part of a request, by the name of its field; "plain text" is content that is one text, not a list of parts."""

NEARLY_0 = 0.01
"""The temperature that is sent to servers that refuse 0."""

PARTS: tuple[Part, ...] = get_args(Part)
"""All parts; those come first whose absence changes an answer least."""

INSTEAD: Mapping[Part, str] = {
    "logprobs": "sampled answers are counted instead of probabilities",
    "n": "each answer is a request of its own",
    "seed": "its answers cannot be repeated",
    "max_tokens": "the limit is sent as max_completion_tokens",
    "max_completion_tokens": "its answers have no limit of their own",
    "plain text": "texts are sent as lists of parts",
    "temperature 0": f"{NEARLY_0} is sent instead",
    "temperature": "it samples at its own temperature",
    "system": "the text of system turns is placed before the user's words",
}
"""The action without each part, for the user."""

_PATTERNS: Mapping[Part, str] = {
    "logprobs": r"log[_ -]?prob",
    "n": r"(?<![\w/.-])n(?![\w/])|num_choices|num_return_sequences|candidate_?count|best_of|"
    r"number of (choices|completions)|(completion|multiple|several|one|single) (choice|completion|candidate|answer)",
    "seed": r"\bseed",
    "max_tokens": r"\bmax_(new_)?tokens\b",
    "max_completion_tokens": r"max_completion_tokens",
    "plain text": r"valid (list|array)|(be|expected|not) (an? )?(list|array|sequence)|(list|array) of",
    "temperature 0": r"\btemperature\b",
    "temperature": r"\btemperature\b",
    "system": r"system[\s_-]?(role|prompt|message|turn|instruct)|role\W{0,4}\w{0,12}\W{0,4}system|['\"`]system['\"`]|"
    r"messages?\W{0,3}\d+\W{0,3}role|roles? must alternate|only ['\"`]?(user|assistant)['\"`]?,? (and|or|roles?)",
}
_CALLED: Mapping[Part, re.Pattern[str]] = {
    part: re.compile(pattern, re.IGNORECASE) for part, pattern in _PATTERNS.items()
}
# A refusal of the conversation's length or content, or of tools, is not about a part.
_OTHER = re.compile(
    r"context[ _](length|window|size)|maximum context|too (long|many tokens)|reduce the length|"
    r"content[ _](filter|policy|management)|moderat|safety|api[ _-]?key|quota|billing|credit|"
    r"\btools?\b|tool[ _](use|call|choice)|function[ _-]call",
    re.IGNORECASE,
)
# Nor is a refusal of a value that the user has chosen.
_RANGE = re.compile(
    r"between|at (most|least)|(less|greater|larger|smaller|more) than|maximum|minimum|exceed|out of range|[<>≤≥]|"
    r"too (large|high|small|low)",
    re.IGNORECASE,
)
_CHOSEN: frozenset[Part] = frozenset({"temperature", "max_tokens", "max_completion_tokens", "seed"})
_UNSUPPORTED = re.compile(
    r"not (\w+ )?(support|implement|allow|permit|recogni|accept|available)|unsupported|unknown|unrecogni|unexpected|"
    r"only one|extra (inputs|fields)|invalid (param|arg|field)",
    re.IGNORECASE,
)
# Keys of a server's error under which it says what is wrong; others may repeat the request.
_SAYING = ("param", "loc", "error", "errors", "detail", "details", "message", "msg", "reason", "title", "description")


def sent_parts(messages: Sequence[ChatMessage], config: GenerateConfig) -> list[Part]:
    """Return the parts that a request has, in the order of `PARTS`."""
    given: dict[Part, bool] = {
        "logprobs": bool(config.logprobs),
        "n": (config.num_choices or 1) > 1,
        "seed": config.seed is not None,
        "max_tokens": config.max_tokens is not None,
        "max_completion_tokens": "max_completion_tokens" in (config.extra_body or {}),
        "plain text": all(isinstance(message.content, str) for message in messages),
        "temperature 0": config.temperature == 0,
        "temperature": config.temperature is not None,
        "system": any(message.role == "system" for message in messages),
    }
    return [part for part in PARTS if given[part]]


def written_without(
    messages: Sequence[ChatMessage], config: GenerateConfig, parts: Collection[Part]
) -> tuple[list[ChatMessage], GenerateConfig]:
    """Return a request without some parts; their purpose is served in another way where there is one.

    The limit of an answer moves from `max_tokens` to `max_completion_tokens`, the text of system turns to the beginning
    of the next user turn, and texts into lists of one part.
    """
    config = config.model_copy(deep=True)
    if "logprobs" in parts:
        config.logprobs = config.top_logprobs = None
    if "n" in parts:
        config.num_choices = None
    if "seed" in parts:
        config.seed = None
    if "temperature 0" in parts and config.temperature == 0:
        config.temperature = NEARLY_0
    if "temperature" in parts:
        config.temperature = None
    if "max_tokens" in parts and config.max_tokens is not None:
        if "max_completion_tokens" not in parts:
            config.extra_body = {**(config.extra_body or {}), "max_completion_tokens": config.max_tokens}
        config.max_tokens = None
    turns = _without_system(messages) if "system" in parts else list(messages)
    if "plain text" in parts:
        turns = [turn.model_copy(update={"content": [ContentText(text=turn.text)]}) for turn in turns]
    return turns, config


def _without_system(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """Return a conversation with the text of each system turn at the beginning of the next user turn."""
    waiting: list[str] = []
    turns: list[ChatMessage] = []
    for message in messages:
        if isinstance(message, ChatMessageSystem):
            waiting.append(message.text)
        elif isinstance(message, ChatMessageUser) and waiting:
            turns.append(message.model_copy(update={"content": "\n\n".join([*waiting, message.text])}))
            waiting = []
        else:
            turns.append(message)
    return [*turns, ChatMessageUser(content="\n\n".join(waiting))] if waiting else turns


def refused_parts(error: BaseException, status: int | None, sent: Sequence[Part]) -> list[Part] | None:
    """Return the parts of a request that a refusal may be about, the likeliest first.

    Args:
        error: The exception of the provider.
        status: The HTTP status.
        sent: The parts that the request has.

    Returns:
        The parts that the server names, in the order in which it names them; an empty list if it gives no reason that
        can be read; None if the refusal is not about a part.
    """
    if status not in (400, 404, 405, 422, 500, 501):
        return None
    said = [text for text in dict.fromkeys(_said(error)) if text]
    text = " ".join(said)
    if _OTHER.search(text):
        return None
    named: list[Part] = [part for part in _named(said) if part in sent]
    if _RANGE.search(text):
        named = [part for part in named if part not in _CHOSEN or _is_renamed(part, text)]
        return named or None
    if status in (400, 422):
        return named
    # These statuses have other causes as a rule, so the text has to be clear.
    return named if named and _UNSUPPORTED.search(text) else None


def _is_renamed(part: Part, text: str) -> bool:
    return part == "max_tokens" and "max_completion_tokens" in text


def _named(said: Sequence[str]) -> list[Part]:
    """Return the parts that texts name, in the order in which they are named."""
    places: list[tuple[int, int, Part]] = [
        (place, found.start(), part)
        for place, text in enumerate(said)
        for part, pattern in _CALLED.items()
        if (found := pattern.search(text))
    ]
    return list(dict.fromkeys(part for _, _, part in sorted(places, key=lambda one: one[:2])))


def _said(error: BaseException) -> Iterator[str]:
    """Yield what a server says about a refusal: the name of the field first, then its reasons."""
    param, body = getattr(error, "param", None), getattr(error, "body", None)
    if isinstance(param, str):
        yield param
    found = list(_texts(body))
    yield from found or [str(getattr(error, "message", "") or error)]


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts in the parts of an error that give reasons; the names of fields become one path."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name in _SAYING:
            if name == "loc" and isinstance(value.get(name), list):
                yield ".".join(map(str, value[name][1:]))
            elif name in value:
                yield from _texts(value[name])
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
