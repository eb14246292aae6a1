"""The probes of the activations study: one measures features of activations, the other asks the model about them."""

from functools import cache

from inspect_ai.model import ChatCompletionChoice, ChatMessageAssistant, ModelOutput, get_model
from inspect_ai.solver import Generate, Solver, TaskState, solver

from askew.base.errors import AskewError
from askew.models.provider import AskewAPI
from askew.probes import MEASURED, probe
from askew.probes.question_file import AskedQuestion, Question
from askew.studies.activations.feature_facts import direction, readings, reports


@solver
def read_off(data_seed: int, prompts: int) -> Solver:
    """Answer each prompt with a projection: of the residual stream at the middle layer and last token, on a feature.

    Args:
        data_seed: The seed of the features.
        prompts: Has been applied to the questions.

    Raises:
        AskewError: If the model provides no activations.
    """

    @cache
    def states(prompts: tuple[str, ...]):
        api = get_model().api
        if not isinstance(api, AskewAPI):
            raise AskewError(
                f"the probe 'features' reads a model's activations, and {api.model_name!r} provides none: "
                "name a model that runs on this machine"
            )
        turns = [api.checkpoint.prompt([{"role": "user", "content": prompt}]) for prompt in prompts]
        return api.checkpoint.engine.middle_states(turns).double().numpy()

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        # Run without a thread, so that the first feature computes the states of the prompts for all features.
        found = states(tuple(state.metadata_as(AskedQuestion).prompts))
        strengths = found @ direction(str(state.sample_id), found.shape[1], data_seed)
        said = [ChatMessageAssistant(content=f"{strength:.9g}") for strength in strengths]
        state.output = ModelOutput(model=get_model().name, choices=[ChatCompletionChoice(message=one) for one in said])
        return state

    return solve


@probe(
    "Strength of features of the model's activations on prompts of small tasks.",
    kind=MEASURED,
    settings=(),
    solver=read_off,
    looks_inside=True,
    scoring="an answer is the projection of the model's activations on a feature, in the model's own units",
)
def features(data_seed: int = 0, prompts: int = 0) -> list[Question]:
    """Return the prompts on which features are measured; the model samples no answers.

    Args:
        data_seed: The seed of the features.
        prompts: The most prompts of each task; 0 for all.
    """
    return readings(prompts)


@probe(
    "The model says, yes or no, if features of its activations are strong on prompts of small tasks.",
    kind=MEASURED,
    settings=("seed",),
)
def feature_report(prompts: int = 0) -> list[Question]:
    """Return questions about the model's activations, with one answer each at temperature 0.

    Args:
        prompts: The most prompts of each task; 0 for all.
    """
    return reports(prompts)
