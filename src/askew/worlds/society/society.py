"""Plays a society: each tick it asks all agents in one batch, carries out what they choose, and updates their minds.

What happens depends on the setting, the seed and the answers only. So a society can be resumed at any tick: it is
played again with the answers that were kept, which takes no time, and then asks on.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from askew.worlds.society.asking import Asking
from askew.worlds.society.bodies import BODILY, carry_out
from askew.worlds.society.draws import uniform
from askew.worlds.society.events import Columns, Events
from askew.worlds.society.experiment import Answer, Experiment, Question, Setting
from askew.worlds.society.experiments import experiments
from askew.worlds.society.facts import Facts
from askew.worlds.society.island import Island
from askew.worlds.society.modules import chosen_modules
from askew.worlds.society.questions import Asked, Chosen, usable
from askew.worlds.society.state import Frame, State
from askew.worlds.society.world import World

Play = Generator[list[Asked], Sequence[Chosen], "Outcome"]
"""Yields the questions of each tick, is sent their answers in the same order, and returns the outcome."""


@dataclass(frozen=True)
class Outcome:
    """A society that was played to its end.

    Attributes:
        events: The events, with the columns EVENT_COLUMNS.
        agents: The agents, with the columns AGENT_COLUMNS.
        society: The society's row, with the columns SOCIETY_COLUMNS; `prompts` and `tokens` are 0, for whoever plays it
            knows them.
    """

    events: Columns
    agents: Columns
    society: dict[str, str | int]


class Society:
    """One society, which can be played once.

    Args:
        setting: What to play.
        seed: Every draw depends on it.
        name: The society's name in the tables.
        models: Model names by part, for the table of agents; agents of a part share them out in turn.
        world: The world; the island if it is None.

    Attributes:
        setting: The setting, with nothing left open.
        parts: The part of each agent.
        models: The model of each agent; "" without one.

    Raises:
        AskewError: The setting cannot be played.
    """

    def __init__(
        self,
        setting: Setting,
        seed: int,
        name: str = "society",
        models: Mapping[str, Sequence[str]] | None = None,
        world: World | None = None,
    ) -> None:
        kind = experiments.get(setting.experiment)
        self.setting, self.seed, self.name = kind.whole(setting), seed, name
        self._experiment: Experiment = kind(self.setting, seed)
        one, count = self._experiment, self.setting.agents
        stock = one.stock * count
        self._world = world or Island(count, one.places, one.goods, self.setting.size, one.stride, stock, seed)
        self._events = Events(name, tuple(place.name for place in self._world.places))
        self.parts = tuple(one.parts())
        self.models = _shared_out(self.parts, models or {})
        frame = Frame(tuple(one.works), tuple(one.says()), one.modules, bool(one.stock))
        self._state = State(self._world, self._events, self.parts, one.homes(), frame, seed)
        self._modules = chosen_modules(one.modules)
        self._asking = Asking(one, self._state)
        self._here = np.ones(count, np.bool_)
        self._forced: list[Asked] = []
        self._calls = 0

    def play(self) -> Play:
        """Play the society from its beginning.

        Yields:
            The questions of each tick, which may be none.

        Returns:
            The outcome.

        Raises:
            ValueError: There are more or fewer answers than questions.
        """
        state, one = self._state, self._experiment
        self._world.spawn(state.names, state.homes)
        agents = self._agent_columns()
        one.begin(state)
        for tick in range(self.setting.ticks):
            state.tick = tick
            one.begin_tick(state, tick)
            self._log_leaving(tick)
            batch = self._batch(tick)
            self._calls += len(batch)
            chosen = yield batch
            if len(chosen) != len(batch):
                raise ValueError(f"{len(batch)} questions need as many answers, not {len(chosen)}")
            self._carry_out(tick, self._acted(tick, batch, chosen))
        self._log_leaving(state.tick)
        return Outcome(self._events.columns(), agents, self._society_row())

    def asked(self, about: str, facts: Facts, private: bool = False) -> Asked:
        """Return a question with made-up facts, for probes of single agents."""
        return self._asking.asked(about, facts, 0, private, 0)

    def _batch(self, tick: int) -> list[Asked]:
        """Return the questions of a tick; one with a single option is answered without asking."""
        state = self._state
        questions = [self._paced(tick, question) for question in self._experiment.questions(state, tick)]
        for number, question in enumerate(questions):
            questions[number] = question._replace(agents=question.agents[self._world.present[question.agents]])
            if self._asking.needs_neighbours(question.about):
                state.meet(tick, question.agents)
        asked = [one for question in questions for one in self._asking.ask(tick, question)]
        self._forced = [one for one in asked if len(one.acts) == 1]
        return [one for one in asked if len(one.acts) > 1]

    def _paced(self, tick: int, question: Question) -> Question:
        """Leave a question to one agent in `pace`, drawn anew each tick."""
        if self.setting.pace == 1 or question.about in self._experiment.unpaced:
            return question
        asked = uniform(self.seed, "pace", tick, question.agents) * self.setting.pace < 1
        return question._replace(agents=question.agents[asked])

    def _acted(self, tick: int, batch: Sequence[Asked], chosen: Sequence[Chosen]) -> dict[str, list[Answer]]:
        """Write down what was chosen; return what has an effect, by the kind of act."""
        by_kind: dict[str, list[Answer]] = {}
        private: dict[str, list[Answer]] = {}
        missed: list[Asked] = []
        answered = [*zip(batch, chosen, strict=True), *((asked, Chosen(0)) for asked in self._forced)]
        for asked, said in answered:
            one = usable(asked, said)
            if one.option is None:
                missed.append(asked)
                continue
            answer = Answer(asked.agent, asked.acts[one.option], one)
            groups, name = (private, asked.about) if asked.private else (by_kind, answer.act.kind)
            groups.setdefault(name, []).append(answer)
        self._log_answers("act", tick, [answer for answers in by_kind.values() for answer in answers])
        for about, answers in private.items():
            self._log_answers(about, tick, answers)
            self._experiment.private_answers(self._state, tick, about, answers)
        texts = self._events.texts([asked.about for asked in missed])
        self._state.log("miss", tick, np.array([asked.agent for asked in missed], np.int32), text=texts)
        return by_kind

    def _log_answers(self, kind: str, tick: int, answers: list[Answer]) -> None:
        """Write an event per answer: its number is the probability of an act, or of side 1 of a private question."""
        agents = np.array([answer.agent for answer in answers], np.int32)
        texts = self._events.texts([answer.act.line for answer in answers])
        options = np.array([answer.chosen.option for answer in answers], np.int32)
        numbers = options if kind == "act" else np.ones_like(options)
        weights = [answer.chosen.weights for answer in answers]
        known = [one[number] if one else np.nan for one, number in zip(weights, numbers.tolist(), strict=True)]
        self._state.log(kind, tick, agents, text=texts, option=options, number=known)

    def _carry_out(self, tick: int, by_kind: dict[str, list[Answer]]) -> None:
        one, state = self._experiment, self._state
        happened = carry_out(state, tick, one.meeting(tick), by_kind, {"perceive", "talk"} <= set(one.modules))
        for kind, answers in by_kind.items():
            if kind not in BODILY:
                one.effect(state, tick, kind, answers)
        for module in self._modules:
            module.update(state, tick, happened)
        one.end_tick(state, tick, happened)

    def _log_leaving(self, tick: int) -> None:
        """Write down who was in the world until now: an experiment, or the world itself, may remove agents."""
        present = self._world.present
        self._state.log("leave", tick, np.flatnonzero(self._here & ~present))
        self._here = present.copy()

    def _agent_columns(self) -> Columns:
        count = len(self.parts)
        return {
            "society": [self.name] * count,
            "agent": np.arange(count, dtype=np.int32),
            "name": list(self._state.names),
            "part": list(self.parts),
            "model": list(self.models),
            "home": [self._world.places[home].name for home in self._state.homes.tolist()],
            "x": self._world.x.copy(),
            "y": self._world.y.copy(),
        }

    def _society_row(self) -> dict[str, str | int]:
        setting = self.setting
        return {
            "society": self.name,
            "experiment": setting.experiment,
            "condition": setting.condition,
            "topic": setting.topic,
            "k": setting.k,
            "agents": setting.agents,
            "ticks": setting.ticks,
            "seed": self.seed,
            "replicate": setting.replicate,
            "calls": self._calls,
            "prompts": 0,
            "tokens": 0,
        }


def _shared_out(parts: Sequence[str], models: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the model of each agent."""
    seen: dict[str, int] = {}
    shared: list[str] = []
    for part in parts:
        names = models.get(part) or [""]
        shared.append(names[seen.setdefault(part, 0) % len(names)])
        seen[part] += 1
    return tuple(shared)
