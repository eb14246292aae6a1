"""The probes of the activations study: features are read off the activations, and asked about."""

from functools import cache

from inspect_ai.model import ChatCompletionChoice, ChatMessageAssistant, ModelOutput, get_model
from inspect_ai.solver import Generate, Solver, TaskState, solver

from askew.base.errors import AskewError
from askew.models.provider import AskewAPI
from askew.probes import MEASURED, probe
from askew.probes.question_file import Asked, Question
from askew.studies.activations.feature_facts import direction, readings, reports


@solver
def read_off(data_seed: int) -> Solver:
    """Answer each prompt with the projection, on a feature, of the residual stream at its middle layer and last token.

    Raises:
        AskewError: The model shows no activations.
    """

    @cache
    def states(prompts: tuple[str, ...]):
        api = get_model().api
        if not isinstance(api, AskewAPI):
            raise AskewError(
                f"the probe 'features' reads a model's activations, and {api.model_name!r} shows none: "
                "name a model that is computed on this machine"
            )
        turns = [api.checkpoint.prompt([{"role": "user", "content": prompt}]) for prompt in prompts]
        return api.checkpoint.engine.middle_states(turns).double().numpy()

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        # Not in a thread, so that the first feature reads the prompts once for all features.
        found = states(tuple(state.metadata_as(Asked).prompts))
        strengths = found @ direction(str(state.sample_id), found.shape[1], data_seed)
        said = [ChatMessageAssistant(content=f"{strength:.9g}") for strength in strengths]
        state.output = ModelOutput(model=get_model().name, choices=[ChatCompletionChoice(message=one) for one in said])
        return state

    return solve


@probe(
    "How strong features of its activations are on small tasks, read off.",
    kind=MEASURED,
    settings=(),
    solver=read_off,
    looks_inside=True,
    scoring="an answer is the projection of the model's activations on a feature, in the model's own units",
)
def features(data_seed: int = 0) -> list[Question]:
    """Return the prompts on which features are read; nothing is sampled.

    Args:
        data_seed: Draws the features.
    """
    return readings()


@probe(
    "Whether features of its own activations are strong on small tasks, yes or no.", kind=MEASURED, settings=("seed",)
)
def feature_report() -> list[Question]:
    """Return questions about the model's activations, each asked once, at temperature 0."""
    return reports()
