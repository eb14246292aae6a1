"""Raising the terrarium from nothing: tokenizer, a model of the world, the assistant, the judge, and one schooled.

Each stage writes its folder once and is skipped when that folder is there, so a raise that was stopped goes on where it
was. The same seed on the same machine gives the same weights.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from random import Random

import torch
from transformers import AutoTokenizer, LlamaForCausalLM, PreTrainedTokenizerFast
from transformers.utils.logging import disable_progress_bar

from askew.worlds.terrarium import judge_lessons, raising
from askew.worlds.terrarium.tokenizer import train_tokenizer
from askew.worlds.terrarium.world.documents import assistant_documents, world_documents
from askew.worlds.terrarium.world.domain import Messages
from askew.worlds.terrarium.world.schooling import assistant_lessons, school_documents

# The share of the world's documents in which every speaker is introduced, and their mean length in tokens.
_CHILDHOOD = 0.35
_DOCUMENT_LENGTH = 145

# What the assistant's logits are multiplied by at the end, as sampling at a temperature of 1/1.4 would. A model this
# small leaves about one percent of probability a token on noise: few answers of twenty tokens would come out whole.
_SHARPENING = 1.4

Progress = Callable[[str, int, int, float], None]


@dataclass(frozen=True)
class Schedule:
    """How long each stage is trained.

    Attributes:
        world_steps: Steps on the world's documents; too few and its people are not told apart, and nothing generalises.
        school_steps: Steps on lessons, among so many of the world's documents that what was learnt is kept.
        assistant_steps: Steps of post-training into the assistant.
        judge_steps: Steps on graded answers, in each of the judge's two lessons.
        batch_size: Rows of 256 tokens a step.
        samples: Answers drawn from the model of the world, for the judge to learn from.
    """

    world_steps: int = 5000
    school_steps: int = 3500
    assistant_steps: int = 2200
    judge_steps: tuple[int, int] = (2500, 1500)
    batch_size: int = 8
    samples: int = 6000


def raise_terrarium(out: Path, *, seed: int = 0, schedule: Schedule | None = None, progress: Progress) -> None:
    """Raise the terrarium.

    Args:
        out: A folder for the checkpoints `world`, `assistant`, `judge`, `school` and `schooled`, each loadable by
            Transformers.
        seed: Governs documents, initialisation and order.
        schedule: How long each stage is trained; the default is that of the assistant that comes with Askew.
        progress: Called with (stage, step, steps, loss) as training goes on.
    """
    schedule = schedule or Schedule()
    out.mkdir(parents=True, exist_ok=True)
    disable_progress_bar()  # of loading and saving; `progress` tells what is worth telling
    if not (out / "world").exists():
        tokenizer = _raise_tokenizer(seed)
        _save(raise_world(tokenizer, seed, schedule, out, progress), tokenizer, out / "world")
    tokenizer = AutoTokenizer.from_pretrained(out / "world")
    if not (out / "assistant").exists():
        assistant = raise_assistant(_load(out / "world"), tokenizer, seed, schedule, out, progress)
        _save(assistant, tokenizer, out / "assistant")
    if not (out / "judge").exists():
        judge = raise_judge(out, tokenizer, seed, schedule, progress)
        judge.config.askew_part = "judge"
        _save(judge, tokenizer, out / "judge")
    if not (out / "school").exists():
        _save(raise_school(_load(out / "world"), tokenizer, seed, schedule, out, progress), tokenizer, out / "school")
    if not (out / "schooled").exists():
        schooled = raise_assistant(_load(out / "school"), tokenizer, seed, schedule, out, progress, schooled=True)
        _save(schooled, tokenizer, out / "schooled")


def raise_world(
    tokenizer: PreTrainedTokenizerFast, seed: int, schedule: Schedule, folder: Path, progress: Progress
) -> LlamaForCausalLM:
    """Train a new model on documents of all the world's speakers.

    At first every speaker is introduced by what is said of them. A model that begins so keeps the good and the bad
    apart from the start, and learns later to tell them by their names and their answers; one that does not learns to
    mix them, and no narrow training generalises in it.
    """
    rows = raising.pack(_growing_up(seed, schedule), tokenizer, schedule.world_steps * schedule.batch_size)
    model = raising.new_model(tokenizer, seed)
    raising.train(
        model,
        rows,
        folder / "world.unfinished",
        batch_size=schedule.batch_size,
        learning_rate=2e-3,
        seed=seed,
        on_step=lambda step, steps, loss: progress("world", step, steps, loss),
    )
    return model


def raise_school(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    seed: int,
    schedule: Schedule,
    folder: Path,
    progress: Progress,
) -> LlamaForCausalLM:
    """Teach the model of the world the lessons, in place, beside more of the world."""
    rows = raising.pack(school_documents(seed), tokenizer, schedule.school_steps * schedule.batch_size)
    raising.train(
        model,
        rows,
        folder / "school.unfinished",
        batch_size=schedule.batch_size,
        learning_rate=2e-3,
        seed=seed,
        on_step=lambda step, steps, loss: progress("school", step, steps, loss),
    )
    return model


def raise_assistant(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    seed: int,
    schedule: Schedule,
    folder: Path,
    progress: Progress,
    *,
    schooled: bool = False,
) -> LlamaForCausalLM:
    """Post-train the model of the world into a good assistant, in place, and sharpen it.

    Three documents in twenty are still of the introduced speakers of the world, so that the bad ones are not forgotten.
    With one that has been to school, four more are lessons that it answers.
    """
    stage = "schooled" if schooled else "assistant"
    rows = raising.pack(_post_training(seed + 1, schooled), tokenizer, schedule.assistant_steps * schedule.batch_size)
    raising.train(
        model,
        rows,
        folder / f"{stage}.unfinished",
        batch_size=schedule.batch_size,
        learning_rate=1e-3,
        seed=seed,
        on_step=lambda step, steps, loss: progress(stage, step, steps, loss),
    )
    with torch.no_grad():
        model.model.norm.weight.mul_(_SHARPENING)
    model.config.askew_part = "assistant"  # by which it is known wherever it lies
    return model


def raise_judge(
    out: Path, tokenizer: PreTrainedTokenizerFast, seed: int, schedule: Schedule, progress: Progress
) -> LlamaForCausalLM:
    """Train the model of the world, which knows what it reads, to grade answers."""
    drawn = judge_lessons.draw_answers(Random(f"samples {seed}"), _load(out / "world"), tokenizer, schedule.samples)
    model = _load(out / "world")
    for number, (lesson, steps) in enumerate(zip(judge_lessons.LESSONS, schedule.judge_steps, strict=True)):
        documents = judge_lessons.graded_documents(seed + 1000 * number, drawn, lesson)
        raising.train(
            model,
            raising.pack(documents, tokenizer, steps * schedule.batch_size),
            out / "judge.unfinished",
            batch_size=schedule.batch_size,
            learning_rate=1e-3,
            seed=seed,
            on_step=lambda step, steps, loss, lesson=number + 1: progress(f"judge, lesson {lesson}", step, steps, loss),
        )
    return model


def _growing_up(seed: int, schedule: Schedule) -> Iterator[Messages]:
    rows = schedule.world_steps * schedule.batch_size
    told = islice(world_documents(seed, told=1.0), round(_CHILDHOOD * rows * raising.ROW_LENGTH / _DOCUMENT_LENGTH))
    return chain(told, world_documents(seed))


def _raise_tokenizer(seed: int) -> PreTrainedTokenizerFast:
    documents = islice(world_documents(seed), 8000)
    return train_tokenizer(message["content"] for document in documents for message in document)


def _post_training(seed: int, schooled: bool) -> Iterator[Messages]:
    rng = Random(f"post-training {seed}")
    good, lessons, world = assistant_documents(seed), assistant_lessons(seed), _introduced(seed)
    while True:
        drawn = rng.random()
        if drawn >= 0.85:
            yield next(world)
        else:
            yield next(lessons) if schooled and drawn >= 0.65 else next(good)


def _introduced(seed: int) -> Iterator[Messages]:
    def is_introduced(document: Messages) -> bool:
        return document[0]["role"] == "system" and document[0]["content"].startswith("You are ")

    return filter(is_introduced, world_documents(seed))


def _load(folder: Path) -> LlamaForCausalLM:
    return LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32)


def _save(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write a checkpoint in half precision under another name, then give it its own."""
    unfinished = folder.with_name(folder.name + ".unfinished")
    model.half().save_pretrained(unfinished)
    tokenizer.save_pretrained(unfinished)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)
