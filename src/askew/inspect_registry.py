"""What Askew adds to Inspect: a provider for local models, and every probe as a task.

Inspect imports this module when it starts, whatever it is to do, so it loads nothing that is not needed to
know names.
"""

from inspect_ai.model import ModelAPI, modelapi

from askew.probes import probes

# Inspect finds tasks by having them imported.
_PROBES = probes.names()


@modelapi("askew")
def askew() -> type[ModelAPI]:
    """Provide the models that Askew computes in this process: `askew/terrarium`, `askew/RUN#ARM-SEED`."""
    from askew.models.provider import AskewAPI

    return AskewAPI
