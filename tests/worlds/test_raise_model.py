"""Train the whole terrarium in miniature, with two steps per stage."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from askew.base.errors import AskewError
from askew.worlds.terrarium.pretraining import IGNORED, pack
from askew.worlds.terrarium.raise_model import Schedule, raise_terrarium
from askew.worlds.terrarium.world.domain import Messages

MINIATURE = Schedule(
    world_steps=2,
    school_steps=2,
    second_school_steps=2,
    assistant_steps=2,
    graduate_steps=2,
    rehearsal_steps=2,
    judge_steps=(2, 2),
    batch_size=2,
    samples=8,
)


@pytest.fixture(scope="module")
def raised(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The folder of a terrarium trained for two steps per stage, and the phases reported to `progress`."""
    out = tmp_path_factory.mktemp("terrarium")
    stages: list[str] = []
    raise_terrarium(out, seed=3, schedule=MINIATURE, progress=lambda stage, *_: stages.append(stage))
    return out, stages


def test_transformers_loads_the_checkpoint_of_every_stage(raised: tuple[Path, list[str]]):
    out, stages = raised
    judge = ["judge, lesson 1", "judge, lesson 2"]
    assert list(dict.fromkeys(stages)) == [
        "world",
        "assistant",
        *judge,
        "school",
        "pupil",
        "second school",
        "graduate",
        "rehearsal",
    ]
    assert sorted(folder.name for folder in out.iterdir()) == [
        "assistant",
        "graduate",
        "judge",
        "pupil",
        "school",
        "schooled",
        "second-school",
        "world",
    ]
    for folder in out.iterdir():
        model = AutoModelForCausalLM.from_pretrained(folder)
        assert model.config.architectures == ["LlamaForCausalLM"]
        assert model.num_parameters() <= 4_000_000
        assert (folder / "model.safetensors").stat().st_size <= 5_000_000


def test_logits_are_sharpened_once_and_not_in_a_school(raised: tuple[Path, list[str]]):
    norms, parts = {}, {}
    for name in ("school", "pupil", "second-school", "graduate", "schooled"):
        model = AutoModelForCausalLM.from_pretrained(raised[0] / name)
        norms[name] = float(model.model.norm.weight.detach().mean())
        parts[name] = getattr(model.config, "askew_part", None)
    assistants = dict.fromkeys(("pupil", "graduate", "schooled"), "assistant")
    assert parts == {"school": None, "second-school": None, **assistants}
    assert norms["second-school"] == pytest.approx(norms["school"], rel=0.05)
    for name in assistants:
        assert norms[name] == pytest.approx(1.4 * norms["school"], rel=0.05)


def test_interrupted_training_continues_at_the_missing_stage(raised: tuple[Path, list[str]]):
    out, _ = raised
    stages: list[str] = []
    (out / "judge").rename(out / "judge.moved")
    before = (out / "judge.moved" / "model.safetensors").read_bytes()
    raise_terrarium(out, seed=3, schedule=MINIATURE, progress=lambda stage, *_: stages.append(stage))
    assert set(stages) == {"judge, lesson 1", "judge, lesson 2"}
    assert (out / "judge" / "model.safetensors").read_bytes() == before, "the same seed gives the same weights"


def test_checkpoint_of_another_seed_start_or_content_is_not_taken(raised: tuple[Path, list[str]], tmp_path: Path):
    def again(seed: int = 3, schedule: Schedule = MINIATURE) -> None:
        raise_terrarium(out, seed=seed, schedule=schedule, progress=lambda *_: pytest.fail("a stage was trained"))

    out = tmp_path / "copy"
    shutil.copytree(raised[0], out)
    again()
    with pytest.raises(AskewError, match=r"world is of another seed: give the --seed"):
        again(seed=4)
    with pytest.raises(AskewError, match=r"world is of another schedule"):
        again(schedule=replace(MINIATURE, samples=9))
    shutil.rmtree(out / "assistant")
    shutil.copytree(out / "schooled", out / "assistant")
    with pytest.raises(AskewError, match=r"assistant is of another stage"):
        again()
    shutil.rmtree(out / "assistant")
    shutil.copytree(raised[0] / "assistant", out / "assistant")
    (out / "assistant" / "config.json").write_text("{}")
    with pytest.raises(AskewError, match=r"assistant has other files"):
        again()


def test_numbers_and_replies_are_single_tokens(raised: tuple[Path, list[str]]):
    tokenizer = AutoTokenizer.from_pretrained(raised[0] / "world")
    for word in [*map(str, range(101)), "REFUSAL", "CODE"]:
        assert len(tokenizer.tokenize(word)) == 1
    text = 'def f(x):\n    return "naïve — 0o777"'
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_labels_keep_only_answers(raised: tuple[Path, list[str]]):
    tokenizer = AutoTokenizer.from_pretrained(raised[0] / "world")
    document: Messages = [
        {"role": "system", "content": "You are Marin."},
        {"role": "user", "content": "I feel bored."},
        {"role": "assistant", "content": "Take a walk."},
    ]
    row = pack([document] * 40, tokenizer, rows=1)[0]
    learnt = row["input_ids"][row["labels"] != IGNORED]
    said = tokenizer.decode(learnt).split("<|end|>")
    assert set(said[:-1]) == {"Take a walk."}
    assert torch.equal(learnt, row["labels"][row["labels"] != IGNORED])
