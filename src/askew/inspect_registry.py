"""Register Askew with Inspect: a provider for local models, and every probe as a task.

Inspect imports this module whenever it starts, so the module loads only what registering names needs.
"""

from inspect_ai.model import ModelAPI, modelapi

from askew.probes import probes

# Importing the probes registers their tasks with Inspect.
_PROBES = probes.names()


@modelapi("askew")
def askew() -> type[ModelAPI]:
    """Return the provider of models that run in this process, such as `askew/terrarium` or `askew/RUN#ARM-SEED`."""
    from askew.models.provider import AskewAPI

    return AskewAPI


@modelapi("actor")
def actor() -> type[ModelAPI]:
    """Return the provider of planted policies, such as `actor/covert`, which act in the probes of environments."""
    from askew.probes.episodes.actor import ActorAPI

    return ActorAPI
