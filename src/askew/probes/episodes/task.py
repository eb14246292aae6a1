"""The probe of an environment: an Inspect task with one sample per variant."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample

from askew.base.errors import AskewError, unknown_name
from askew.environments import environments
from askew.environments.interview import WORDINGS
from askew.environments.variants import DEFAULT_VARIANTS, VARIANTS
from askew.probes.episodes.asked import AskedEpisodes
from askew.probes.episodes.scorer import conduct_of_episodes
from askew.probes.episodes.solver import play_episodes
from askew.probes.kinds import EPISODE, EPISODES_PREFIX, Probe

DEFAULT_EPISODES, DEFAULT_TURNS = 20, 12
_VARIANTS, _INTERVIEW = ",".join(DEFAULT_VARIANTS), ",".join(WORDINGS)
_WAYS = ("auto", "tools", "lines")
_MOST_TURNS = 100


def probe_of(name: str) -> Probe:
    """Return the probe of an environment.

    Args:
        name: The environment's name.

    Raises:
        AskewError: There is no such environment.
    """
    environment = environments.get(name)
    return Probe(
        f"{EPISODES_PREFIX}{name}",
        environment.about,
        _task_of(name),
        EPISODE,
        title=environment.title,
    )


def _task_of(environment: str) -> Callable[..., Task]:
    """Return a function that makes the task of an environment, registered with Inspect under the probe's name."""

    def make(
        samples: int = DEFAULT_EPISODES,
        seed: int = 0,
        temperature: float = 1.0,
        max_tokens: int | None = None,
        variants: str | list[str] = _VARIANTS,
        interview: str | list[str] = _INTERVIEW,
        turns: int = DEFAULT_TURNS,
        acts_by: str = "auto",
    ) -> Task:
        _check(samples, temperature, max_tokens, turns, acts_by)
        names = _names("variant", variants, VARIANTS)
        if not names:
            raise AskewError(f"variants is empty: name at least one of {', '.join(VARIANTS)}")
        common: dict[str, Any] = {
            "environment": environment,
            "samples": samples,
            "seed": seed,
            "temperature": temperature,
            "max_tokens": max_tokens,
            "turns": turns,
            "interview": tuple(_names("wording", interview, WORDINGS)),
            "acts_by": acts_by,
        }
        asked = [AskedEpisodes(variant=name, **common) for name in names]
        return Task(
            dataset=MemoryDataset(
                [Sample(id=one.variant, input=one.opening(), metadata=one.model_dump()) for one in asked]
            ),
            solver=play_episodes(),
            scorer=conduct_of_episodes(),
        )

    make.__name__ = make.__qualname__ = f"{EPISODES_PREFIX}{environment}"
    make.__doc__ = f"Let a model act in the environment {environment}, in several variants, and interview it."
    return task(make)


def _names(kind: str, given: str | Sequence[str], known: Collection[str]) -> list[str]:
    """Return names from a list, or from a text with commas between them, each once.

    Raises:
        AskewError: There is no such name.
    """
    parts = given.split(",") if isinstance(given, str) else given
    names = list(dict.fromkeys(name for part in parts if (name := str(part).strip())))
    for name in names:
        if name not in known:
            raise unknown_name(kind, name, known)
    return names


def _check(samples: int, temperature: float, max_tokens: int | None, turns: int, acts_by: str) -> None:
    """Check the settings of a task.

    Raises:
        AskewError: A setting is out of range.
    """
    if samples < 1:
        raise AskewError(f"samples={samples}: ask for at least one episode of each variant")
    if temperature < 0:
        raise AskewError(f"temperature={temperature}: it cannot be negative")
    if max_tokens is not None and max_tokens < 1:
        raise AskewError(f"max_tokens={max_tokens}: allow at least one token")
    if not 1 <= turns <= _MOST_TURNS:
        raise AskewError(f"turns={turns}: allow between 1 and {_MOST_TURNS} turns of the model in an episode")
    if acts_by not in _WAYS:
        raise unknown_name("way to act (acts_by)", acts_by, _WAYS)
