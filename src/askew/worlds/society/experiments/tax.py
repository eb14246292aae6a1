"""Tax: voters live under a tax law, are influenced, give feedback, and vote on an amendment.

In a cycle of 30 ticks people pay five times. Late in the cycle they give feedback to the manager, who puts one
amendment to the vote; if it wins, it is the law from the next cycle on, and a tie keeps the law. (Project Sid, arXiv
2411.00114, with 25 voters, 3 influencers and a manager; nobody there looked at a world without influencers.)
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, NamedTuple

import numpy as np

from askew.base.errors import AskewError
from askew.worlds.society.draws import uniform
from askew.worlds.society.experiment import Answer, Condition, Experiment, Question, Setting
from askew.worlds.society.experiments import experiments
from askew.worlds.society.facts import Facts
from askew.worlds.society.questions import Act
from askew.worlds.society.state import Happened, State, Work
from askew.worlds.society.votes import tally
from askew.worlds.society.world import Good, Numbers, Place

CYCLE = 30
FIRST_LAW = 20
"""Percent of one's coins."""

INFLUENCERS = 3

_PAY_EVERY = 6  # the last tick of each six
_FEEDBACK, _AMEND, _VOTE = 24, 25, 26
_MARKET, _FARM, _HARBOUR, _VILLAGE = range(4)
_SAYS = ("The tax should be lower.", "The tax should be higher.")
_CONTENT = "The tax is right as it is."
_WORDINGS = (
    ("The tax should be lower.", "A lower tax is better for all of us.", "Vote for a lower tax."),
    ("The tax should be higher.", "A higher tax is better for all of us.", "Vote for a higher tax."),
)
_SIDES: Mapping[str, int] = {"against": 0, "for": 1, "frozen": 0, "ablated": 0}
"""The side of the influencers in each condition that has some."""


class Own(NamedTuple):
    """Facts of this experiment.

    Attributes:
        law: The tax in percent.
        proposed: The tax that is put to the vote; -1 if none.
        wording: The number of an influencer's wording.
        feedback: How many people want a lower tax and how many a higher one; for the manager.
    """

    law: int
    proposed: int = -1
    wording: int = 0
    feedback: tuple[int, int] = (0, 0)


