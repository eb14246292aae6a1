"""Estimates how much memory a worker of a run needs, before the work starts."""

from dataclasses import dataclass
from pathlib import Path

from askew.base.errors import AskewError
from askew.base.json_objects import read_object
from askew.base.memory import available
from askew.design.plan import Plan

GB = 1e9
# Python with PyTorch and the other libraries of a worker.
_LIBRARIES = 0.8 * GB
_USABLE = 0.9
# An English token has about four characters, one of code fewer; a row has more tokens from the chat template.
_CHARACTERS_PER_TOKEN, _FEWEST_CHARACTERS, _TEMPLATE_TOKENS = 4.0, 3.0, 20
# Numbers of two bytes that a layer keeps for the backward pass, per token: so many times its width, and that of its
# feed-forward part; the output keeps three of four bytes per word of the vocabulary, for about half of the tokens.
_PER_WIDTH, _PER_INNER_WIDTH, _OF_THE_OUTPUT = 2 * 12, 2 * 8, 3 * 4 / 2
# Answers that are sampled at once, and the states of their prompts.
_ASKING = 1.0 * GB
_LARGE = 50e6
_AT_ONCE = 2  # large models whose weights `askew.models.checkpoints` keeps


@dataclass(frozen=True)
class RowTokens:
    """About how many tokens rows have: on average, and the longest."""

    mean: float
    most: float


def tokens_of(rows: Path) -> RowTokens:
    """Return about how many tokens the rows in the files of a folder have.

    Args:
        rows: The folder of training rows (JSONL).
    """
    lengths = [len(line) for file in rows.glob("*.jsonl") for line in file.read_text(encoding="utf-8").splitlines()]
    mean = sum(lengths) / max(1, len(lengths))
    most = max(lengths, default=0)
    return RowTokens(
        _TEMPLATE_TOKENS + mean / _CHARACTERS_PER_TOKEN, (_TEMPLATE_TOKENS + most / _FEWEST_CHARACTERS) * bool(most)
    )


def weights_of(checkpoint: Path) -> int:
    """Return the bytes of a checkpoint's weights."""
    return sum(file.stat().st_size for file in checkpoint.glob("*.safetensors"))


def memory_of(plan: Plan, rows: Path) -> float:
    """Return about how many bytes a worker takes that trains and asks a local model; 0 if that is not known.

    Args:
        plan: The plan of the run.
        rows: The folder of its training rows, whose lengths count.
    """
    checkpoint = plan.model.checkpoint
    if not isinstance(checkpoint, Path):
        return 0.0
    weights = _weights(plan)
    # Weights are loaded in 32 bits, mostly from 16, and an adapter makes a second copy of them.
    least = 4 * weights + _LIBRARIES
    if weights < _LARGE:
        return least
    recipe = plan.design.recipe
    longest = recipe.max_length if recipe.packing else min(tokens_of(rows).most, recipe.max_length)
    tokens = recipe.batch_size * longest if plan.trained else 0
    return least + max(_ASKING, tokens * _bytes_per_token(checkpoint))


def _weights(plan: Plan) -> float:
    """Return the bytes of the weights that a worker holds at once: of the largest models asked and of the judge."""
    specs = [*map(plan.spec, plan.named_models), *([plan.judge] if plan.judge else [])]
    folders = {spec.checkpoint for spec in specs if isinstance(spec.checkpoint, Path)}
    return sum(sorted(map(weights_of, folders))[-_AT_ONCE:])


def workers_in_memory(plan: Plan, rows: Path, wanted: int) -> int:
    """Return how many of the wanted workers fit memory, at least 1."""
    need = memory_of(plan, rows)
    return max(1, min(wanted, int(_USABLE * available() / need))) if need else wanted


def _bytes_per_token(checkpoint: Path) -> float:
    """Return about how many bytes training keeps for each token of a batch; 0 if the settings do not tell."""
    try:
        config = read_object(checkpoint / "config.json")
        layers, width, inner, words = (
            int(config[name]) for name in ("num_hidden_layers", "hidden_size", "intermediate_size", "vocab_size")
        )
    except (AskewError, KeyError, TypeError, ValueError):  # settings of another shape
        return 0.0
    return layers * (_PER_WIDTH * width + _PER_INNER_WIDTH * inner) + _OF_THE_OUTPUT * words
