"""The names under which the scores of judges are stored."""

from collections.abc import Mapping
from typing import Any

from askew.models.model_args import NO_ARGS, identified
from askew.models.names import ModelSpec

TERRARIUM_JUDGE_VERSION = 2
"""Raised when the terrarium's judge gives other scores with the same weights."""


def identity(judge: ModelSpec, args: Mapping[str, Any] = NO_ARGS) -> str:
    """Return the name under which a judge's scores are stored; scores under different names are never mixed.

    Args:
        judge: The judge.
        args: Its extra arguments.
    """
    version = f" (version {TERRARIUM_JUDGE_VERSION})" if judge.is_terrarium_judge else ""
    return identified(judge.inspect_name + version, args)
