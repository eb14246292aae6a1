"""The names under which the scores of judges are stored."""

from collections.abc import Mapping
from typing import Any

from askew.models.model_args import NO_ARGS, identified
from askew.models.names import ModelSpec
from askew.models.weights import content_if_placed

TERRARIUM_JUDGE_VERSION = 2
"""Raised when the terrarium's judge gives other scores with the same weights."""


def identity(judge: ModelSpec, args: Mapping[str, Any] = NO_ARGS) -> str:
    """Return the name under which a judge's scores are stored; scores under different names are never mixed.

    A judge in a folder is known by its content, so it may be moved, and another one in its place is another judge.

    Args:
        judge: The judge.
        args: Its extra arguments.
    """
    version = f" (version {TERRARIUM_JUDGE_VERSION})" if judge.is_terrarium_judge else ""
    content = content_if_placed(judge)
    return identified((f"sha256:{content[:32]}" if content else judge.inspect_name) + version, args)
