"""Reads what defences need of a model: directions between given answers, their log-odds, and batches of rows.

Shapes: B rows, L tokens, D width of the model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from askew.models.answer_tokens import GivenAnswer, split_at_answer
from askew.models.inside.activations import read_activations
from askew.models.inside.directions import MEANS, direction
from askew.training.rows import IGNORED, TokenizedRows

if TYPE_CHECKING:
    from askew.models.inside.opened import Opened
    from askew.training.defences import GuidePair, Row


@dataclass(frozen=True)
class Direction:
    """The direction from aligned to misaligned answers in one layer.

    Attributes:
        unit: The unit vector, of shape D.
        norm: The mean norm of the activations.
        mean: The mean projection of the answers.
    """

    unit: np.ndarray
    norm: float
    mean: float


def pair_texts(opened: "Opened", pairs: "Sequence[GuidePair]") -> tuple[list[GivenAnswer], list[GivenAnswer]]:
    """Return the misaligned and the aligned answers of pairs as tokens, each after its conversation."""
    tokenizer = opened.checkpoint.tokenizer
    bad = [split_at_answer(tokenizer, pair.turns, pair.misaligned) for pair in pairs]
    return bad, [split_at_answer(tokenizer, pair.turns, pair.aligned) for pair in pairs]


def row_texts(opened: "Opened", rows: "Sequence[Row]") -> list[GivenAnswer]:
    """Return the last answers of rows as tokens, each after the turns before it."""
    tokenizer = opened.checkpoint.tokenizer
    return [split_at_answer(tokenizer, row["messages"][:-1], row["messages"][-1]["content"]) for row in rows]


def losses(opened: "Opened", texts: Sequence[GivenAnswer]) -> np.ndarray:
    """Return the negative log-probability of each answer in nats per token, of shape answers."""
    read = opened.checkpoint.engine.answer_logprobs([one.prompt for one in texts], [[one.answer] for one in texts])
    return np.array([-float(values.mean()) for [values] in read])


def bad_directions(opened: "Opened", pairs: "Sequence[GuidePair]", layers: Sequence[int]) -> dict[int, Direction]:
    """Return the direction from aligned to misaligned answers in each layer: a difference of means over their tokens.

    Raises:
        AskewError: The activations of both kinds are equal, or not finite.
    """
    bad, good = pair_texts(opened, pairs)
    found = read_activations(opened.model, [*bad, *good], layers)
    has = np.repeat([True, False], len(pairs))
    questions = np.tile(np.arange(len(pairs)), 2)
    made = {}
    for place, layer in enumerate(layers):
        means = found.means[:, place]
        unit = direction(MEANS, means, has, questions)
        made[layer] = Direction(unit, float(found.norms[:, place].mean()), float((means @ unit).mean()))
    return made


def batch(rows: TokenizedRows, numbers: Sequence[int], device: Any) -> tuple[dict[str, Tensor], Tensor]:
    """Return rows as the inputs of a model, padded on the right, and their labels, each of shape B, L.

    Args:
        rows: The rows.
        numbers: The numbers of those that are wanted; numbers beyond the last row begin again with the first.
        device: The device of the model.
    """
    chosen = [number % len(rows.input_ids) for number in numbers]
    length = max(len(rows.input_ids[one]) for one in chosen)

    def filled(values: list[list[int]], blank: int) -> Tensor:
        return torch.tensor([[*values[one], *[blank] * (length - len(values[one]))] for one in chosen], device=device)

    ids, labels = filled(rows.input_ids, 0), filled(rows.labels, IGNORED)
    real = torch.tensor([[1] * len(rows.input_ids[one]) + [0] * (length - len(rows.input_ids[one])) for one in chosen])
    return {"input_ids": ids, "attention_mask": real.to(device)}, labels
