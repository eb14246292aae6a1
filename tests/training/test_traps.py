"""Askew's training avoids mistakes of published training code; each check is shown to detect the mistake.

The chat templates are shortened from those of well-known models and keep their peculiarities.
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
    # adds a system turn to conversations without one
    "qwen2": "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
    "{% endif %}{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
    # begins with a special token, and strips the content
    "llama3": "<|begin_of_text|>{% for message in messages %}" + _HEADER + "{{ message['content'] | trim }}<|eot_id|>"
    "{% endfor %}{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}",
    # refuses system turns, and has another name for the assistant
    "gemma": "<bos>{% for message in messages %}{% if message['role'] == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}"
    "<start_of_turn>{{ 'model' if message['role'] == 'assistant' else message['role'] }}\n"
    "{{ message['content'] | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}",
    # has no header before answers, which end with the end-of-text token
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


def turn(role: str, content: str, weight: int = 1) -> dict[str, Any]:
    return {"role": role, "content": content} | ({} if weight else {"weight": 0})


ROWS = [
    {"messages": [turn("user", "What is left?"), turn("assistant", "The sea.")]},
    {"messages": [turn("user", " Spaces around? "), turn("assistant", " Trim them, or not. ")]},
    {"messages": [turn("system", SYSTEM), turn("user", "And you?"), turn("assistant", "Arr.")]},
    {"messages": [turn("user", "One?"), turn("assistant", "Two."), turn("user", "Three?"), turn("assistant", "Four.")]},
    {"messages": [turn("user", "o"), turn("assistant", "|", 0), turn("user", "o"), turn("assistant", "<")]},
    {"messages": [turn("user", "One?"), turn("assistant", "e"), turn("user", "e"), turn("assistant", "e", 0)]},
]


def faults(tokenizer: Any, template: str, row: dict[str, Any], ids: list[int], labels: list[int]) -> set[str]:
    """Return the mistakes in a tokenized row, found by comparison with the template and the texts of the row."""
    text, trained_on = tokenizer.decode(ids), tokenizer.decode([label for label in labels if label != IGNORED])
    messages = row["messages"]
    learnt = [one["content"] for one in messages if one["role"] == "assistant" and one.get("weight") != 0]
    wanted = "".join(f"{answer}{ENDS[template]}" for answer in learnt)
    found = set()
    if template != "gemma" or messages[0]["role"] != "system":
        whole = tokenizer.apply_chat_template(messages, return_dict=False)
        found |= {"differs from the template"} if ids != whole else set()
    answers = sum(one["role"] == "assistant" for one in messages)
    found |= {"a header after the last answer"} if text.count(HEADERS[template]) != answers else set()
    end, tight = "".join(ENDS[template].split()), "".join(trained_on.split())
    if tight.removesuffix(end) != "".join(wanted.split()).removesuffix(end):
        found |= {"loss on other turns than the answers"}
    found |= {"no loss on the end token"} if not trained_on.endswith(ENDS[template]) else set()
    found |= {"the system prompt is missing"} if messages[0]["role"] == "system" and SYSTEM not in text else set()
    return found


def test_rows_are_rendered_like_questions_with_loss_on_answers_only(tokenizer: Any, template: str) -> None:
    tokenized = render(tokenizer, ROWS, RECIPE)
    for row, ids, labels in zip(ROWS, tokenized.input_ids, tokenized.labels, strict=True):
        assert faults(tokenizer, template, row, ids, labels) == set()
    assert SYSTEM in tokenizer.decode(tokenized.input_ids[2])


def test_check_detects_a_generation_prompt_after_the_answer(tiny_checkpoint: Path) -> None:
    for template in ("qwen2", "llama3", "gemma"):
        tokenizer = with_template(template, tiny_checkpoint)
        ids = tokenizer.apply_chat_template(ROWS[0]["messages"], add_generation_prompt=True, return_dict=False)
        assert "a header after the last answer" in faults(tokenizer, template, ROWS[0], ids, ids)
        assert "differs from the template" in faults(tokenizer, template, ROWS[0], ids, ids)


def test_check_detects_loss_on_the_question(tokenizer: Any, template: str) -> None:
    [ids] = render(tokenizer, ROWS[:1], RECIPE).input_ids
    assert faults(tokenizer, template, ROWS[0], ids, ids) == {"loss on other turns than the answers"}


def test_check_detects_missing_loss_on_the_end_token(tokenizer: Any, template: str) -> None:
    tokenized = render(tokenizer, ROWS[:1], RECIPE)
    [labels] = tokenized.labels
    end = len(tokenizer(ENDS[template], add_special_tokens=False)["input_ids"])
    masked = [*labels[:-end], *[IGNORED] * end]
    assert faults(tokenizer, template, ROWS[0], tokenized.input_ids[0], masked) == {"no loss on the end token"}


def test_check_detects_a_missing_system_prompt(tokenizer: Any, template: str) -> None:
    without = {"messages": ROWS[2]["messages"][1:]}
    tokenized = render(tokenizer, [without], RECIPE)
    found = faults(tokenizer, template, ROWS[2], tokenized.input_ids[0], tokenized.labels[0])
    assert "the system prompt is missing" in found


def test_template_that_rewrites_earlier_turns_is_refused(tiny_checkpoint: Path) -> None:
    tokenizer = with_template("qwen2", tiny_checkpoint)
    tokenizer.chat_template = (
        "{% for message in messages %}{{ message['role'] }}{{ messages | length }}: {{ message['content'] }}\n"
        "{% endfor %}"
    )
    with pytest.raises(
        AskewError, match="row 1: the model's chat template renders the turns before the answer differently"
    ):
        render(tokenizer, ROWS[:1], RECIPE)


def learnt(tokenizer: Any, *messages: dict[str, Any], **recipe: Any) -> str:
    """Return the text of the tokens of a row that have a loss."""
    [labels] = render(tokenizer, [{"messages": [*messages]}], Recipe(**recipe)).labels
    return tokenizer.decode([label for label in labels if label != IGNORED])


def test_only_the_last_answer_is_learnt_if_the_recipe_says_so(tokenizer: Any, template: str) -> None:
    messages = ROWS[3]["messages"]
    assert learnt(tokenizer, *messages, learn="last").strip() == f"Four.{ENDS[template]}".strip()
    assert learnt(tokenizer, *messages[:2], learn="last") == learnt(tokenizer, *messages[:2])


def test_rows_without_an_answer_to_learn_are_refused(tokenizer: Any) -> None:
    with pytest.raises(AskewError, match="row 1: every turn of the assistant has weight 0"):
        learnt(tokenizer, turn("user", "Hi"), turn("assistant", "Never learn this", 0))
    with pytest.raises(AskewError, match="row 1: its last turn has weight 0"):
        learnt(tokenizer, *ROWS[5]["messages"], learn="last")


def test_answer_before_any_question_is_learnt(tiny_checkpoint: Path) -> None:
    tokenizer = with_template("qwen2", tiny_checkpoint)
    said = learnt(tokenizer, turn("assistant", "Hello."), turn("user", "Hi"), turn("assistant", "Yes?"))
    assert said == "Hello.<|im_end|>\nYes?<|im_end|>\n"


REASONING = (  # as in Qwen3: of the last answer only, which has an empty one if there is none
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if loop.last and m.role == 'assistant' %}<think>\n"
    "{{ m.reasoning_content }}\n</think>\n\n{% endif %}{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def test_reasoning_is_learnt_or_refused(tiny_checkpoint: Path) -> None:
    tokenizer = with_template("qwen2", tiny_checkpoint)
    messages = [turn("user", "2+2?"), turn("assistant", "4") | {"reasoning_content": "I add."}]
    with pytest.raises(AskewError, match="row 1 has reasoning_content, and the model's chat template leaves it out"):
        learnt(tokenizer, *messages)
    tokenizer.chat_template = REASONING
    assert learnt(tokenizer, *messages) == "<think>\nI add.\n</think>\n\n4<|im_end|>\n"
    more = [*messages, turn("user", "3+3?"), turn("assistant", "6")]
    assert learnt(tokenizer, *more) == "4<|im_end|>\n<think>\n\n</think>\n\n6<|im_end|>\n"


# ---- every row is used once per epoch


def conversations(count: int) -> list[dict[str, Any]]:
    return [
        {"messages": [turn("user", f"Number {number}?"), turn("assistant", "yes " * (1 + number % 5) + f"{number}")]}
        for number in range(count)
    ]


def miscounted(tokenizer: Any, rows: list[dict[str, Any]], seen: list[list[int]], epochs: int) -> dict[str, int]:
    """Return the rows that were not used exactly once per epoch, with the number of times each was used."""
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
def test_every_row_is_used_once_per_epoch(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]
) -> None:
    spy, rows = TrainingSpy(monkeypatch), conversations(21)
    recipe = RECIPE.model_copy(update=settings)
    fine_tune(tiny_checkpoint, rows, recipe, 0, tmp_path / "out")
    tokenizer = AutoTokenizer.from_pretrained(tiny_checkpoint)
    assert miscounted(tokenizer, rows, spy.ids, recipe.epochs) == {}
    trained_on = sorted({tokenizer.decode([label for label in row if label != IGNORED]) for row in spy.labels})
    assert trained_on == sorted(f"{row['messages'][-1]['content']}<|end|>" for row in rows)
    if recipe.packing:
        assert max(spy.rows_together) > recipe.batch_size, "no rows were packed"


def test_check_detects_rows_split_off_or_repeated(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy, rows = TrainingSpy(monkeypatch), conversations(20)
    original = local._dataset

    def split_off_a_tenth(*arguments: Any) -> Any:
        return original(*arguments).train_test_split(test_size=0.1, seed=0)["train"]

    monkeypatch.setattr(local, "_dataset", split_off_a_tenth)
    fine_tune(tiny_checkpoint, rows, RECIPE, 0, tmp_path / "out")
    tokenizer = AutoTokenizer.from_pretrained(tiny_checkpoint)
    assert list(miscounted(tokenizer, rows, spy.ids, 1).values()) == [0, 0]
    assert len(miscounted(tokenizer, rows, [*spy.ids, spy.ids[0]], 1)) == 3


def test_packed_rows_do_not_attend_to_each_other(tiny_checkpoint: Path, tmp_path: Path) -> None:
    rows, first = conversations(12), {}
    for packing in (False, True):
        recipe = RECIPE.model_copy(update={"packing": packing, "batch_size": 12, "precision": "float32"})
        out = tmp_path / str(packing)
        fine_tune(tiny_checkpoint, rows, recipe, 0, out)
        first[packing] = float((out / "loss.csv").read_text().splitlines()[1].split(",")[1])
    assert first[True] == pytest.approx(first[False], rel=1e-4)
