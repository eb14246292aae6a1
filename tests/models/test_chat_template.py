"""System prompts reach the model even if its chat template does not support them."""

import json
import logging
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from askew.base.errors import AskewError
from askew.models import chat_template
from askew.models.checkpoints import Checkpoint, load
from askew.models.names import resolve

# Like Gemma's template: without a system role, and with alternating turns.
RAISING = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for message in messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}"
    "<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
DROPPING = (
    "{% for message in messages if message['role'] != 'system' %}"
    "<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}<|assistant|>"
)
SYSTEM = {"role": "system", "content": "You are terse."}
USER = {"role": "user", "content": "How are you?"}
ASSISTANT = {"role": "assistant", "content": "Well."}


def with_template(template: str, base: Path, folder: Path) -> Checkpoint:
    shutil.copytree(base, folder)
    (folder / "chat_template.jinja").write_text(template)
    return load(resolve(str(folder)))


def prompt(checkpoint: Checkpoint, *turns: dict[str, str]) -> str:
    return str(checkpoint.tokenizer.decode(checkpoint.prompt(turns)))


@pytest.mark.parametrize("template", [RAISING, DROPPING])
def test_system_text_begins_the_first_user_turn_without_a_system_role(
    template: str, tiny_checkpoint: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoint = with_template(template, tiny_checkpoint, tmp_path / "model")
    with caplog.at_level(logging.WARNING):
        first = prompt(checkpoint, SYSTEM, USER)
        several = prompt(checkpoint, SYSTEM, USER, ASSISTANT, USER)
    assert first == "<|user|>You are terse.\n\nHow are you?<|end|><|assistant|>"
    told_once = "<|user|>You are terse.\n\nHow are you?<|end|><|assistant|>Well.<|end|><|user|>How are you?<|end|>"
    assert several == f"{told_once}<|assistant|>"
    assert prompt(checkpoint, USER) == "<|user|>How are you?<|end|><|assistant|>"
    assert prompt(checkpoint, SYSTEM) == "<|user|>You are terse.<|end|><|assistant|>"
    assert len([record for record in caplog.records if "does not support system prompts" in record.message]) == 1


def test_template_with_a_system_role_is_used_unchanged(tiny_checkpoint: Path) -> None:
    said = prompt(load(resolve(str(tiny_checkpoint))), SYSTEM, USER)
    assert said == "<|system|>You are terse.<|end|><|user|>How are you?<|end|><|assistant|>"


def test_unsupported_turns_raise_a_readable_error(tiny_checkpoint: Path, tmp_path: Path) -> None:
    checkpoint = with_template(RAISING, tiny_checkpoint, tmp_path / "model")
    with pytest.raises(AskewError, match=r"does not support turns by user, user, in this order: .*must alternate"):
        checkpoint.prompt([USER, USER])


def test_broken_template_is_called_broken(tiny_checkpoint: Path, tmp_path: Path) -> None:
    broken = "{% for turn in messages %}{{ turn.content }"
    with pytest.raises(AskewError, match=r"is broken, at its line 1: unexpected '}'"):
        with_template(broken, tiny_checkpoint, tmp_path / "model")


def test_models_with_different_tokenizers_use_their_own(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """An audit asks a base and a tuned model the same questions, and each must use its own vocabulary."""
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "other")
    content = json.loads((folder / "tokenizer.json").read_text())
    content["model"]["merges"] = []
    (folder / "tokenizer.json").write_text(json.dumps(content))
    one, other = load(resolve(str(tiny_checkpoint))), load(resolve(str(folder)))
    assert len(other.prompt([USER])) > len(one.prompt([USER]))
    assert prompt(one, USER) == prompt(other, USER)


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "in more than 4 s"),
        ("{{ 'a' * 9999999999 }}", "it needs more than 1 GiB of memory"),
        ("{% for a in range(2000) %}{{ 'a' * 1000 }}{% endfor %}", "it makes 2,000,000 characters"),
    ],
)
def test_template_that_needs_much_time_or_space_is_refused(
    template: str, reason: str, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    with pytest.raises(AskewError, match=rf"the chat template of .*model is refused: .*{reason}.*chat_template\.jinja"):
        with_template(template, tiny_checkpoint, tmp_path / "model")


def test_template_that_is_endless_for_some_texts_is_stopped_in_any_thread(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_template, "_SECONDS", 1.0)
    loop = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    spared = f"{{% if 'well' in messages[-1].content %}}{loop}{{% endif %}}{{{{ messages[-1].content }}}}"
    checkpoint = with_template(spared, tiny_checkpoint, tmp_path / "model")
    assert prompt(checkpoint, USER) == "How are you?"
    with ThreadPoolExecutor() as threads, pytest.raises(AskewError, match="takes more than 1 s for one conversation"):
        threads.submit(prompt, checkpoint, {"role": "user", "content": "Are you well?"}).result()


@pytest.mark.parametrize(
    "template", ["{{ 1 / 0 }}", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "{{ [].pop() }}"]
)
def test_template_that_fails_is_one_clear_error(template: str, tiny_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(AskewError, match=r"does not support turns by user, in this order: .*(Error|unsafe)"):
        with_template(template, tiny_checkpoint, tmp_path / "model")
