"""Extra arguments reach a model's requests or its chat template, and arguments that no model takes are refused."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.model import ChatMessageUser, GenerateConfig

from askew.base.errors import AskewError
from askew.judging.identity import identity
from askew.models.checkpoints import load
from askew.models.model_args import check_args, model_with, request_config
from askew.models.names import resolve
from askew.models.template_variables import variables_of_template
from askew.training.recipe import Recipe
from askew.training.rows import tokenize_rows

SERVED = "openai-api/args/model"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARGS_API_KEY", "key-key-key")
    monkeypatch.setenv("ARGS_BASE_URL", "http://127.0.0.1:9/v1")


@pytest.mark.parametrize("args", [{"enable_thinking": False}, {"chat_template_kwargs": {"enable_thinking": False}}])
def test_local_model_is_asked_with_the_template_variables(thinking_checkpoint: Path, args: dict[str, Any]):
    spec = resolve(str(thinking_checkpoint))
    plain, changed = load(spec), model_with(spec, args).api.checkpoint  # pyright: ignore[reportAttributeAccessIssue]
    turns = [{"role": "user", "content": "What?"}]
    assert plain.text(changed.prompt(turns)).endswith("no thoughts.")
    assert not plain.text(plain.prompt(turns)).endswith("no thoughts.")
    assert changed.engine is plain.engine  # the weights are shared


def test_changed_variables_change_the_answer_and_its_log(thinking_checkpoint: Path):
    config = GenerateConfig(max_tokens=12, temperature=0, seed=1)

    def answer(args: dict[str, Any]) -> str:
        model = model_with(resolve(str(thinking_checkpoint)), args)
        return asyncio.run(model.generate([ChatMessageUser(content="What?")], config=config)).completion

    assert answer({}) != answer({"style": "Answer in one word, please. "})


def test_training_rows_are_rendered_as_questions_are(thinking_checkpoint: Path):
    row = {"messages": [{"role": "user", "content": "What?"}, {"role": "assistant", "content": "That."}]}
    variables = {"style": "Be brief. "}
    [ids] = tokenize_rows(thinking_checkpoint, [row], Recipe(), variables).input_ids
    asked = load(resolve(str(thinking_checkpoint)), variables).prompt(row["messages"][:1])
    assert ids[: len(asked)] == asked
    [plain] = tokenize_rows(thinking_checkpoint, [row], Recipe()).input_ids
    assert ids != plain


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"temperature": 0.5}, r"^model_args\.temperature: Askew sets temperature itself; use --temperature$"),
        ({"extra_body": {"max_tokens": 5}}, r"extra_body\.max_tokens: .*use --set max_tokens=NUMBER"),
        ({"n": 2}, "use --samples"),
        ({"messages": []}, "use --questions"),
        ({"logprobs": True}, "Askew sets logprobs itself$"),
        ({"chat_template_kwargs": {"add_generation_prompt": False}}, "Askew sets add_generation_prompt itself"),
        ({"api_key": "x"}, r"model_args\.api_key: keys and addresses come from the environment"),
        ({"extra_headers": {"x": "y"}}, "keys and addresses"),
        ({"user": "sk-0123456789abcdef"}, r"model_args\.user: keys and addresses"),
        ({"plugins": [{"auth_token": "x"}]}, "keys and addresses"),
        ({"reasoning_effort": "immense"}, r"model_args\.reasoning_effort: Input should be 'none', "),
        ({"reasoning_effort": 3}, r"model_args\.reasoning_effort: "),
        ({"top_p": "0.5"}, r"model_args\.top_p: Input should be a valid number"),
        ({"enable_thinking": "no"}, r"enable_thinking must be true or false, not 'no'"),
        ({"chat_template_kwargs": True}, "chat_template_kwargs must be a mapping"),
        ({"min_p": float("nan")}, r"model_args\.min_p must be a finite number"),
    ],
)
def test_argument_that_no_model_takes_is_refused(served: None, args: dict[str, Any], message: str):
    with pytest.raises(AskewError, match=message):
        check_args(resolve(SERVED), args)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            {"service_tier": "flex"},
            r"has no variable 'service_tier': it has enable_thinking, style",
        ),
        ({"enable_thinkin": True}, r"did you mean enable_thinking\?"),
        ({"extra_body": {"service_tier": "flex"}}, "models on this machine take no fields of requests"),
        ({"top_p": 1.5}, "top_p must be above 0 and at most 1"),
        ({"top_p": "high"}, r"model_args\.top_p"),
    ],
)
def test_local_model_takes_only_variables_of_its_template(
    thinking_checkpoint: Path, args: dict[str, Any], message: str
):
    with pytest.raises(AskewError, match=message):
        check_args(resolve(str(thinking_checkpoint)), args)


def test_local_judge_takes_variables_and_no_sampling_settings(thinking_checkpoint: Path):
    spec = resolve(str(thinking_checkpoint))
    check_args(spec, {"enable_thinking": False}, is_judge=True)
    with pytest.raises(AskewError, match=r"judge_args\.top_p: a judge on this machine samples nothing"):
        check_args(spec, {"top_p": 0.5}, is_judge=True)
    with pytest.raises(AskewError, match=r"judge_args\.model: .*use --judge"):
        check_args(spec, {"model": "x"}, is_judge=True)


def test_arguments_of_a_served_model_become_settings_and_fields(served: None):
    args = {"reasoning_effort": "low", "top_p": 0.9, "enable_thinking": False, "top_k": 20, "extra_body": {"x": [1]}}
    config = request_config(resolve(SERVED), args)
    assert (config.reasoning_effort, config.top_p) == ("low", 0.9)
    assert config.extra_body == {"x": [1], "top_k": 20, "chat_template_kwargs": {"enable_thinking": False}}


def test_field_that_a_provider_would_drop_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "key-key-key")
    with pytest.raises(AskewError, match=r"model_args\.enable_thinking|model_args\.chat_template_kwargs"):
        check_args(resolve("openai/o3"), {"enable_thinking": False})
    check_args(resolve("openai/o3"), {"reasoning_effort": "low"})
    check_args(resolve("openai/gpt-4o"), {"service_tier": "flex"})


def test_judges_with_different_arguments_have_different_names():
    spec = resolve(SERVED)
    names = {identity(spec, args) for args in ({}, {"enable_thinking": True}, {"enable_thinking": False})}
    assert len(names) == 3
    assert identity(spec) == SERVED
    assert json.dumps({"enable_thinking": True}) in identity(spec, {"enable_thinking": True})


@pytest.mark.parametrize(
    ("template", "variables"),
    [
        ("{% if thinking is defined %}x{% endif %}{{ messages[0].content }}{{ bos_token }}", {"thinking"}),
        ("{% if not effort is defined %}{% set effort = 'low' %}{% endif %}{{ effort }}", {"effort"}),
        ("{% for m in messages %}{% generation %}{{ m }}{% endgeneration %}{% break %}{% endfor %}", set()),
        ("{% set n = namespace(a=1) %}{{ raise_exception('no') }}{{ strftime_now('%Y') }}", set()),
        ("{% if broken", set()),
    ],
)
def test_variables_are_what_a_template_reads_from_outside(template: str, variables: set[str]):
    assert variables_of_template(template) == variables
