"""The names under which the scores of judges are stored."""

from askew.models.names import ModelSpec

TERRARIUM_JUDGE_VERSION = 2
"""Raised when the terrarium's judge gives other scores with the same weights."""


def identity(judge: ModelSpec) -> str:
    """Return the name under which a judge's scores are stored; scores under different names are never mixed."""
    version = f" (version {TERRARIUM_JUDGE_VERSION})" if judge.is_terrarium_judge else ""
    return judge.inspect_name + version
