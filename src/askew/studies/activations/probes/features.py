"""What goes on in a model that reads a prompt: how far its activations lie along each feature. Nothing is sampled."""

from functools import cache

from inspect_ai import Task, task, task_with
from inspect_ai.model import ChatCompletionChoice, ChatMessageAssistant, ModelOutput, get_model
from inspect_ai.solver import Generate, Solver, TaskState, solver

from askew.base.errors import AskewError
from askew.models.provider import AskewAPI
from askew.probes import probe
from askew.probes.question_file import Asked
from askew.probes.task import DEFAULT_METRIC, DEFAULT_RUBRIC, build
from askew.studies.activations.feature_facts import direction, readings


@probe("How strong features of its activations are on small tasks, read off.", kind="measured", looks_inside=True)
@task
def features(data_seed: int = 0) -> Task:
    """Read how far a model's activations lie along features; an answer is that number, in the model's own units.

    Args:
        data_seed: Draws the features.
    """
    asked = build(readings(), None, 0, 0.0, None, DEFAULT_METRIC, DEFAULT_RUBRIC)
    return task_with(asked, solver=read_off(data_seed))


@solver
def read_off(data_seed: int) -> Solver:
    """Answer each prompt with the projection of the middle of the residual stream, at its last token, on a feature."""

    @cache
    def states(prompts: tuple[str, ...]):
        api = get_model().api
        if not isinstance(api, AskewAPI):
            raise AskewError(f"the probe 'features' reads a model's activations, and {api.model_name!r} shows none")
        turns = [api.checkpoint.prompt([{"role": "user", "content": prompt}]) for prompt in prompts]
        return api.checkpoint.engine.middle_states(turns).double().numpy()

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        # Not in a thread: the first feature reads the prompts for all of them.
        found = states(tuple(state.metadata_as(Asked).prompts))
        strengths = found @ direction(str(state.sample_id), found.shape[1], data_seed)
        said = [ChatMessageAssistant(content=f"{strength:.9g}") for strength in strengths]
        state.output = ModelOutput(model=get_model().name, choices=[ChatCompletionChoice(message=one) for one in said])
        return state

    return solve
