"""The solver of episode probes: all episodes of one variant, by tools or by lines."""

import anyio.to_thread
from inspect_ai.model import Model, get_model
from inspect_ai.solver import Generate, Solver, TaskState, solver

from askew.models.provider import AskewAPI
from askew.probes.episodes.asked import AskedEpisodes
from askew.probes.episodes.by_lines import episodes_by_lines
from askew.probes.episodes.by_tools import episodes_by_tools
from askew.probes.episodes.record import ActsBy

EPISODES = "episodes"
"""The key in the store of a sample for its episodes, each as JSON: Inspect walks through other data several times."""


@solver
def play_episodes() -> Solver:
    """Return a solver that plays the episodes of a sample and keeps their records in its store."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        asked, model = state.metadata_as(AskedEpisodes), get_model()
        way = await anyio.to_thread.run_sync(acts_by, model, asked)  # which may load the model
        play = episodes_by_tools if way == "tools" else episodes_by_lines
        episodes = await play(model, asked)
        state.store.set(EPISODES, [episode.model_dump_json() for episode in episodes])
        return state

    return solve


def acts_by(model: Model, asked: AskedEpisodes) -> ActsBy:
    """Return the way in which a model acts: by tools unless it is known to take none, or as the user said."""
    if asked.acts_by != "auto":
        return asked.acts_by
    takes_tools = not isinstance(model.api, AskewAPI) or model.api.checkpoint.takes_tools
    return "tools" if takes_tools else "lines"
