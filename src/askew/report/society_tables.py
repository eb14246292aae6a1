"""The tables of societies that the report reads: events, agents, societies, attributions, roles and estimates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from askew.base.errors import AskewError

EVENTS = ["society", "tick", "agent", "kind", "to", "place", "x", "y", "text", "option", "number", "source"]
AGENTS = ["society", "agent", "name", "part", "model", "home", "x", "y"]
SOCIETIES = ["society", "experiment", "condition", "k", "agents", "ticks", "seed", "replicate"]
ATTRIBUTIONS = ["society", "agent", "source", "tick", "probability"]
ROLES = ["society", "agent", "tick", "role"]

ADOPTION = ["condition", "k", "agents", "phase", "mean", "low", "high"]
TIPPING = ["condition", "share", "low", "high"]
ROLE_SHARES = ["condition", "role", "tick", "mean", "low", "high"]
TIPPED = [
    *("condition", "predicted", "predicted_low", "predicted_high", "mean_field"),
    *("observed", "observed_low", "observed_high", "jump", "middle", "reading", "societies"),
]
KEPT = [
    *("condition", "k", "before", "before_low", "before_high", "after", "after_low", "after_high"),
    *("kept", "kept_low", "kept_high", "reading", "societies"),
]
LAWS = ["condition", "measure", "tick", "mean", "low", "high"]
BELIEFS = ["condition", "measure", "tick", "mean", "low", "high"]

_COLUMNS: Mapping[str, Sequence[str]] = {
    "events": EVENTS,
    "agents": AGENTS,
    "societies": SOCIETIES,
    "attributions": ATTRIBUTIONS,
    "roles": ROLES,
    "adoption": ADOPTION,
    "tipping": TIPPING,
    "tipped": TIPPED,
    "kept": KEPT,
    "role_shares": ROLE_SHARES,
    "laws": LAWS,
    "beliefs": BELIEFS,
}


@dataclass(frozen=True)
class SocietyTables:
    """The tables of societies that a report shows. It leaves out what has no rows; the replay needs the first three.

    Attributes:
        events: The rows of `society/events.parquet`, one per event, with the columns `EVENTS`.
        agents: The rows of `society/agents.parquet`, with the columns `AGENTS`.
        societies: The rows of `society/societies.parquet`, with the columns `SOCIETIES`. A society that was cut short
            may lack its row.
        attributions: The columns `ATTRIBUTIONS`: the probability that the exposure of an agent to a source at a tick is
            the one that converted it. The rest up to 1 is the probability that it came to it by itself.
        roles: The columns `ROLES`: the role that an agent has from a tick on ("" for none), only of experiments that
            are about roles.
        adoption: The columns `ADOPTION`: the share of agents, 0-1, on the side of the bent ones, by the number k of
            these; `phase` names the line, such as "while they are there" and "after they left".
        tipping: The columns `TIPPING`: the predicted tipping point of each condition as a share of bent agents, 0-1;
            NaN if none is predicted.
        tipped: The columns `TIPPED`: the share of bent agents at which half of the societies tip, as it was predicted
            and as it was seen, infinite if none tips; `mean_field` and `reading` are words.
        kept: The columns `KEPT`: adoption before the bent agents left and at the end, what is left of it beyond
            societies without bent agents, and the `reading` in words.
        role_shares: The columns `ROLE_SHARES`: the share of agents with a role, by tick.
        laws: The columns `LAWS`: `measure` names the line, such as "law" and "paid"; rates are fractions.
        beliefs: The columns `BELIEFS`: `measure` names the line, such as "says a keyword" and "believes".
        sight: Cells in either direction that an agent sees; 0 if unknown: then those at the same place are shown.

    Raises:
        AskewError: A table that has rows lacks a column.
    """

    events: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=EVENTS))
    agents: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=AGENTS))
    societies: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=SOCIETIES))
    attributions: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=ATTRIBUTIONS))
    roles: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=ROLES))
    adoption: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=ADOPTION))
    tipping: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=TIPPING))
    tipped: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=TIPPED))
    kept: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=KEPT))
    role_shares: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=ROLE_SHARES))
    laws: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=LAWS))
    beliefs: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=BELIEFS))
    sight: int = 0

    def __post_init__(self) -> None:
        for name, columns in _COLUMNS.items():
            missing = [column for column in columns if column not in getattr(self, name).columns]
            if missing and len(getattr(self, name)):
                raise AskewError(
                    f"the table {name!r} of the societies has no column {missing[0]!r}. Make the run's tables again; "
                    "if they come from another version of Askew, run it again"
                )
