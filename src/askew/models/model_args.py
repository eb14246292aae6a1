"""The extra arguments of models: fields of requests, effort of reasoning, and variables of chat templates.

They are the settings `model_args` and `judge_args`. A name is one of:

- a setting that Inspect passes to the provider: `reasoning_effort`, `top_p`, `stop_seqs`, ...
- `enable_thinking`, a variable of many chat templates; short for `chat_template_kwargs: {enable_thinking: ...}`
- `chat_template_kwargs`: variables of the chat template, for models on this machine and for servers with this field
- `extra_body`: fields of the request to a served model
- any other name: a field of the request to a served model, or a variable of a local model's chat template
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from askew.base.errors import AskewError
from askew.models import checkpoint_files
from askew.models.names import ModelSpec
from askew.models.remote.credentials import without_credentials
from askew.models.template_variables import FIELD, RESERVED

if TYPE_CHECKING:
    from inspect_ai.model import GenerateConfig, Model

Args = Mapping[str, Any]
"""Arguments by name, with values as in JSON."""

NO_ARGS: Args = MappingProxyType({})

BODY, THINKING = "extra_body", "enable_thinking"
# Settings of Inspect that our engine knows; that Inspect sends to every server with OpenAI's API; and to the others.
_LOCAL = ("top_p", "top_k", "stop_seqs")
_OPENAI = ("top_p", "stop_seqs", "frequency_penalty", "presence_penalty", "reasoning_effort")
_OTHERS = (*_OPENAI, "top_k", "reasoning_tokens", "reasoning_summary", "effort", "verbosity")
# Providers with OpenAI's API that start a server when they are looked up.
_STARTING = ("vllm", "sglang")
# Arguments that Askew sets itself, with the options that change them for a model.
_OWN = {
    **{"temperature": "--temperature", "seed": "--seed", "n": "--samples", "num_choices": "--samples"},
    **dict.fromkeys(("max_tokens", "max_completion_tokens", "max_new_tokens"), "--set max_tokens=NUMBER"),
    **{"system": "system prompts in --questions", "system_message": "system prompts in --questions"},
    **dict.fromkeys(("timeout", "max_retries", "attempt_timeout"), "--set patience=SECONDS"),
    **dict.fromkeys(("max_connections", "batch", "cache", "stream", "stream_options", "logprobs", "top_logprobs"), ""),
    **dict.fromkeys(("tools", "tool_choice", "functions", "documents", "response_format", "response_schema"), ""),
    **dict.fromkeys(RESERVED, ""),
    **{"model": "--model", "messages": "--questions", "prompt": "--questions", "input": "--questions"},
}
_FOR_JUDGES = {"model": "--judge", "messages": "--rubric", "prompt": "--rubric", "input": "--rubric"}
_SECRET = re.compile(
    r"api_?key|secret|passw|credential|authorization|bearer|cookie|(^|_)token$|headers?$|(base|api)_?(url|base)",
    re.IGNORECASE,
)


def check_args(spec: ModelSpec, args: Args, is_judge: bool = False) -> None:
    """Check the arguments of a model, before it is loaded or asked.

    Args:
        spec: The model.
        args: Its arguments.
        is_judge: Whether it is a judge.

    Raises:
        AskewError: An argument is set by Askew itself, is a credential, has a wrong value, or is not taken by the
            model.
    """
    if not args:
        return
    request_config(spec, args, is_judge)
    checkpoint = spec.checkpoint
    if checkpoint is None:
        return
    folder = checkpoint_files.cached_folder(checkpoint) if isinstance(checkpoint, str) else checkpoint
    if folder is not None and checkpoint_files.is_downloaded(folder):
        from askew.models.tokenizers import load_tokenizer

        load_tokenizer(checkpoint, spec.adapter, template_variables(args))


def model_with(spec: ModelSpec, args: Args = NO_ARGS, is_judge: bool = False) -> "Model":
    """Return Inspect's model for a name, with arguments for each of its requests.

    Raises:
        AskewError: See `check_args`.
    """
    from inspect_ai.model import get_model

    # Inspect would keep a local model, and so its weights, as long as the process lives.
    memoize = not spec.is_local
    if not args:
        return get_model(spec.inspect_name, memoize=memoize)
    return get_model(spec.inspect_name, config=request_config(spec, args, is_judge), memoize=memoize)


def request_config(spec: ModelSpec, args: Args, is_judge: bool = False) -> "GenerateConfig":
    """Return the settings of every request to a model.

    Raises:
        AskewError: See `check_args`; whether a chat template has the variables is not checked.
    """
    setting = "judge_args" if is_judge else "model_args"
    try:
        _check(args, is_judge)
        if spec.is_local:
            return _local_config(args, is_judge)
        return _served_config(spec, args)
    except AskewError as error:
        raise AskewError(f"{setting}.{error}") from error


def template_variables(args: Args) -> dict[str, Any]:
    """Return the variables of the chat template among the arguments of a model on this machine."""
    named = {name: value for name, value in args.items() if name not in (*_LOCAL, FIELD, BODY)}
    return {**args.get(FIELD, {}), **named}


def identified(name: str, args: Args) -> str:
    """Return the name of a model with its arguments, which tells it from the same model with others."""
    return f"{name} {json.dumps(args, sort_keys=True)}" if args else name


def _local_config(args: Args, is_judge: bool) -> "GenerateConfig":
    settings = {name: value for name, value in args.items() if name in _LOCAL}
    if settings and is_judge:
        raise AskewError(
            f"{next(iter(settings))}: a judge on this machine samples nothing, because its scores are probabilities; "
            "it takes variables of its chat template"
        )
    if BODY in args:
        raise AskewError(f"{BODY}: models on this machine take no fields of requests; they take {FIELD}")
    variables = template_variables(args)
    config = _validated(settings, {FIELD: variables} if variables else {})
    if config.top_p is not None and not 0 < config.top_p <= 1:
        raise AskewError(f"top_p must be above 0 and at most 1, not {config.top_p}")
    if config.top_k is not None and config.top_k < 1:
        raise AskewError(f"top_k must be 1 or more, not {config.top_k}")
    return config


def _served_config(spec: ModelSpec, args: Args) -> "GenerateConfig":
    takes_fields = _takes_fields(spec.inspect_name)
    named = {name: value for name, value in args.items() if name not in (FIELD, THINKING, BODY)}
    settings = {name: value for name, value in named.items() if name in (_OPENAI if takes_fields else _OTHERS)}
    fields = {**args.get(BODY, {}), **{name: value for name, value in named.items() if name not in settings}}
    variables = {**args.get(FIELD, {}), **({THINKING: args[THINKING]} if THINKING in args else {})}
    if variables:
        fields[FIELD] = variables
    if fields and not takes_fields:
        raise AskewError(
            f"{next(iter(fields))}: Inspect passes no such field to {spec.inspect_name}; it passes "
            f"{', '.join(_OTHERS)}. Servers with OpenAI's API take any field: openai-api/NAME/MODEL"
        )
    return _validated(settings, fields)


def _validated(settings: Mapping[str, Any], fields: dict[str, Any]) -> "GenerateConfig":
    from inspect_ai.model import GenerateConfig

    try:
        return GenerateConfig.model_validate({**settings, BODY: fields or None}, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise AskewError(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error


def _takes_fields(name: str) -> bool:
    """Return whether Inspect passes any field to the provider of a served model."""
    from inspect_ai._util.error import PrerequisiteError
    from inspect_ai.model import get_model
    from inspect_ai.model._providers.openai_compatible import OpenAICompatibleAPI

    from askew.models.remote.provider_errors import EXPENSIVE

    provider = name.partition("/")[0]
    if provider in EXPENSIVE:
        return provider in _STARTING
    try:
        api = get_model(name, memoize=False).api
    except (PrerequisiteError, ImportError, ValueError):
        return True  # a missing key or package is found before the model is asked
    return isinstance(api, OpenAICompatibleAPI) or getattr(api, "responses_api", True) is False


def _check(args: Args, is_judge: bool) -> None:
    """Check names and values that no model takes from a user."""
    for name, value in _leaves(args):
        parent, _, last = name.rpartition(".")
        if last in (_OWN if parent in ("", BODY) else RESERVED if parent == FIELD else ()):
            use = _FOR_JUDGES.get(last, "") if is_judge else _OWN[last]
            raise AskewError(f"{name}: Askew sets {last} itself" + (f"; use {use}" if use else ""))
        if _SECRET.search(last) or (isinstance(value, str) and without_credentials(value) != value):
            raise AskewError(f"{name}: keys and addresses come from the environment; they are no part of a design")
        if isinstance(value, float) and not math.isfinite(value):
            raise AskewError(f"{name} must be a finite number, not {value}")
    for name in (FIELD, BODY):
        if not isinstance(args.get(name, {}), Mapping):
            raise AskewError(f"{name} must be a mapping of names to values, not {args[name]!r}")
    thinking = args.get(THINKING, args.get(FIELD, {}).get(THINKING))
    if not isinstance(thinking, bool | None):
        raise AskewError(f"{THINKING} must be true or false, not {thinking!r}")


def _leaves(values: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value in nested mappings and lists with its dotted name."""
    if isinstance(values, Mapping):
        for name, value in values.items():
            yield f"{prefix}{name}", value
            yield from _leaves(value, f"{prefix}{name}.")
    elif isinstance(values, list):
        for value in values:
            yield from _leaves(value, prefix) if isinstance(value, Mapping | list) else ((prefix.rstrip("."), value),)
