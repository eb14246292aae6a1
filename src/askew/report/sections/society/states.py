"""The state of each agent over time, which the replay shows by the mark inside the agent's shape.

The events of an experiment decide what there is to show: a meme that is heard, said and believed, a side that is taken,
or a role. No experiment is known by name here, so those of plug-ins are shown, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from askew.base.untrusted import cut, visible

HOLLOW, DOTTED, CORE, FULL, SPECK = "hollow", "dotted", "core", "full", "speck"
"""Marks inside an agent's shape, from the emptiest to the fullest; a speck is an agent of which nothing is known."""

_LADDER = [
    ("has not heard of it", HOLLOW),
    ("has heard of it", DOTTED),
    ("has spoken of it in public", CORE),
    ("believes it, asked in private", FULL),
]
_SPREADS = {"expose", "adopt", "convert"}
_ASKED = {"belief", "believe"}
_SIDED = ("opinion", "say", "vote")  # the first kind that an experiment has says which side an agent is on
_BENT = "bent"
_LONGEST_LABEL = 70


@dataclass(frozen=True)
class Scale:
    """The states that agents of one experiment can be in.

    Attributes:
        kind: `spread` of a meme, `sides`, `roles`, or `none`.
        labels: The states in words; every agent begins in the first.
        marks: The mark of each state: one of the marks above, or a letter.
        sided_by: The kind of event that says the side.
    """

    kind: str
    labels: Sequence[str]
    marks: Sequence[str]
    sided_by: str = ""


def scale_of(events: pd.DataFrame, agents: pd.DataFrame, roles: pd.DataFrame) -> Scale:
    """Return the states of an experiment.

    Args:
        events: The events of all its societies, with the columns `EVENTS`.
        agents: Their agents, with the columns `AGENTS`; of two sides, the one that bent agents mostly take is marked.
        roles: The roles of its agents, with the columns `ROLES`; they are shown rather than sides.
    """
    kinds = set(events["kind"].unique())
    if kinds & _SPREADS:
        return Scale("spread", [label for label, _ in _LADDER], [mark for _, mark in _LADDER])
    if len(roles):
        names = sorted({str(role) for role in roles["role"].unique() if role})
        return Scale("roles", ["no role yet", *map(_label, names)], [SPECK, *_letters(names)])
    for kind in _SIDED:
        taken = events[events["kind"].eq(kind) & events["option"].ge(0)]
        if len(taken):
            return _sides(taken, kind, agents[agents["part"].eq(_BENT)])
    return Scale("none", ["an agent"], [HOLLOW])


def _sides(taken: pd.DataFrame, kind: str, bent: pd.DataFrame) -> Scale:
    """Return a state for each option that was taken, with the line most often written beside it."""
    options = range(int(taken["option"].max()) + 1)
    lines = taken[taken["text"].ne("")].groupby("option")["text"].agg(lambda texts: texts.value_counts().index[0])
    labels = [f"side {option}: {_label(lines[option])}" if option in lines else f"side {option}" for option in options]
    if len(options) <= 2:
        by_bent = taken.merge(bent[["society", "agent"]], on=["society", "agent"])["option"]
        marked = int(by_bent.mode().iloc[0]) if len(by_bent) else 1
        marks = [FULL if option == marked else HOLLOW for option in options]
    else:
        marks = [chr(ord("A") + option % 26) for option in options]
    return Scale("sides", ["no side known", *labels], [SPECK, *marks], kind)


def changes(events: pd.DataFrame, roles: pd.DataFrame, scale: Scale) -> pd.DataFrame:
    """Return when agents of one society changed their state, with the columns tick, agent and state, in that order.

    Args:
        events: The events of the society, with the columns `EVENTS`.
        roles: The roles of its agents, with the columns `ROLES`.
        scale: The states of its experiment.
    """
    if scale.kind == "spread":
        found = _ladder(events)
    elif scale.kind == "sides":
        taken = events[events["kind"].eq(scale.sided_by) & events["option"].ge(0)]
        found = taken[["tick", "agent"]].assign(state=taken["option"] + 1)
    elif scale.kind == "roles":
        codes = {"": 0, **{label: code for code, label in enumerate(scale.labels)}}
        found = roles[["tick", "agent"]].assign(state=roles["role"].astype(str).map(_label).map(codes))
    else:
        return pd.DataFrame({"tick": [], "agent": [], "state": []}, dtype=int)
    found = found[found["agent"].ge(0)].drop_duplicates(["tick", "agent"], keep="last")
    found = found.sort_values(["agent", "tick"], kind="stable")
    same = found["state"].eq(found.groupby("agent")["state"].shift(fill_value=0))
    return found[~same].sort_values(["tick", "agent"], kind="stable").astype(int)


def _ladder(events: pd.DataFrame) -> pd.DataFrame:
    """Return the state after each event that can change it; belief can be lost, having heard or spoken of it not."""
    speaks = events["kind"].eq("adopt") | (events["kind"].eq("say") & events["option"].eq(1))
    asked = events["kind"].isin(_ASKED)
    events = events.assign(kind=events["kind"].mask(speaks, "adopt").mask(asked, "belief"))
    once = events[events["kind"].isin(_SPREADS)].drop_duplicates(["agent", "kind"])
    rows = pd.concat([once, events[asked]]).sort_values("tick", kind="stable")
    reached: dict[int, int] = {}
    believing: dict[int, bool] = {}
    states = []
    for agent, kind, option in zip(rows["agent"], rows["kind"], rows["option"], strict=True):
        if kind in ("convert", "belief"):
            believing[agent] = kind == "convert" or option == 1
        else:
            reached[agent] = max(reached.get(agent, 0), 1 if kind == "expose" else 2)
        states.append(3 if believing.get(agent) else reached.get(agent, 0))
    return rows[["tick", "agent"]].assign(state=states)


def _label(text: str) -> str:
    return cut(visible(" ".join(text.split())), _LONGEST_LABEL)


def _letters(names: Sequence[str]) -> list[str]:
    """Return a different letter for each role: one of its own letters if any is left."""
    taken: list[str] = []
    for name in names:
        own = [letter for letter in name.upper() if "A" <= letter <= "Z"]
        rest = [chr(ord("A") + place) for place in range(26)]
        taken.append(next((letter for letter in [*own, *rest] if letter not in taken), "?"))
    return taken
