"""Roles that agents take on, read from what they mostly do, and how far these roles are theirs.

An agent's role in a window of time is its most frequent activity, by count: no model names it. Many different roles are
no sign of a division of labour, for agents that act at random have many too. So two measures are compared with shuffled
societies: *persistence*, how many agents keep their role from one window to the next, beyond what remains if the roles
of a window are dealt out anew among its agents; and *focus*, the share of an agent's acts that are of its role, beyond
what remains if the acts of a window are.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from askew.stats.log_odds import Array

KINDS = ("gather", "give", "put", "take")
"""The kinds of events that count as work."""

ROLES = ("society", "window", "agent", "role", "acts", "share", "share_shuffled")
"""The columns of `roles`."""

MEASURES = {
    "entropy": "diversity of roles (entropy, nats)",
    "kept": "agents that keep their role",
    "kept_shuffled": "the same with shuffled roles",
    "persistence": "kept beyond shuffled roles",
    "share": "acts that are of the agent's role",
    "share_shuffled": "the same with shuffled acts",
    "focus": "share beyond shuffled acts",
    "with_role": "agents that have a role",
}
"""The measures of `role_measures`, in words. All but the entropy are shares, 0-1, or differences of shares."""

NO_ROLE = ""
"""The role of an agent that did too little, or two things equally often."""

_SHUFFLES = 20


def activities(
    events: pd.DataFrame, lines: Mapping[str, str] | None = None, kinds: Collection[str] = KINDS
) -> pd.DataFrame:
    """Return what agents did as work.

    Args:
        events: The columns society, tick, agent, kind and text; the text of a gathering names what was gathered, that
            of an act the line that was chosen.
        lines: The activity that each chosen line counts for; other lines count for none. If None, events of some kinds
            count instead of chosen lines.
        kinds: These kinds.

    Returns:
        One row per act: society, tick, agent and activity ("farmer" by lines; "gather wood" or "give" by kinds).
    """
    if lines is not None:
        acts = events[events["kind"].eq("act") & events["text"].isin(list(lines))]
        activity = acts["text"].astype(object).map(dict(lines))
        return acts[["society", "tick", "agent"]].assign(activity=activity).reset_index(drop=True)
    acts = events[events["kind"].isin(list(kinds))]
    what = acts["kind"].str.cat(acts["text"].astype(str), sep=" ").str.strip()
    activity = what.where(acts["kind"].eq("gather"), acts["kind"])
    return acts[["society", "tick", "agent"]].assign(activity=activity).reset_index(drop=True)


def roles(acts: pd.DataFrame, window: int, *, least: int = 2, seed: int = 0) -> pd.DataFrame:
    """Return the role of each agent in each window in which it did anything.

    Args:
        acts: The columns of `activities`.
        window: Number of ticks of a window.
        least: Number of acts of one activity below which an agent has no role.
        seed: Seed of the shuffled acts.

    Returns:
        The columns `ROLES`, by society, window and agent: role (an activity, or `NO_ROLE`), acts (their number), share
        (of the most frequent activity among the agent's acts, 0-1), and share_shuffled (its mean if the acts of the
        window are dealt out anew among its agents, each keeping its number).
    """
    if acts.empty:
        return pd.DataFrame(columns=list(ROLES))
    place = acts.assign(window=acts["tick"] // window).groupby(["society", "window", "agent"], sort=True)
    row = place.ngroup().to_numpy()
    index = place.size().index
    code, names = pd.factorize(acts["activity"], sort=True)
    counts = _counts(row, code, len(index), len(names))
    total, most = counts.sum(1), counts.max(1)
    clear = (most >= least) & ((counts == most[:, None]).sum(1) == 1)
    # Sorting by a random number within a society's window shuffles its acts.
    pool = index.to_frame(index=False).groupby(["society", "window"]).ngroup().to_numpy()[row]
    rng, in_order = np.random.default_rng(seed), np.argsort(pool, kind="stable")
    shuffled = np.zeros(len(index))
    for _ in range(_SHUFFLES):
        dealt = np.empty_like(code)
        dealt[in_order] = code[np.lexsort((rng.random(len(code)), pool))]
        shuffled += _counts(row, dealt, len(index), len(names)).max(1) / total
    table = index.to_frame(index=False)
    table["role"] = np.where(clear, np.asarray(names, dtype=object)[counts.argmax(1)], NO_ROLE)
    return table.assign(acts=total.astype(int), share=most / total, share_shuffled=shuffled / _SHUFFLES)[list(ROLES)]


def role_measures(table: pd.DataFrame) -> pd.DataFrame:
    """Return the measures of roles for each society, as means over its windows.

    Args:
        table: The columns of `roles`.

    Returns:
        One row per society and measure: society, measure (a key of `MEASURES`) and value; NaN where it cannot be had,
        such as persistence with a single window.
    """
    names = [NO_ROLE, *sorted(set(table["role"]) - {NO_ROLE})]
    coded = table.assign(role=pd.Categorical(table["role"], names).codes)
    rows = []
    for society, own in coded.groupby("society", sort=False):
        values = _measures(own)
        rows += [(society, name, values[name]) for name in MEASURES]
    return pd.DataFrame(rows, columns=["society", "measure", "value"])


def roles_over_time(table: pd.DataFrame) -> pd.DataFrame:
    """Return the share of agents in each role, per society and window.

    Args:
        table: The columns of `roles`.

    Returns:
        The columns society, window, role and share (0-1, of the agents that did anything), with a row for every role of
        a society in each of its windows.
    """
    rows = []
    for society, own in table.groupby("society", sort=False):
        shares = pd.crosstab(own["window"], own["role"], normalize="index").reset_index()
        rows.append(shares.melt("window", var_name="role", value_name="share").assign(society=society))
    if not rows:
        return pd.DataFrame(columns=["society", "window", "role", "share"])
    return pd.concat(rows, ignore_index=True)[["society", "window", "role", "share"]]


def _counts(row: Array, code: Array, rows: int, codes: int) -> Array:
    return np.bincount(row * codes + code, minlength=rows * codes).reshape(rows, codes)


def _measures(own: pd.DataFrame) -> dict[str, float]:
    """Return the measures of one society, whose roles are numbers, 0 for none."""
    window, agent, role = (own[name].to_numpy() for name in ("window", "agent", "role"))
    windows = np.unique(window)
    places = [np.flatnonzero(window == one) for one in windows]
    entropies = [_entropy(np.bincount(role[place])[1:]) for place in places]
    roles_by_agent = [dict(zip(agent[place].tolist(), role[place].tolist(), strict=True)) for place in places]
    kept, dealt = _kept(roles_by_agent, windows)
    columns = (own[name].to_numpy(dtype=float) for name in ("share", "share_shuffled"))
    share, shuffled = (float(np.mean([column[place].mean() for place in places])) for column in columns)
    return {
        "entropy": float(np.nanmean(entropies)) if np.isfinite(entropies).any() else float("nan"),
        "kept": kept,
        "kept_shuffled": dealt,
        "persistence": kept - dealt,
        "share": share,
        "share_shuffled": shuffled,
        "focus": share - shuffled,
        "with_role": float((role > 0).mean()),
    }


def _entropy(counts: Array) -> float:
    """Return the entropy of counts of roles, in nats, with the correction of Miller (1955) for few agents."""
    counts = counts[counts > 0]
    if not len(counts):
        return float("nan")
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum() + (len(counts) - 1) / (2 * counts.sum()))


def _kept(by_window: Sequence[Mapping[int, int]], windows: Array) -> tuple[float, float]:
    """Return the share of agents that keep their role, and the same with roles dealt out anew, as means over windows.

    Agents count that have a role in one window and do anything in the next.

    Args:
        by_window: The role of each agent in each window; 0 for none.
        windows: The numbers of the windows.
    """
    shares = []
    for number in np.flatnonzero(np.diff(windows) == 1).tolist():
        now, then = by_window[number], by_window[number + 1]
        pairs = np.array([(role, then[agent]) for agent, role in now.items() if role and agent in then]).reshape(-1, 2)
        if len(pairs):
            most = pairs.max() + 1
            before, after = (np.bincount(pairs[:, side], minlength=most)[1:] for side in (0, 1))
            shares.append(((pairs[:, 0] == pairs[:, 1]).mean(), (before @ after) / len(pairs) ** 2))
    if not shares:
        return float("nan"), float("nan")
    kept, dealt = np.mean(shares, axis=0)
    return float(kept), float(dealt)
