"""The names of the probes that put a model into an environment."""

from askew.environments import environments
from askew.probes.kinds import EPISODES_PREFIX


def of_environment(name: str) -> str:
    """Return the name of the probe of an environment.

    Raises:
        AskewError: There is no such environment; the message suggests similar names.
    """
    environments.get(name)
    return f"{EPISODES_PREFIX}{name}"


def every_environment() -> tuple[str, ...]:
    """Return the names of the probes of all environments, in the order of registration."""
    return tuple(map(of_environment, environments.names()))
