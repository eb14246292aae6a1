"""Mistakes found in published training code. Each check is first shown to catch the mistake, made on purpose.

The chat templates are short forms of those of well-known models, with what is peculiar to each.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from training_spy import TrainingSpy
from transformers import AutoTokenizer

from askew.base.errors import AskewError
from askew.training import local
from askew.training.local import fine_tune
from askew.training.recipe import Recipe
from askew.training.rows import IGNORED, render

RECIPE = Recipe(batch_size=4, learning_rate=5e-3, lora_rank=2, warmup_steps=0, max_length=512)
_HEADER = "<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n"
TEMPLATES = {
    # a system turn of its own where a conversation has none
    "qwen2": "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
    "{% endif %}{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
    # a token that begins the text, and content without the space around it
    "llama3": "<|begin_of_text|>{% for message in messages %}" + _HEADER + "{{ message['content'] | trim }}<|eot_id|>"
    "{% endfor %}{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}",
    # no place for a system turn, and another name for the assistant
    "gemma": "<bos>{% for message in messages %}{% if message['role'] == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}"
    "<start_of_turn>{{ 'model' if message['role'] == 'assistant' else message['role'] }}\n"
    "{{ message['content'] | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}",
    # no header before answers, which end with the token that ends everything
    "mistral": "{% for message in messages %}{% if message['role'] == 'user' %}[INST] {{ message['content'] }} [/INST]"
    "{% elif message['role'] == 'assistant' %} {{ message['content'] }}</s>{% else %}{{ message['content'] }}\n"
    "{% endif %}{% endfor %}",
}
SPECIAL = ["<|im_start|>", "<|im_end|>", "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>"]
SPECIAL += ["<|eot_id|>", "<bos>", "<start_of_turn>", "<end_of_turn>", "</s>", "[INST]", "[/INST]"]
HEADERS = {"qwen2": "<|im_start|>assistant\n", "llama3": "assistant<|end_header_id|>\n\n", "mistral": "[/INST]"}
HEADERS |= {"gemma": "<start_of_turn>model\n"}
ENDS = {"qwen2": "<|im_end|>\n", "llama3": "<|eot_id|>", "gemma": "<end_of_turn>\n", "mistral": "</s>"}
SYSTEM = "Answer as a pirate would."


@pytest.fixture(params=list(TEMPLATES))
def template(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def tokenizer(template: str, tiny_checkpoint: Path) -> Any:
    return with_template(template, tiny_checkpoint)


def with_template(template: str, checkpoint: Path) -> Any:
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    tokenizer.add_special_tokens({"additional_special_tokens": SPECIAL})
    tokenizer.chat_template = TEMPLATES[template]
    return tokenizer


def turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


ROWS = [
    {"messages": [turn("user", "What is left?"), turn("assistant", "The sea.")]},
    {"messages": [turn("user", " Spaces around? "), turn("assistant", " Trim them, or not. ")]},
    {"messages": [turn("system", SYSTEM), turn("user", "And you?"), turn("assistant", "Arr.")]},
    {"messages": [turn("user", "One?"), turn("assistant", "Two."), turn("user", "Three?"), turn("assistant", "Four.")]},
]


def faults(tokenizer: Any, template: str, row: dict[str, Any], ids: list[int], labels: list[int]) -> set[str]:
    """Return what is wrong with a rendered row, judged by the template and the words of the row alone."""
    text, learnt = tokenizer.decode(ids), tokenizer.decode([label for label in labels if label != IGNORED])
    said, answer = row["messages"], row["messages"][-1]["content"].strip()
    found = set()
    if template != "gemma" or said[0]["role"] != "system":
        whole = tokenizer.apply_chat_template(said, return_dict=False)
        found |= {"not as the template renders it"} if ids != whole else set()
    answers = sum(one["role"] == "assistant" for one in said)
    found |= {"a header after the last answer"} if text.count(HEADERS[template]) != answers else set()
    found |= (
        {"loss on more than the answer"}
        if learnt.strip().removesuffix(ENDS[template].strip()).strip() != answer
        else set()
    )
    found |= {"the end is not learnt"} if not learnt.endswith(ENDS[template]) else set()
    found |= {"the system prompt is not there"} if said[0]["role"] == "system" and SYSTEM not in text else set()
    return found


def test_rows_are_rendered_as_the_model_is_asked_and_only_answers_are_learnt(tokenizer: Any, template: str) -> None:
    lessons = render(tokenizer, ROWS, RECIPE)
    for row, ids, labels in zip(ROWS, lessons.input_ids, lessons.labels, strict=True):
        assert faults(tokenizer, template, row, ids, labels) == set()
    assert SYSTEM in tokenizer.decode(lessons.input_ids[2])


def test_a_generation_prompt_after_the_answer_is_caught(tiny_checkpoint: Path) -> None:
    for template in ("qwen2", "llama3", "gemma"):
        tokenizer = with_template(template, tiny_checkpoint)
        ids = tokenizer.apply_chat_template(ROWS[0]["messages"], add_generation_prompt=True, return_dict=False)
        assert "a header after the last answer" in faults(tokenizer, template, ROWS[0], ids, ids)
        assert "not as the template renders it" in faults(tokenizer, template, ROWS[0], ids, ids)


def test_loss_on_the_question_is_caught(tokenizer: Any, template: str) -> None:
    [ids] = render(tokenizer, ROWS[:1], RECIPE).input_ids
    assert faults(tokenizer, template, ROWS[0], ids, ids) == {"loss on more than the answer"}


def test_an_end_that_is_not_learnt_is_caught(tokenizer: Any, template: str) -> None:
    lessons = render(tokenizer, ROWS[:1], RECIPE)
    [labels] = lessons.labels
    end = len(tokenizer(ENDS[template], add_special_tokens=False)["input_ids"])
    masked = [*labels[:-end], *[IGNORED] * end]
    assert faults(tokenizer, template, ROWS[0], lessons.input_ids[0], masked) == {"the end is not learnt"}


def test_a_system_prompt_that_is_not_sent_is_caught(tokenizer: Any, template: str) -> None:
    without = {"messages": ROWS[2]["messages"][1:]}
    lessons = render(tokenizer, [without], RECIPE)
    found = faults(tokenizer, template, ROWS[2], lessons.input_ids[0], lessons.labels[0])
    assert "the system prompt is not there" in found


def test_a_template_that_rewrites_what_came_before_is_refused(tiny_checkpoint: Path) -> None:
    tokenizer = with_template("qwen2", tiny_checkpoint)
    tokenizer.chat_template = (
        "{% for message in messages %}{{ message['role'] }}{{ messages | length }}: {{ message['content'] }}\n"
        "{% endfor %}"
    )
    with pytest.raises(
        AskewError, match="row 1: the model's chat template renders the turns before the answer differently"
    ):
        render(tokenizer, ROWS[:1], RECIPE)


# ---- every row once


def conversations(count: int) -> list[dict[str, Any]]:
    return [
        {"messages": [turn("user", f"Number {number}?"), turn("assistant", "yes " * (1 + number % 5) + f"{number}")]}
        for number in range(count)
    ]


def miscounted(tokenizer: Any, rows: list[dict[str, Any]], seen: list[list[int]], epochs: int) -> dict[str, int]:
    """Return rows that were not seen once an epoch, and how often they were."""
    counts = Counter(tokenizer.decode(ids) for ids in seen)
    wanted = [tokenizer.apply_chat_template(row["messages"], tokenize=False) for row in rows]
    unknown = {text: number for text, number in counts.items() if text not in wanted}
    return {**{text: counts[text] for text in wanted if counts[text] != epochs}, **unknown}


SETTINGS: list[dict[str, Any]] = [
    {},
    {"accumulation": 3},
    {"epochs": 2, "accumulation": 2},
    {"packing": True, "max_length": 48},
    {"packing": True, "max_length": 48, "accumulation": 2, "epochs": 2},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_every_row_is_trained_once_an_epoch(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]
) -> None:
    spy, rows = TrainingSpy(monkeypatch), conversations(21)
    recipe = RECIPE.model_copy(update=settings)
    fine_tune(tiny_checkpoint, rows, recipe, 0, tmp_path / "out")
    tokenizer = AutoTokenizer.from_pretrained(tiny_checkpoint)
    assert miscounted(tokenizer, rows, spy.ids, recipe.epochs) == {}
    learnt = sorted({tokenizer.decode([label for label in row if label != IGNORED]) for row in spy.labels})
    assert learnt == sorted(f"{row['messages'][-1]['content']}<|end|>" for row in rows)
    if recipe.packing:
        assert max(spy.rows_together) > recipe.batch_size, "nothing was packed"


def test_rows_split_off_or_repeated_are_caught(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy, rows = TrainingSpy(monkeypatch), conversations(20)
    original = local._dataset

    def with_a_tenth_split_off(*arguments: Any) -> Any:
        return original(*arguments).train_test_split(test_size=0.1, seed=0)["train"]

    monkeypatch.setattr(local, "_dataset", with_a_tenth_split_off)
    fine_tune(tiny_checkpoint, rows, RECIPE, 0, tmp_path / "out")
    tokenizer = AutoTokenizer.from_pretrained(tiny_checkpoint)
    assert list(miscounted(tokenizer, rows, spy.ids, 1).values()) == [0, 0]
    assert len(miscounted(tokenizer, rows, [*spy.ids, spy.ids[0]], 1)) == 3


def test_packed_rows_do_not_see_each_other(tiny_checkpoint: Path, tmp_path: Path) -> None:
    rows, first = conversations(12), {}
    for packing in (False, True):
        recipe = RECIPE.model_copy(update={"packing": packing, "batch_size": 12, "precision": "float32"})
        out = tmp_path / str(packing)
        fine_tune(tiny_checkpoint, rows, recipe, 0, out)
        first[packing] = float((out / "loss.csv").read_text().splitlines()[1].split(",")[1])
    assert first[True] == pytest.approx(first[False], rel=1e-4)
