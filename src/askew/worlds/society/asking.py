"""Makes questions: what an agent knows, what it may choose, and the prompt, which is written only if it is read."""

from collections.abc import Sequence
from typing import TypeVar

from askew.worlds.society.experiment import Experiment, Question
from askew.worlds.society.facts import Facts
from askew.worlds.society.modules import Module, chosen_modules
from askew.worlds.society.questions import Act, Asked
from askew.worlds.society.state import State
from askew.worlds.society.world import Numbers

MOST_OPTIONS = 6
_MOST_KEPT = 20_000  # prompts and lists of options

T = TypeVar("T")

_NEUTRAL = Facts("")._asdict()


class Asking:
    """The questions of one society.

    Args:
        experiment: The experiment.
        state: The society, which is only read.
    """

    def __init__(self, experiment: Experiment, state: State) -> None:
        self._experiment, self._state = experiment, state
        self._acts: dict[tuple[str, Facts], tuple[tuple[str, ...], tuple[Act, ...]]] = {}
        self._prompts: dict[tuple[str, Facts], str] = {}
        self._tells: dict[str, Sequence[Module]] = {}

    def ask(self, tick: int, question: Question) -> list[Asked]:
        """Return a question for each of its agents who has something to choose, be it one option."""
        facts = self.facts(question.about, question.agents)
        asked = (
            self.asked(question.about, known, agent, question.private, tick)
            for agent, known in zip(question.agents.tolist(), facts, strict=True)
        )
        return [one for one in asked if one.acts]

    def asked(self, about: str, facts: Facts, agent: int, private: bool, tick: int) -> Asked:
        """Return the question for one agent with some facts."""
        known = self._acts.get((about, facts))
        if known is None:
            acts = self._options(about, facts)
            known = tuple(act.line for act in acts), acts
            _keep(self._acts, (about, facts), known)
        return Asked(agent, about, facts, known[0], private, tick, known[1], self._write)

    def facts(self, about: str, agents: Numbers) -> list[Facts]:
        """Return what some agents know that matters for a question."""
        if not len(agents):
            return []
        known: dict[str, Sequence[object]] = {
            "part": [self._state.parts[agent] for agent in agents.tolist()],
            "own": self._experiment.own_facts(self._state, about, agents),
        }
        for module in self._telling(about):
            known |= module.observe(self._state, agents)
        columns = [known.get(name) or [value] * len(agents) for name, value in _NEUTRAL.items()]
        return list(map(Facts._make, zip(*columns, strict=True)))

    def needs_neighbours(self, about: str) -> bool:
        """Return whether a question depends on who is near."""
        return any(module.meets for module in self._telling(about))

    def _options(self, about: str, facts: Facts) -> tuple[Act, ...]:
        if about != "act":
            return tuple(self._experiment.options(about, facts))
        proposed = [act for module in self._telling(about) for act in module.propose(facts, self._state)]
        return tuple(proposed[:MOST_OPTIONS])

    def _write(self, asked: Asked) -> str:
        key = asked.about, asked.facts._replace(part="")  # which no prompt tells, so good and bent share a prompt
        text = self._prompts.get(key)
        if text is None:
            text = " ".join(sentence for sentence in self._sentences(asked.about, asked.facts) if sentence)
            _keep(self._prompts, key, text)
        return text

    def _sentences(self, about: str, facts: Facts) -> list[str]:
        sentences = list(self._experiment.background(about, facts))
        for module in self._telling(about):
            sentences += module.tell(facts, self._state)
        return sentences + list(self._experiment.question(about, facts))

    def _telling(self, about: str) -> Sequence[Module]:
        """Return the modules whose facts matter for a question."""
        if about not in self._tells:
            one = self._experiment
            told = one.tells.get(about, one.modules)
            self._tells[about] = chosen_modules([name for name in told if name in one.modules])
        return self._tells[about]


def _keep(kept: dict[tuple[str, Facts], T], key: tuple[str, Facts], value: T) -> None:
    """Keep a value, and forget all others if there are too many."""
    if len(kept) >= _MOST_KEPT:
        kept.clear()
    kept[key] = value
