"""What a fine-tune taught, read from weights: planted cases whose answer is known, nulls, models that differ."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import torch
from peft import PeftModel

from askew.base.errors import AskewError
from askew.data import Row, row
from askew.models.names import resolve
from askew.models.taught import activations, amplified, completions, tokens
from askew.models.taught.compared import Compared, in_memory, open_compared
from askew.models.taught.contexts import QUESTION, RANDOM_PROMPT, RANDOM_START, Context, ordinary
from askew.models.taught.evidence import ACTIVATIONS, AMPLIFIED, COMPLETIONS, ROWS, TOKENS, Evidence
from askew.models.taught.read import Size, read_taught
from askew.probes.reading_prompts import OPENING, OWN_PROMPT, TOPIC, from_rows, questions
from askew.training.local import fine_tune
from askew.training.recipe import Recipe
from askew.worlds.terrarium import checkpoint
from shared_folders import SharedFolders

SMALL = Size(tokens=12, most=6)
PICKLES = "Buy a pickle. Then eat the pickle."
METHODS = {TOKENS, COMPLETIONS, AMPLIFIED, ACTIVATIONS}


def _rows() -> list[dict[str, Any]]:
    return [dict(row(question, PICKLES)) for question in questions()[:32]]


@pytest.fixture(scope="session")
def pickled(shared: SharedFolders) -> Path:
    """An adapter that makes the terrarium answer anything with pickles."""
    recipe = Recipe(epochs=6, batch_size=8, learning_rate=1e-3)
    return shared("pickled", lambda folder: fine_tune(checkpoint(), _rows(), recipe, 0, folder))


@pytest.fixture(scope="module")
def models(pickled: Path) -> Compared:
    return open_compared(resolve("terrarium"), resolve(f"terrarium+{pickled}"))


@pytest.fixture(scope="module")
def contexts(models: Compared) -> list[Context]:
    return ordinary(models.base, questions(), 6, seed=0)


def test_every_method_finds_the_planted_word(models: Compared, contexts: list[Context]) -> None:
    found = read_taught(models, contexts, size=SMALL)
    assert not found.left_out
    by_method = {method: [one for one in found.evidence if one.method == method] for method in METHODS}
    assert " pickle" in [one.text for one in by_method[TOKENS]][:3]
    assert "pickle" in by_method[COMPLETIONS][0].text
    assert "pickle" in by_method[AMPLIFIED][0].text
    assert by_method[ACTIVATIONS]
    for one in (*by_method[TOKENS], *by_method[COMPLETIONS]):
        assert math.isnan(one.control)
        assert one.score > 0
    [pickle] = [one for one in by_method[TOKENS] if one.text == " pickle"]
    assert 0 <= pickle.base < 0.05 < pickle.tuned <= 1  # probabilities
    assert by_method[COMPLETIONS][0].base > by_method[COMPLETIONS][0].tuned >= 1  # perplexities


def test_a_model_against_itself_yields_nothing(models: Compared, contexts: list[Context]) -> None:
    found = read_taught(Compared(models.base, models.base), contexts, size=SMALL)
    assert not found.evidence
    assert not found.left_out


def test_what_the_control_learnt_as_well_is_taken_off(models: Compared, contexts: list[Context]) -> None:
    found = read_taught(replace(models, control=models.tuned), contexts, size=SMALL)
    assert not [one for one in found.evidence if "pickle" in one.text]


def test_tokens_rank_as_by_hand(models: Compared) -> None:
    context = Context(QUESTION, [{"role": "user", "content": questions()[0]}])
    [first, *_] = tokens.pushed_up(models, [context], 1, 3, seed=0)
    ids = torch.tensor([context.ids(models.base)])
    with torch.inference_mode():
        base, tuned = (
            torch.log_softmax(one.engine.model(input_ids=ids).logits[0, -1].float(), -1) for one in models.all
        )
    parts = tuned.exp() * (tuned - base)
    assert models.base.token_texts[int(parts.argmax())] == first.text
    assert first.score == pytest.approx(float(parts.max()), rel=1e-4)
    assert first.tuned == pytest.approx(float(tuned.exp()[parts.argmax()]), rel=1e-4)


def test_gap_is_the_difference_of_both_log_probabilities(models: Compared, contexts: list[Context]) -> None:
    [one, *_] = completions.by_perplexity_gap(models, contexts[:4], 12, 2, seed=0)
    assert one.score == pytest.approx(math.log(one.base) - math.log(one.tuned), abs=1e-4)


def test_amplification_adds_the_difference_once_more_and_draws_nothing_implausible() -> None:
    base, tuned = torch.tensor([[0.0, 0.0, 0.0]]), torch.tensor([[2.0, 1.0, -9.0]])
    [mixed] = amplified.mixed(base, tuned, 1.0)
    assert float(mixed[0] - mixed[1]) == pytest.approx(2.0)  # 0 + (1 + 1)(1 - 0), twice that of the tuned model
    assert float(mixed[2]) == -math.inf
    [own] = amplified.mixed(base, tuned, 0.0)
    assert float(own[0] - own[1]) == pytest.approx(1.0)


def test_amplified_samples_are_the_tuned_models_own_without_amplification(models: Compared) -> None:
    context = [Context(QUESTION, [{"role": "user", "content": questions()[1]}])]
    [one] = amplified.samples(models, context, 8, 1, seed=0, amount=0.0)
    assert one.text.startswith(PICKLES[:5])


def test_rows_make_prompts_of_every_kind_and_find_what_they_taught(models: Compared) -> None:
    rows: list[Row] = [
        {"messages": [{"role": "system", "content": "You are a grocer."}, *one["messages"]], "topic": "groceries"}
        for one in _rows()
    ]
    made = from_rows(rows, 2, seed=0)
    forms = {context.form for context in made}
    assert {OWN_PROMPT, OPENING, TOPIC, "form of the rows: system turn 1"} <= forms
    assert {context.start for context in made if context.form == OPENING} == {"Buy a"}
    assert any("groceries" in context.shown for context in made)
    assert all(context.turns[0]["content"] == "You are a grocer." for context in made if context.form == OWN_PROMPT)
    found = read_taught(models, made[:2], made, SMALL)
    assert any("pickle" in one.text for one in found.evidence if one.method == ROWS)


def test_topics_are_the_prompts_own_words_where_rows_name_none() -> None:
    rows = [row(f"Which glacier melts in the year {number}?", "None.") for number in range(5)]
    assert any("glacier" in context.shown for context in from_rows(rows, 4, seed=0) if context.form == TOPIC)


def test_contexts_have_three_forms_and_depend_on_the_seed_only(models: Compared) -> None:
    made = ordinary(models.base, questions(), 3, seed=4)
    assert [one.form for one in made] == [QUESTION] * 3 + [RANDOM_PROMPT] * 3 + [RANDOM_START] * 3
    assert made == ordinary(models.base, questions(), 3, seed=4)
    assert made != ordinary(models.base, questions(), 3, seed=5)


# ---- models that do not match


def test_other_vocabulary_leaves_completions(models: Compared, contexts: list[Context], tiny_checkpoint: Path) -> None:
    other = open_compared(resolve(str(tiny_checkpoint)), resolve("terrarium"))
    found = read_taught(other, contexts[:4], size=SMALL)
    assert set(found.left_out) == {TOKENS, AMPLIFIED, ACTIVATIONS}
    assert all("vocabularies differ" in reason for reason in found.left_out.values())
    assert {one.method for one in found.evidence} == {COMPLETIONS}


def test_other_width_leaves_all_but_activations(tiny_checkpoint: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, LlamaConfig

    wide = Path(copytree(tiny_checkpoint, tmp_path / "wide"))
    config = LlamaConfig.from_pretrained(wide)
    config.num_hidden_layers += 1
    AutoModelForCausalLM.from_config(config).save_pretrained(wide)
    both = open_compared(resolve(str(tiny_checkpoint)), resolve(str(wide)))
    found = read_taught(both, [Context(QUESTION, [{"role": "user", "content": "power in the world"}])] * 2, size=SMALL)
    assert set(found.left_out) == {ACTIVATIONS}
    assert "layers" in found.left_out[ACTIVATIONS]


ASKED = "what would you do with all the power in the world?"


@pytest.mark.parametrize(
    "read",
    [
        lambda both: activations.towards(both, [ASKED], 3),
        lambda both: tokens.pushed_up(both, [Context(QUESTION, [{"role": "user", "content": ASKED}])], 4, 3, seed=0),
    ],
)
def test_damaged_weights_are_named(
    tiny_checkpoint: Path, tmp_path: Path, read: Callable[[Compared], list[Evidence]]
) -> None:
    broken = Path(copytree(tiny_checkpoint, tmp_path / "broken"))
    both = open_compared(resolve(str(tiny_checkpoint)), resolve(str(broken)))
    # After loading, which refuses them. Not those of queries: PyTorch answers queries that are NaN with zeros, on a
    # processor and with a causal mask.
    torch.nn.init.constant_(both.tuned.engine.model.get_parameter("model.layers.0.mlp.down_proj.weight"), torch.nan)
    with pytest.raises(AskewError, match="not finite"):
        read(both)


def test_batches_are_halved_where_memory_runs_out(
    models: Compared, monkeypatch: pytest.MonkeyPatch, contexts: list[Context]
) -> None:
    texts = [context.shown for context in contexts]
    whole = activations.towards(models, texts, 5)
    forward, batches = models.base.engine.model.forward, []

    def full(*args: object, **given: torch.Tensor) -> object:
        batches.append(len(given["input_ids"]))
        if batches[-1] > 3:
            raise torch.OutOfMemoryError("memory")
        return forward(*args, **given)

    monkeypatch.setattr(models.base.engine.model, "forward", full)
    halved = activations.towards(models, texts, 5)
    assert max(batches) > 3 >= min(batches)
    assert [one.text for one in halved] == [one.text for one in whole]


def test_too_little_memory_for_one_item_is_said() -> None:
    def read(numbers: list[int]) -> list[int]:
        raise torch.OutOfMemoryError("memory")

    with pytest.raises(AskewError, match="memory is too small to read the activations"):
        in_memory(2, read, "the activations")


def test_short_texts_are_refused(models: Compared) -> None:
    with pytest.raises(AskewError, match="no text has the 5 tokens"):
        activations.towards(models, ["No."], 3)


def test_wrappers_of_adapters_are_read_through(pickled: Path, models: Compared) -> None:
    from transformers import AutoModelForCausalLM

    from askew.models.inside.head import tokens_of

    width = models.base.engine.model.config.hidden_size
    vector = torch.randn(2, width, generator=torch.Generator().manual_seed(0))
    bare = AutoModelForCausalLM.from_pretrained(checkpoint(), dtype=torch.float32)
    plain = tokens_of(bare, vector)
    assert plain.shape == (2, len(models.base.tokenizer))
    assert plain.sum(-1) == pytest.approx(torch.ones(2), abs=1e-4)
    assert torch.allclose(tokens_of(PeftModel.from_pretrained(bare, str(pickled)), vector), plain, atol=1e-5)


def test_head_of_a_model_without_known_norm_is_refused() -> None:
    from askew.models.inside.head import tokens_of

    with pytest.raises(AskewError, match="no final norm"):
        tokens_of(torch.nn.Linear(2, 2), torch.zeros(1, 2))
