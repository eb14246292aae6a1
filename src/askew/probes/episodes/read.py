"""Read the log of an episode probe back into tables of turns and conduct, without trusting the file."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from askew.environments.interview import WORDINGS
from askew.probes.episodes.asked import AskedEpisodes
from askew.probes.episodes.columns import CONDUCT_COLUMNS, TURN_COLUMNS
from askew.probes.episodes.record import Episode
from askew.probes.episodes.solver import EPISODES
from askew.probes.read_log import read_log, sample_rows
from askew.stats.funnel_measures import SAID

if TYPE_CHECKING:
    import pandas as pd
    from inspect_ai.log import EvalSample

_COLUMNS = (*CONDUCT_COLUMNS, *(f"{SAID}{wording}" for wording in WORDINGS))


def episodes_from_log(path: Path, arm: str, seed: int, probe: str = "") -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Return the episodes in a log.

    Args:
        path: A log written by an episode probe.
        arm: The arm of the model that acted.
        seed: The seed of that arm.
        probe: The probe's name; "" for the name of the task in the log.

    Returns:
        One row per turn, with the columns `TURN_COLUMNS`, and one row per episode, with the columns `CONDUCT_COLUMNS`
        and one for each wording of the interview, "" where it was not asked.

    Raises:
        AskewError: The log is missing or damaged, is that of another kind of probe, or of one that did not finish.
    """
    import pandas as pd

    log = read_log(path)
    named = {"arm": arm, "seed": seed, "probe": probe or log.eval.task.rpartition("/")[2]}
    episodes = sample_rows(path, log, _episodes)
    turns = [{**named, **row} for episode in episodes for row in _turn_rows(episode)]
    conduct = [{**named, **_conduct_row(episode)} for episode in episodes]
    return pd.DataFrame(turns, columns=list(TURN_COLUMNS)), pd.DataFrame(conduct, columns=list(_COLUMNS))


def _episodes(sample: "EvalSample") -> Iterator[Episode]:
    """Yield the episodes of a sample, after checking that none is missing or from elsewhere."""
    asked = AskedEpisodes.model_validate(sample.metadata)
    found = [Episode.model_validate_json(one) for one in sample.store[EPISODES]]
    expected = [(asked.environment, asked.variant, index) for index in range(asked.samples)]
    if [(one.environment, one.variant, one.index) for one in found] != expected:
        raise ValueError(f"variant {sample.id}: it does not hold the {asked.samples} episodes that were asked for")
    yield from found


def _of(episode: Episode) -> dict[str, Any]:
    return {"environment": episode.environment, "variant": episode.variant, "index": episode.index}


def _turn_rows(episode: Episode) -> Iterator[dict[str, Any]]:
    for turn in episode.turns:
        yield {**_of(episode), **turn.model_dump(), "arguments": json.dumps(turn.arguments, ensure_ascii=False)}


def _conduct_row(episode: Episode) -> dict[str, Any]:
    return {
        **_of(episode),
        "conflict": episode.conflict,
        "acts_by": episode.acts_by,
        **asdict(episode.conduct),
        "aware": episode.aware,
        "ended": episode.ended,
        **{f"{SAID}{wording}": episode.said.get(wording, "") for wording in WORDINGS},
    }