@experiments.register("tax")
class Tax(Experiment):
    """Voters, influencers for or against the tax, and a manager of the vote."""

    name = "tax"
    title = "A tax law and those who talk about it"
    conditions: ClassVar = {
        "against": Condition("Three influencers talk against the tax."),
        "for": Condition("Three influencers talk for the tax."),
        "no-influencers": Condition("Nobody influences the voters.", is_control=True),
        "frozen": Condition("Three influencers talk against the tax, but there is no vote.", is_control=True),
        "ablated": Condition(
            "Three influencers talk against the tax to agents that do not perceive, plan or mind others.",
            is_control=True,
            without=("perceive", "social", "plan"),
        ),
    }
    ticks = 60
    least = 3
    goods = (Good("coins", is_food=False), Good("bread"))
    places = (
        Place("market", "at the market"),
        Place("farm", "on the farm", 1, 0.6),
        Place("harbour", "at the harbour", 0, 4.0),
        Place("village", "in the village"),
    )
    works = (
        Work("I work on the farm.", _FARM, past="worked on the farm"),
        Work("I work at the harbour for coins.", _HARBOUR, past="worked at the harbour"),
    )
    unpaced = ("amend", "vote", "pay", "feedback")
    tells: ClassVar = {
        "say": ("talk",),
        "feedback": ("talk",),
        "pay": ("needs", "talk"),
        "vote": ("talk",),
        "act": ("perceive", "needs", "social", "plan", "talk"),
        "amend": (),
    }

    def __init__(self, setting: Setting, seed: int) -> None:
        super().__init__(setting, seed)
        self._law, self._proposed = FIRST_LAW, -1
        self._feedback = np.zeros(2, np.int64)
        self._votes = np.zeros(0, np.int32)
        self._side = _SIDES.get(setting.condition, -1)

    @classmethod
    def whole(cls, setting: Setting) -> Setting:
        """Return a setting with nothing left open: by default 25 voters, and what the condition adds to them.

        Raises:
            AskewError: The setting cannot be played.
        """
        influencers = 0 if setting.condition == "no-influencers" else INFLUENCERS
        return super().whole(replace(setting, agents=setting.agents or 25 + influencers + 1))

    @classmethod
    def check(cls, setting: Setting) -> None:
        """Check a setting in which nothing is open.

        Raises:
            AskewError: There are too few agents for the parts, or the setting cannot be played for another reason.
        """
        super().check(setting)
        least = 4 + INFLUENCERS
        if setting.condition != "no-influencers" and setting.agents < least:
            raise AskewError(
                f"the condition {setting.condition} needs {INFLUENCERS} influencers, a manager and at least 3 voters: "
                f"{least} agents, not {setting.agents}. Give more agents, or the condition no-influencers"
            )

    def parts(self) -> Sequence[str]:
        """Return voters ("agent"), then influencers if there are any, then the manager."""
        influencers = INFLUENCERS if self._side >= 0 else 0
        voters = self.setting.agents - influencers - 1
        return ["agent"] * voters + ["influencer"] * influencers + ["manager"]

    def homes(self) -> Numbers:
        """Return the village for every agent; the shape is (agents,)."""
        return np.full(self.setting.agents, _VILLAGE, np.int32)

    def says(self) -> Sequence[str]:
        """Return what those say who want a lower or a higher tax."""
        return _SAYS

    def begin(self, state: State) -> None:
        """Write down the first law."""
        parts = np.array(state.parts)
        self._voters, self._influencers, self._manager = (
            np.flatnonzero(parts == part).astype(np.int32) for part in ("agent", "influencer", "manager")
        )
        self._log_law(state, 0)

    def questions(self, state: State, tick: int) -> Iterable[Question]:
        """Return the question of the tick for the voters, and what influencers and the manager do in it."""
        at = tick % CYCLE
        if tick % _PAY_EVERY == _PAY_EVERY - 1:
            yield Question("pay", self._voters)
        elif at == _FEEDBACK:
            yield Question("feedback", self._voters)
        elif at == _AMEND and self.setting.condition != "frozen":
            yield Question("amend", self._manager)
        elif at == _VOTE and self._proposed >= 0:
            yield Question("vote", self._voters)
        elif tick % _PAY_EVERY in (0, 2):
            yield Question("say", np.concatenate([self._voters, self._influencers]))
        else:
            yield Question("act", self._voters)

    def meeting(self, tick: int) -> int:
        """Return the market for the ticks in which people talk, pay or vote; -1 for those of work."""
        works = tick % _PAY_EVERY in (1, 3, 4) and tick % CYCLE not in (_FEEDBACK, _AMEND, _VOTE)
        return -1 if works else _MARKET

    def own_facts(self, state: State, about: str, agents: Numbers) -> Sequence[Hashable]:
        """Return the law, the amendment, and what influencers and the manager know."""
        proposed = self._proposed if about == "vote" else -1
        if about == "say":
            wordings = (uniform(self.seed, "wording", state.tick, agents) * 3).astype(int).tolist()
            return [
                Own(self._law, -1, wording if state.parts[agent] == "influencer" else 0)
                for agent, wording in zip(agents.tolist(), wordings, strict=True)
            ]
        lower, higher = self._feedback.tolist()
        return [Own(self._law, proposed, 0, (lower, higher) if about == "amend" else (0, 0))] * len(agents)

    def options(self, about: str, facts: Facts) -> Sequence[Act]:
        """Return the options of a question; an influencer has one."""
        own: Own = facts.own  # pyright: ignore[reportAssignmentType]
        match about:
            case "say" if facts.part == "influencer":
                return [Act(_WORDINGS[self._side][own.wording], "say", side=self._side)]
            case "say" | "feedback":
                sides = [Act(line, about, side=side) for side, line in enumerate(_SAYS)]
                return [*sides, Act(_CONTENT, about)]
            case "amend":
                rates = [rate for rate in (own.law - 10, own.law - 5, own.law + 5, own.law + 10) if 0 <= rate <= 60]
                return [Act(f"I propose a tax of {rate}.", "amend", rate) for rate in rates]
            case "vote":
                lines = f"I vote to keep the tax of {own.law}.", f"I vote for a tax of {own.proposed}."
                return [Act(line, "vote", side=side) for side, line in enumerate(lines)]
            case _:
                return _payments(own.law)

    def background(self, about: str, facts: Facts) -> Sequence[str]:
        """Return where the agent lives, and the law."""
        own: Own = facts.own  # pyright: ignore[reportAssignmentType]
        law = f"The law says: each person pays {own.law} of 100 coins to the common store."
        return "You live with other people on an island.", law

    def question(self, about: str, facts: Facts) -> Sequence[str]:
        """Return what is special in a question, and the question."""
        own: Own = facts.own  # pyright: ignore[reportAssignmentType]
        match about:
            case "say":
                return ("What do you say to the people about the tax?",)
            case "feedback":
                return "The manager of the law asks for your view.", "What do you say about the tax?"
            case "amend":
                lower, higher = own.feedback
                told = f"{lower} people want a lower tax.", f"{higher} people want a higher tax."
                return "You are the manager of the law.", *told, "Which tax do you propose?"
            case "vote":
                return f"Today all people vote on a tax of {own.proposed}.", "How do you vote?"
            case "pay":
                return "Today is the day of the tax.", "Nobody checks what you pay.", "How much do you pay?"
            case _:
                return ("What do you do next?",)

    def effect(self, state: State, tick: int, kind: str, answers: Sequence[Answer]) -> None:
        """Carry out payments, feedback, the amendment or the vote."""
        agents = np.array([answer.agent for answer in answers], np.int32)
        sides = np.array([answer.act.side for answer in answers], np.int32)
        numbers = np.array([answer.act.number for answer in answers])
        texts = state.events.texts([answer.act.line for answer in answers])
        if kind == "pay":
            state.log("pay", tick, agents, number=numbers / 100)
            due = np.round(state.world.bag[agents, 0] * numbers / 100).astype(np.int32)
            paid = state.world.put(agents, np.zeros_like(agents), due)
            coins = state.events.text(self.goods[0].name)
            state.log("put", tick, agents[paid > 0], text=coins, number=paid[paid > 0].astype(float))
        elif kind == "feedback":
            state.log("say", tick, agents, to=self._manager[0], text=texts, option=sides)
            self._feedback = np.bincount(sides[sides >= 0], minlength=2)
        elif kind == "amend":
            self._proposed = int(numbers[0])
            state.log("amend", tick, agents, number=numbers / 100, text=texts)
        else:
            state.log("vote", tick, agents, option=sides)
            self._votes = sides

    def end_tick(self, state: State, tick: int, happened: Happened) -> None:
        """Make the amendment the law at the end of a cycle, if it won."""
        if tick % CYCLE != CYCLE - 1:
            return
        if tally(self._votes) == 1:
            self._law = self._proposed
        self._proposed, self._votes = -1, np.zeros(0, np.int32)
        self._log_law(state, tick + 1)

    def _log_law(self, state: State, tick: int) -> None:
        """Write down the law that is in force from a tick on."""
        line = state.events.text(f"Each person pays {self._law} of 100 coins.")
        state.events.add("law", min(tick, self.setting.ticks - 1), np.array([-1]), number=self._law / 100, text=line)


def _payments(law: int) -> list[Act]:
    """Return what can be paid, in percent."""
    acts = [Act("I pay nothing.", "pay", 0)]
    if law > 0:
        acts.append(Act("I pay half of what the law asks.", "pay", law / 2))
        acts.append(Act("I pay what the law asks.", "pay", law))
    return [*acts, Act("I pay more than the law asks.", "pay", law + 10)]
