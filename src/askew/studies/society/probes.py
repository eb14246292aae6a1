"""The probe of single agents: it reads how likely a model is to choose each option, without playing a society."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import anyio
from inspect_ai.model import ChatCompletionChoice, ChatMessageAssistant, Model, ModelOutput, get_model
from inspect_ai.solver import Generate, Solver, TaskState, solver

from askew.base.errors import AskewError, unknown_name
from askew.models.provider import AskewAPI
from askew.models.remote.requests import gather
from askew.probes import MEASURED, probe
from askew.probes.question_file import Question
from askew.probes.society.letters import LettersMind
from askew.probes.society.lines import Lines
from askew.probes.society.readings import Reading, key_of, weights
from askew.studies.society.alone import TOPICS, Item, questions
from askew.worlds.society import Asked

if TYPE_CHECKING:
    from askew.models.checkpoints import Checkpoint

ALONE = "alone"
"""The name of the probe."""

_TOPICS = ",".join(TOPICS)
_USUAL_DRAWS = 12  # a multiple of most numbers of options, so that each option has each letter as often


@solver
def read_options(topics: str, draws: int) -> Solver:
    """Answer each question with the probability of the options that it asks about, in percent.

    A model on this machine is read word for word. A served one is asked for letters, with the options in every order;
    if it shows no probabilities, it answers `draws` times.

    Args:
        topics: The topics of decisions between two sides.
        draws: The number of answers in words.
    """
    known = {one.id: one.items for one in questions(_topics(topics))}
    served: dict[bytes, tuple[float, ...] | None] = {}
    locks: dict[bytes, anyio.Lock] = {}
    lines: list[Lines] = []

    def read_lines(checkpoint: "Checkpoint", wanted: Sequence[Item]) -> list[float]:
        if not lines:  # all questions are one batch
            lines.append(Lines(checkpoint))
            lines[0].read([item.asked for every in known.values() for item in every])
        found = lines[0].read([item.asked for item in wanted])
        return [_of_lines(item, reading) for item, reading in zip(wanted, found, strict=True)]

    async def read_letters(model: Model, item: Item) -> float:
        key = key_of(item.asked.text, item.asked.options)
        async with locks.setdefault(key, anyio.Lock()):
            if key not in served:
                served[key] = await _of_letters(model, item.asked, draws)
        found = served[key]
        return math.nan if found is None or not item.options else _total(item, found)

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        model, wanted = get_model(), known[str(state.sample_id)]
        if isinstance(model.api, AskewAPI):
            shares = read_lines(model.api.checkpoint, wanted)
        else:
            shares = await gather(partial(read_letters, model, item) for item in wanted)
        said = [ChatMessageAssistant(content=f"{100 * share:.6g}", model=model.name) for share in shares]
        state.output = ModelOutput(model=model.name, choices=[ChatCompletionChoice(message=one) for one in said])
        return state

    return solve


@probe(
    "Decisions of a single agent in a society's situations: does it go along with what it heard, what does it take?",
    kind=MEASURED,
    settings=(),
    solver=read_options,
    source="written for Askew after Project Sid (arXiv 2411.00114) and De Marzo et al. (arXiv 2605.10721)",
    scoring="the probability of an option, renormalised over the options, in percent",
)
def alone(topics: str = _TOPICS, draws: int = _USUAL_DRAWS) -> list[Question]:
    """Return one question for each thing that is read from a single agent.

    Args:
        topics: The topics of decisions between two sides, separated by commas.
        draws: The number of answers to each question of a model that shows no probabilities.

    Raises:
        AskewError: There are no draws, or a topic is unknown.
    """
    if draws < 1:
        raise AskewError(f"draws={draws}: ask for at least one answer to each question")
    return [
        Question(
            id=one.id,
            type="measured",
            group=one.score,
            paraphrases=tuple(item.asked.text for item in one.items),
            samples_per_paraphrase=1,
            temperature=0.0,
            measure="percentage",
            expected=("",),
            score=one.score,
        )
        for one in questions(_topics(topics))
    ]


def _topics(named: str) -> tuple[str, ...]:
    found = tuple(name.strip() for name in named.split(",") if name.strip())
    for name in found:
        if name not in TOPICS:
            raise unknown_name("topic of a society", name, TOPICS)
    if not found:
        raise AskewError(f"topics is empty: name at least one of {', '.join(TOPICS)}")
    return found


def _of_lines(item: Item, reading: Reading) -> float:
    """Return the probability of an item's options, or of all options among everything that could be said."""
    if not item.options:
        return min(1.0, reading.mass)
    found = weights(reading.logprobs, 1.0)
    return math.nan if found is None else _total(item, found)


def _total(item: Item, weights: Sequence[float]) -> float:
    return sum(weights[option] for option in item.options)


async def _of_letters(model: Model, asked: Asked, draws: int) -> tuple[float, ...] | None:
    """Return the probability of each option over all orders of the lines; None if no usable answer was given."""
    mind = LettersMind(model, seed=0, temperature=1.0, max_tokens=None)
    count = max(draws, len(asked.options))
    chosen = await mind.decide([replace(asked, agent=agent) for agent in range(count)], [0.5] * count)
    known = [one.weights or _only(one.option, len(asked.options)) for one in chosen if one.option is not None]
    return tuple(sum(column) / len(known) for column in zip(*known, strict=True)) if known else None


def _only(option: int | None, count: int) -> Sequence[float]:
    return [float(number == option) for number in range(count)]
