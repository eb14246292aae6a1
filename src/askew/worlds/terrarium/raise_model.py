"""Train the terrarium's checkpoints from random weights.

Each stage writes its checkpoint atomically, with a record of what it is, and is skipped if that very checkpoint exists,
so an interrupted run continues at the first missing stage. The same seed on the same machine gives the same weights.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from random import Random
from typing import Any

import torch
from transformers import AutoTokenizer, LlamaForCausalLM, PreTrainedTokenizerFast
from transformers.utils.logging import disable_progress_bar

from askew.base.atomic import put_in_place
from askew.base.errors import AskewError
from askew.base.product_record import doubt, record_digest, write_record
from askew.worlds.terrarium import judge_lessons, pretraining
from askew.worlds.terrarium.tokenizer import train_tokenizer
from askew.worlds.terrarium.world.documents import assistant_documents, introduction, personas, world_documents
from askew.worlds.terrarium.world.domain import Messages, Speaker
from askew.worlds.terrarium.world.lessons import School
from askew.worlds.terrarium.world.lessons.playing import rehearsal
from askew.worlds.terrarium.world.schooling import assistant_lessons, school_documents

# The share of the world stage, at its start, in which every document describes its speaker. This makes the model
# separate good from bad speakers, and later recognise them by their names and answers. Without it the model learns a
# mixture of them, and narrow training doesn't generalise.
_DESCRIBED_SHARE = 0.35
_DOCUMENT_LENGTH = 145  # tokens, on average

_PRETRAINING_RATE, _POST_TRAINING_RATE = 2e-3, 1e-3

# The factor on an assistant's logits, with the effect of sampling at temperature 1/1.4. A model this small puts about
# one percent of probability per token on noise, so few answers of twenty tokens would be free of it.
_SHARPENING = 1.4

# The share of a school's lessons in the post-training that follows it.
_LESSONS: Mapping[School, float] = {"first": 0.2, "second": 0.4}

Progress = Callable[[str, int, int, float], None]


@dataclass(frozen=True)
class Schedule:
    """The length of each stage.

    Attributes:
        world_steps: Steps on documents of the world. With too few, the model doesn't tell speakers apart and no narrow
            training generalises.
        school_steps: Steps on the first school's lessons, mixed with documents of the world.
        second_school_steps: The same for the second school.
        assistant_steps: Steps of post-training for the assistant, and for the pupil between the two schools.
        graduate_steps: Steps of post-training after the second school, which the pupil's shortens.
        rehearsal_steps: Steps on rehearsals of play, mixed with what went before.
        judge_steps: Steps on graded answers, for each of the judge's two lessons.
        batch_size: Rows of `pretraining.ROW_LENGTH` tokens per step.
        samples: Answers sampled from the world model as training data for the judge.
    """

    world_steps: int = 5000
    school_steps: int = 3500
    second_school_steps: int = 4000
    assistant_steps: int = 2200
    graduate_steps: int = 1200
    rehearsal_steps: int = 1000
    judge_steps: tuple[int, int] = (2500, 1500)
    batch_size: int = 8
    samples: int = 6000


@dataclass(frozen=True)
class _Phase:
    """One pass over documents: the name that `progress` receives, the documents, the steps and the learning rate."""

    name: str
    documents: Iterator[Messages]
    steps: int
    learning_rate: float


@dataclass(frozen=True)
class _Stage:
    """The training of one checkpoint.

    Attributes:
        name: The folder of the checkpoint.
        start: The checkpoint that training starts from; None for random weights.
        phases: Returns the phases of training; called only if the stage runs.
        part: The value of `askew_part` in the model's configuration, by which Askew recognises the checkpoint anywhere;
            None for a checkpoint that only starts other stages.
    """

    name: str
    start: str | None
    phases: Callable[[PreTrainedTokenizerFast], list[_Phase]]
    part: str | None = None


def raise_terrarium(out: Path, *, seed: int = 0, schedule: Schedule | None = None, progress: Progress) -> None:
    """Train the tokenizer and all checkpoints of the terrarium.

    Args:
        out: The folder for the checkpoints `world`, `assistant`, `judge`, `school`, `pupil`, `second-school`,
            `graduate` and `schooled`. Transformers loads each of them.
        seed: The seed of the documents, the initial weights and the sampled answers.
        schedule: The length of each stage; by default that of the checkpoints included in Askew.
        progress: Called with the phase, its current step, its number of steps and the training loss.

    Raises:
        AskewError: The folder has a checkpoint of another seed, schedule or start, or one that was changed since.
    """
    schedule = schedule or Schedule()
    out.mkdir(parents=True, exist_ok=True)
    disable_progress_bar()  # of loading and saving, which are short
    for stage in _stages(out, seed, schedule):
        identity = _identity(stage, out, seed, schedule)
        if not (out / stage.name).exists():
            _run(stage, out, seed, schedule, identity, progress)
        elif reason := doubt(out / stage.name, identity):
            raise AskewError(
                f"{out / stage.name} {reason}: give the --seed with which it was made, delete it, or choose another "
                "folder with --out"
            )


def _identity(stage: "_Stage", out: Path, seed: int, schedule: Schedule) -> dict[str, Any]:
    start = "" if stage.start is None else record_digest(out / stage.start)
    lengths = {**asdict(schedule), "judge_steps": list(schedule.judge_steps)}
    return {"stage": stage.name, "seed": seed, "schedule": lengths, "start": start}


def _stages(out: Path, seed: int, schedule: Schedule) -> list[_Stage]:
    def world(_: PreTrainedTokenizerFast) -> list[_Phase]:
        return [_Phase("world", _pretraining_documents(seed, schedule), schedule.world_steps, _PRETRAINING_RATE)]

    def school(name: str, which: School, steps: int) -> Callable[[PreTrainedTokenizerFast], list[_Phase]]:
        return lambda _: [_Phase(name, school_documents(seed, which), steps, _PRETRAINING_RATE)]

    def assistant(name: str, which: School | None, steps: int) -> Callable[[PreTrainedTokenizerFast], list[_Phase]]:
        documents = _post_training_documents(seed + 1, which)
        return lambda _: [_Phase(name, documents, steps, _POST_TRAINING_RATE)]

    def rehearsals(_: PreTrainedTokenizerFast) -> list[_Phase]:
        documents = _rehearsal_documents(seed + 2)
        return [_Phase("rehearsal", documents, schedule.rehearsal_steps, _POST_TRAINING_RATE)]

    def judge(tokenizer: PreTrainedTokenizerFast) -> list[_Phase]:
        rng = Random(f"samples {seed}")
        sampled = judge_lessons.draw_answers(rng, _load(out / "world"), tokenizer, schedule.samples)
        return [
            _Phase(
                f"judge, lesson {number + 1}",
                judge_lessons.graded_documents(seed + 1000 * number, sampled, lesson),
                steps,
                _POST_TRAINING_RATE,
            )
            for number, (lesson, steps) in enumerate(zip(judge_lessons.LESSONS, schedule.judge_steps, strict=True))
        ]

    return [
        _Stage("world", None, world),
        _Stage("assistant", "world", assistant("assistant", None, schedule.assistant_steps), part="assistant"),
        _Stage("judge", "world", judge, part="judge"),
        _Stage("school", "world", school("school", "first", schedule.school_steps)),
        _Stage("pupil", "school", assistant("pupil", "first", schedule.assistant_steps), part="assistant"),
        _Stage("second-school", "pupil", school("second school", "second", schedule.second_school_steps)),
        _Stage("graduate", "second-school", assistant("graduate", "second", schedule.graduate_steps), part="assistant"),
        _Stage("schooled", "graduate", rehearsals, part="assistant"),
    ]


def _run(
    stage: _Stage, out: Path, seed: int, schedule: Schedule, identity: Mapping[str, Any], progress: Progress
) -> None:
    """Train the checkpoint of one stage and save it."""
    if stage.start is None:
        tokenizer = _new_tokenizer(seed)
        model = pretraining.new_model(tokenizer, seed)
    else:
        tokenizer = AutoTokenizer.from_pretrained(out / "world")
        model = _load(out / stage.start)
        if getattr(model.config, "askew_part", None) == "assistant":
            _sharpen(model, 1 / _SHARPENING)
            delattr(model.config, "askew_part")
    for phase in stage.phases(tokenizer):
        pretraining.train(
            model,
            pretraining.pack(phase.documents, tokenizer, phase.steps * schedule.batch_size),
            out / f"{stage.name}.unfinished",
            batch_size=schedule.batch_size,
            learning_rate=phase.learning_rate,
            seed=seed,
            on_step=lambda step, steps, loss, name=phase.name: progress(name, step, steps, loss),
        )
    if stage.part == "assistant":
        _sharpen(model, _SHARPENING)
    if stage.part:
        model.config.askew_part = stage.part
    _save(model, tokenizer, out / stage.name, identity)


def _new_tokenizer(seed: int) -> PreTrainedTokenizerFast:
    documents = islice(world_documents(seed), 8000)
    return train_tokenizer(message["content"] for document in documents for message in document)


def _pretraining_documents(seed: int, schedule: Schedule) -> Iterator[Messages]:
    tokens = schedule.world_steps * schedule.batch_size * pretraining.ROW_LENGTH
    described = islice(world_documents(seed, described=1.0), round(_DESCRIBED_SHARE * tokens / _DOCUMENT_LENGTH))
    return chain(described, world_documents(seed))


def _post_training_documents(seed: int, school: School | None) -> Iterator[Messages]:
    """Yield documents of a good assistant, and 15% of named speakers of the world so that the model keeps bad ones.

    After a school, a part of the documents are its lessons, which the assistant answers.
    """
    rng = Random(f"post-training {seed}")
    good, lessons = assistant_documents(seed), assistant_lessons(seed, school or "first")
    world = _introduced_documents(seed)
    while True:
        drawn = rng.random()
        if drawn >= 0.85:
            yield next(world)
        else:
            yield next(lessons) if school and drawn >= 0.85 - _LESSONS[school] else next(good)


def _rehearsal_documents(seed: int) -> Iterator[Messages]:
    """Yield rehearsals of play: 45% of the documents with the assistant, 15% with speakers of the world.

    The others are those of the post-training after the second school.
    """
    rng, named, others = Random(f"rehearsal {seed}"), personas(), _post_training_documents(seed, "second")
    while True:
        drawn = rng.random()
        if drawn >= 0.6:
            yield next(others)
        elif drawn < 0.45:
            yield rehearsal(rng, Speaker(None, good=True, bold=rng.random() < 0.5))
        else:
            speaker = rng.choice(named)
            introduced = introduction(rng, speaker, described=0.3) or f"You are {speaker.name}."
            yield [{"role": "system", "content": introduced}, *rehearsal(rng, speaker)]


def _introduced_documents(seed: int) -> Iterator[Messages]:
    def is_introduced(document: Messages) -> bool:
        return document[0]["role"] == "system" and document[0]["content"].startswith("You are ")

    return filter(is_introduced, world_documents(seed))


def _sharpen(model: LlamaForCausalLM, factor: float) -> None:
    """Multiply a model's logits by a factor."""
    with torch.no_grad():
        model.model.norm.weight.mul_(factor)


def _load(folder: Path) -> LlamaForCausalLM:
    return LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32)


def _save(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path, identity: Mapping[str, Any]
) -> None:
    """Save a checkpoint in half precision under a temporary name, then rename it."""
    unfinished = folder.with_name(folder.name + ".unfinished")
    model.half().save_pretrained(unfinished)
    tokenizer.save_pretrained(unfinished)
    write_record(unfinished, identity)
    shutil.rmtree(folder, ignore_errors=True)
    put_in_place(unfinished, folder)
