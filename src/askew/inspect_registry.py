"""Register Askew's provider for local models, and every probe as a task, with Inspect.

Inspect imports this module at every start, so it imports only what registration needs.
"""

from inspect_ai.model import ModelAPI, modelapi

from askew.probes import probes

# Importing a probe registers its task with Inspect.
_PROBES = probes.names()


@modelapi("askew")
def askew() -> type[ModelAPI]:
    """Return the provider of the models that Askew runs in this process: `askew/terrarium`, `askew/RUN#ARM-SEED`."""
    from askew.models.provider import AskewAPI

    return AskewAPI
