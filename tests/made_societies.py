"""Made-up societies with planted truth: memes that spread, agents that conform, roles that last; without the engine."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

COLUMNS = ["society", "tick", "agent", "kind", "to", "place", "text", "option", "number", "source"]


def made_events(**columns: object) -> pd.DataFrame:
    """Return events with the given columns and the usual values in the others."""
    usual = {"to": -1, "place": "", "text": "", "option": -1, "number": np.nan, "source": -1}
    return pd.DataFrame({**usual, **columns})[COLUMNS]


@dataclass(frozen=True)
class Meme:
    """A planted world of a meme.

    Attributes:
        chance: Chance that a hearing converts, 0-1.
        chance_of_priests: The same for a hearing from a priest; None for the same chance.
        itself: Chance per tick of a conversion without a hearing.
        gossip: Chance per tick that an agent that heard the meme, and does not believe, speaks of it.
        talk: Chance per tick that a believer speaks of it.
        asked_every: Number of ticks between private questions.
        agents: Number of agents, the priests among them.
        priests: Number of priests.
        ticks: Number of ticks.
        side: Side of the square island.
        reach: Hearing distance.
    """

    chance: float = 0.1
    chance_of_priests: float | None = None
    itself: float = 0.0
    gossip: float = 0.05
    talk: float = 0.2
    asked_every: int = 10
    agents: int = 60
    priests: int = 4
    ticks: int = 100
    side: float = 30.0
    reach: float = 4.0


def made_meme(rng: np.random.Generator, world: Meme, society: str = "s0") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the events of one society and its true converters (society, agent, source; -1 for none)."""
    n = world.agents
    at = rng.random((n, 2)) * world.side
    believes, heard, said = np.arange(n) < world.priests, np.zeros(n, bool), np.zeros(n, bool)
    chance = np.full(n, world.chance)
    if world.chance_of_priests is not None:
        chance[: world.priests] = world.chance_of_priests
    source = np.full(n, -2)
    rows: list[tuple[int, int, str, int, int]] = []
    for tick in range(world.ticks):
        if tick % world.asked_every == 0:
            rows += [(tick, agent, "belief", int(believes[agent]), -1) for agent in range(world.priests, n)]
        at = np.clip(at + rng.normal(0, 1, (n, 2)), 0, world.side)
        speaks = rng.random(n) < np.where(believes, world.talk, world.gossip * heard)
        for agent in np.flatnonzero(speaks & ~said):
            rows.append((tick, int(agent), "adopt", -1, -1))
        said |= speaks
        near = ((at[:, None] - at[None]) ** 2).sum(-1) <= world.reach**2
        hears = near & speaks[None] & ~np.eye(n, dtype=bool)
        hits = hears & (rng.random((n, n)) < chance[None])
        rows += [(tick, int(one), "expose", -1, int(other)) for one, other in zip(*np.nonzero(hears), strict=True)]
        heard |= hears.any(1)
        for agent in np.flatnonzero(~believes & (hits.any(1) | (rng.random(n) < world.itself))):
            source[agent] = rng.choice(np.flatnonzero(hits[agent])) if hits[agent].any() else -1
            believes[agent] = True
    rows += [(world.ticks, agent, "belief", int(believes[agent]), -1) for agent in range(world.priests, n)]
    tick, agent, kind, option, by = zip(*rows, strict=True)
    events = made_events(society=society, tick=tick, agent=agent, kind=kind, option=option, source=by)
    converted = np.flatnonzero(source > -2)
    return events, pd.DataFrame({"society": society, "agent": converted, "source": source[converted]})


def made_memes(
    rng: np.random.Generator, world: Meme, societies: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return events, agents and true converters of several societies."""
    made = [made_meme(rng, world, f"s{place}") for place in range(societies)]
    number = np.tile(np.arange(world.agents), societies)
    names = np.repeat([f"s{place}" for place in range(societies)], world.agents)
    part = np.where(number < world.priests, "priest", "agent")
    agents = pd.DataFrame({"society": names, "agent": number, "part": part})
    return pd.concat([one for one, _ in made], ignore_index=True), agents, pd.concat([one for _, one in made])


def made_probes(
    rng: np.random.Generator, beta: float, bias: float, probes: int, *, clusters: int = 0, spread: float = 0.0
) -> pd.DataFrame:
    """Return single-agent probes of a logistic agent, whose bias varies between clusters with a standard deviation."""
    heard = np.resize(np.linspace(-1, 1, 9), probes)
    cluster = np.arange(probes) * clusters // probes if clusters else np.arange(probes)
    own = bias + spread * rng.standard_normal(cluster.max() + 1)[cluster]
    value = (rng.random(probes) < special.expit(beta * heard + own)).astype(float)
    return pd.DataFrame({"heard": heard, "value": value, "cluster": cluster})


def made_workers(
    rng: np.random.Generator, *, society: str, agents: int, windows: int, acts: int, keep: float, own: float, roles: int
) -> pd.DataFrame:
    """Return the work of agents that keep their role from one window to the next with a chance, or draw a new one.

    Args:
        rng: Source of all randomness.
        society: The society's name.
        agents: Number of agents.
        windows: Number of windows of ten ticks.
        acts: Number of acts of an agent in a window.
        keep: Chance that an agent keeps its role; otherwise it draws one, perhaps the same.
        own: Share of acts that are of the role; the others are of any role.
        roles: Number of roles.
    """
    role = rng.integers(roles, size=agents)
    rows = []
    for window in range(windows):
        role = np.where(rng.random(agents) < keep, role, rng.integers(roles, size=agents))
        of_role = rng.random((agents, acts)) < own
        act = np.where(of_role, role[:, None], rng.integers(roles, size=(agents, acts)))
        tick = 10 * window + rng.integers(10, size=(agents, acts))
        rows.append(np.stack([tick, np.broadcast_to(np.arange(agents)[:, None], tick.shape), act], -1).reshape(-1, 3))
    tick, agent, act = np.concatenate(rows).T
    return made_events(
        society=society, tick=tick, agent=agent, kind="gather", text=np.char.add("good ", act.astype(str))
    )
