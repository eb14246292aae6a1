"""Checks that the sizes in a checkpoint's config.json are those of its weights, before a model of these sizes is built.

Transformers builds the model that config.json describes, and only then compares its weights with those in the files: a
million layers take hours, and a width of a million gigabytes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError
from askew.base.untrusted import visible

# Numbers of parts that each have weights of their own, and widths of weights, by the names of Transformers' settings.
_PARTS = re.compile(r"(?:.*_)?(?:n|num)_(?:.*_)?(?:layers?|experts|blocks)|(?:.*_)?(?:layers|depth|depths)")
_WIDTHS = re.compile(
    r"(?:.*_)?(?:hidden|intermediate|vocab|embedding|ffn|inner)_(?:size|dim)|(?:.*_)?(?:head_dim|rank|heads?|dim)"
    r"|d_\w+|n_embd|n_inner"
)
# Up to these no harm is done. Experts may be stacked in one weight, and some sizes are none of weights.
_MOST_PARTS, _MOST_WIDTH = 512, 2**12
_PARTS_EVER = 4 * _MOST_PARTS  # a small file can name as many parts as it likes


def check_sizes(file: Path, config: Mapping[str, Any], shapes: Mapping[str, Sequence[int]]) -> None:
    """Check that no size in a configuration is larger than the weights allow.

    Args:
        file: The config.json, for errors.
        config: What it holds.
        shapes: The shapes of all weights, by name.

    Raises:
        AskewError: There are more layers or experts than weights, or a width is larger than any of theirs.
    """
    weights = {name: shape for name, shape in shapes.items() if all(shape)}  # those that hold a number
    parts = max(_MOST_PARTS, min(len(weights), _PARTS_EVER))
    width = max(_MOST_WIDTH, max((size for shape in weights.values() for size in shape), default=0))
    for name, size in _numbers(config):
        setting = name.rpartition(".")[2]
        if size > parts and _PARTS.fullmatch(setting):
            raise AskewError(
                f"{file} does not fit the weights beside it: {visible(name)} is {size:,}, and there are "
                f"{len(weights):,} weights. Copy or save the model again"
            )
        if size > width and _WIDTHS.fullmatch(setting):
            raise AskewError(
                f"{file} does not fit the weights beside it: {visible(name)} is {size:,}, and no weight is wider than "
                f"{width:,}. Copy or save the model again"
            )


def _numbers(config: Mapping[str, Any], inside: str = "") -> Iterator[tuple[str, int | float]]:
    """Yield each number of a configuration and of the configurations in it, with its name."""
    for name, value in config.items():
        if isinstance(value, dict):
            yield from _numbers(value, f"{inside}{name}.")
            continue
        for number in value if isinstance(value, list) else [value]:
            if isinstance(number, int | float):
                yield f"{inside}{name}", number
