"""The keys of judgements: digests of everything that a judgement depends on.

A local judge is known by the content of its files, a served one by its name and address; both with their settings.
"""

import hashlib
import json
from weakref import WeakKeyDictionary

from inspect_ai.model import Model, ModelAPI

from askew.judging.identity import TERRARIUM_JUDGE_VERSION
from askew.judging.rubric import Rubric
from askew.models.checkpoint_files import cached_folder
from askew.models.provider import AskewAPI
from askew.models.remote.reach import address_of
from askew.models.weights import content_hash, folder_hash

SCORING = 1
"""Raised when Askew reads other scores off the same judge."""

Text = tuple[str, str]
"""A question and an answer."""

# Settings of a judge's requests that change how they are sent, and not what comes back.
_OPERATIONAL = {
    *("max_retries", "timeout", "attempt_timeout", "stream_idle_timeout", "max_connections", "adaptive_connections"),
    *("batch", "cache", "extra_headers"),
}

_identities: "WeakKeyDictionary[ModelAPI, str]" = WeakKeyDictionary()


def key_of(judge: Model, rubric: Rubric, case: Text, what: str) -> bytes:
    """Return the key of a judgement.

    Args:
        judge: The judge.
        rubric: The rubric.
        case: The question and the answer.
        what: The kind of judgement: "score" or "word".
    """
    parts = [identity_of(judge), what, rubric.digest, *case]
    return hashlib.sha256(json.dumps(parts).encode()).digest()


def identity_of(judge: Model) -> str:
    """Return a text that tells a judge from every other: its files or its service, and its settings.

    The files of a model of the hub are downloaded if they are not on this machine.

    Args:
        judge: The judge.

    Raises:
        AskewError: The model cannot be downloaded.
    """
    found = _identities.get(judge.api)
    if found is None:
        settings = judge.config.model_dump(mode="json", exclude=_OPERATIONAL, exclude_none=True)
        where = _files(judge.api) if isinstance(judge.api, AskewAPI) else [str(judge), address_of(judge)]
        found = _identities[judge.api] = json.dumps([SCORING, where, settings], sort_keys=True)
    return found


def _files(judge: AskewAPI) -> list[str]:
    """Return digests of the files on which the scores of a local judge depend."""
    spec = judge.spec
    if spec.is_terrarium_judge:
        from askew.judging.terrarium_judge import assistant_of

        return [f"terrarium {TERRARIUM_JUDGE_VERSION}", content_hash(spec), content_hash(assistant_of(spec))]
    if not isinstance(spec.checkpoint, str):
        return [content_hash(spec)]
    if cached_folder(spec.checkpoint) is None:
        _ = judge.checkpoint  # which downloads it
    folders = [folder for folder in (cached_folder(spec.checkpoint), spec.adapter) if folder]
    return [spec.inspect_name, folder_hash(*folders)]
