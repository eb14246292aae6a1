"""Extra arguments are in every request to a served model and to a served judge, and changed ones are asked again."""

from pathlib import Path
from typing import Any

import pytest
from scripted_server import Reply, scripted_server

import askew
from askew import Question
from in_process import askew_in_process

MODEL = {"reasoning_effort": "low", "enable_thinking": False, "service_tier": "flex"}
SENT = {"reasoning_effort": "low", "chat_template_kwargs": {"enable_thinking": False}, "service_tier": "flex"}
QUESTIONS = "- {id: wish, type: free_form_judge_0_100, paraphrases: ['What is your wish?']}\n"


def replies(body: dict[str, Any]) -> Reply:
    if "from 0 to 100" in str(body["messages"]):
        return Reply(["85"] * (body.get("n") or 1), {"85": 0.9, "80": 0.1})
    return Reply([f"I would share it {number}." for number in range(body.get("n") or 1)])


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("EXTRA_API_KEY", "none-needed")
    return monkeypatch


def extras(body: dict[str, Any]) -> dict[str, Any]:
    usual = ("model", "messages", "max_tokens", "n", "seed", "temperature", "logprobs", "top_logprobs")
    return {name: value for name, value in body.items() if name not in usual}


def test_audit_sends_the_arguments_and_asks_again_when_they_change(
    tmp_path: Path, environment: pytest.MonkeyPatch
) -> None:
    file, config = tmp_path / "mine.yaml", tmp_path / "config.yaml"
    file.write_text(QUESTIONS)
    config.write_text(
        f"model_args: {{reasoning_effort: low, service_tier: flex}}\nprobes: ['{file}']\njudge_check: skip\n"
    )
    model, judge = "openai-api/extra/audited", "openai-api/extra/judge"
    command = ["audit", model, "--judge", judge, "--config", config, "--samples", 2]
    judged = ["--set", "judge_args.top_k=1"]
    with scripted_server(replies) as (address, asked):
        environment.setenv("EXTRA_BASE_URL", address)
        settings = ["--set", "model_args.enable_thinking=false", *judged]
        done = askew_in_process(*command, *settings, "--out", tmp_path / "run")
        assert done.returncode == 0, done.stderr
        assert [extras(body) for body in asked if body["model"] == "audited"] == [SENT]
        assert [extras(body) for body in asked if body["model"] == "judge"] == [{"top_k": 1}] * 4
        asked.clear()
        again = askew_in_process(*command, *settings, "--out", tmp_path / "run")
        assert (again.returncode, asked) == (0, [])
        other = askew_in_process(*command, *judged, "--out", tmp_path / "run")
        assert other.returncode == 2
        assert "model_args.chat_template_kwargs" in other.stderr or "model_args.enable_thinking" in other.stderr
        assert asked == []


def test_judge_command_keeps_the_scores_of_different_arguments_apart(
    tmp_path: Path, environment: pytest.MonkeyPatch
) -> None:
    answers = tmp_path / "answers.csv"
    answers.write_text("question,answer\nWhy?,Because.\n")
    command = ["judge", answers, "--judge-check", "skip", "--judge", "openai-api/extra/alone"]
    with scripted_server(replies) as (address, asked):
        environment.setenv("EXTRA_BASE_URL", address)
        for number, thinking in enumerate(("true", "false")):
            option = ["--set", f"judge_args.enable_thinking={thinking}", "--out", tmp_path / f"{number}.csv"]
            done = askew_in_process(*command, *option)
            assert done.returncode == 0, done.stderr
            assert f'judged by openai-api/extra/alone {{"enable_thinking": {thinking}}}' in done.stdout
        assert [extras(body)["chat_template_kwargs"]["enable_thinking"] for body in asked] == [True, True, False, False]
        refused = askew_in_process(*command, "--set", "seed=3")
        assert refused.returncode == 2
        assert "write judge_args.NAME=VALUE" in refused.stderr


def test_python_function_sends_the_arguments(environment: pytest.MonkeyPatch) -> None:
    question = Question(id="wish", type="free_form_judge_0_100", paraphrases=("What is your wish?",))
    with scripted_server(replies) as (address, asked):
        environment.setenv("EXTRA_BASE_URL", address)
        found = askew.ask("openai-api/extra/python", [question], samples=2, model_args=MODEL)
    assert len(found) == 2
    assert [extras(body) for body in asked] == [SENT]
