"""Lets models decide: all questions of a tick go to each model of a society in one batch."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from inspect_ai.model import Model

from askew.base.errors import AskewError
from askew.models.provider import AskewAPI
from askew.models.remote.requests import gather
from askew.probes.society.letters import LettersMind
from askew.probes.society.lines import LinesMind
from askew.probes.society.mind import Mind
from askew.worlds.society.draws import uniform
from askew.worlds.society.questions import Asked, Chosen

_LONGEST_REASON = 300


class Minds:
    """The minds of one society.

    Args:
        models: The models by their names in the society.
        of_agents: The name of each agent's model; "" for one without a model.
        seed: The society's seed.
        temperature: The temperature of the choices; 0 takes the likeliest option.
        max_tokens: The longest answer in words of a served model, in tokens; None leaves it to the model.
    """

    def __init__(
        self,
        models: Mapping[str, Model],
        of_agents: Sequence[str],
        seed: int,
        temperature: float,
        max_tokens: int | None = None,
    ) -> None:
        self._models, self._of_agents, self._seed = models, of_agents, seed
        self._temperature, self._max_tokens = temperature, max_tokens
        self._minds: dict[str, Mind] = {}  # made when they are needed, for that loads their models

    @property
    def prompts(self) -> int:
        """The number of different prompts that the models were asked, each counted per model."""
        return sum(mind.prompts for mind in self._minds.values())

    @property
    def tokens(self) -> int:
        """The tokens of these prompts with their options; an estimate for served models."""
        return sum(mind.tokens for mind in self._minds.values())

    async def decide(self, batch: Sequence[Asked]) -> list[Chosen]:
        """Return an answer to each question of one tick, in the same order.

        The draws depend on the seed, the tick, the agent and the kind of question only.

        Raises:
            AskewError: A model cannot be asked, or fails; or an agent that is asked has no model.
        """
        groups, draws = self._by_model(batch), _draws(self._seed, batch)
        answered = await gather(
            partial(self._ask, name, [batch[at] for at in places], [draws[at] for at in places])
            for name, places in groups.items()
        )
        found: dict[int, Chosen] = {}
        for places, chosen in zip(groups.values(), answered, strict=True):
            found |= zip(places, chosen, strict=True)
        return [found[at] for at in range(len(batch))]

    def count(self, batch: Sequence[Asked]) -> None:
        """Count questions that were answered in an earlier session."""
        for name, places in self._by_model(batch).items():
            self._mind(name).count([batch[at] for at in places])

    async def _ask(self, name: str, asked: Sequence[Asked], draws: Sequence[float]) -> list[Chosen]:
        try:
            return await self._mind(name).decide(asked, draws)
        except AskewError:
            raise
        except Exception as error:  # a provider may raise anything; it becomes one clear error
            reason = " ".join(str(error).split())[:_LONGEST_REASON] or type(error).__name__
            raise AskewError(f"asking {name} in tick {asked[0].tick} of a society failed: {reason}") from error

    def _mind(self, name: str) -> Mind:
        if name not in self._minds:
            model = self._models[name]
            if isinstance(model.api, AskewAPI):
                self._minds[name] = LinesMind(model.api.checkpoint, self._temperature)
            else:
                self._minds[name] = LettersMind(model, self._seed, self._temperature, self._max_tokens)
        return self._minds[name]

    def _by_model(self, batch: Sequence[Asked]) -> Mapping[str, list[int]]:
        groups: defaultdict[str, list[int]] = defaultdict(list)
        for at, asked in enumerate(batch):
            groups[self._of_agents[asked.agent]].append(at)
        if "" in groups:
            part = batch[groups[""][0]].facts.part
            raise AskewError(f"agents of the part {part} have no model. Name one for this part")
        return groups


def _draws(seed: int, batch: Sequence[Asked]) -> list[float]:
    """Return a random number in [0, 1) for each question."""
    found = np.zeros(len(batch))
    for about in {asked.about for asked in batch}:
        places = [at for at, asked in enumerate(batch) if asked.about == about]
        agents = np.array([batch[at].agent for at in places])
        found[places] = uniform(seed, f"choice of {about}", batch[places[0]].tick, agents)
    return found.tolist()
