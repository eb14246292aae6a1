"""The tipping share of societies, predicted from probes of single agents before any society is played."""

from typing import TYPE_CHECKING

import pandas as pd

from askew.design.societies import SocietySettings
from askew.stats.conformity import Conformity, conformity
from askew.stats.played_ahead import Setting as Ahead
from askew.stats.played_ahead import crossing
from askew.stats.tipping import Tipping, tipping
from askew.studies.society.alone import conformity_probes
from askew.studies.society.outcomes import BENT_SIDE, WINDOW
from askew.studies.society.probes import ALONE
from askew.studies.society.societies import BENT, bent_arms
from askew.worlds.society import experiments
from askew.worlds.society.state import VOICES

if TYPE_CHECKING:
    from askew.design.tables import Tables

COLUMNS = (
    *("arm", "control", "topic", "beta", "beta_low", "beta_high", "bias", "bias_low", "bias_high"),
    *("bent_beta", "bent_bias", "reading", "share", "low", "high", "tips", "stays"),
    *("crossing", "crossing_low", "crossing_high", "probes"),
)
"""The columns of the predictions; see `predicted`."""

_ROUNDS_A_DAY = 3  # of talk, among the six ticks of a day
_TICKS_A_DAY = 6


def predicted(tables: "Tables") -> pd.DataFrame:
    """Return the predicted tipping share of each arm with bent agents and each topic.

    Args:
        tables: The tables of the run before its societies; its scores are read.

    Returns:
        The columns `COLUMNS`: beta and bias of the good agents towards the bent side, those of the bent ones, the
        reading of the mean field with the tipping share (0-1, infinite if there is none), the shares of resampled
        probes that tip, and that stay when the bent leave; and the share of bent agents at which half of the societies
        of the real size are to tip. No row without the probe of single agents.
    """
    chosen = tables.design.society
    if chosen.experiment != BENT:
        return pd.DataFrame(columns=COLUMNS)
    probes = conformity_probes(tables.scores, ALONE)
    topics = chosen.topics or [experiments.get(BENT).topics[0]]
    rows = []
    for arm in bent_arms(tables.arms, tables.controls):
        control = tables.controls[arm]
        for topic in topics:
            own = probes[probes["topic"].eq(topic) & probes["about"].ne("vote")]
            good, bent = own[own["arm"].eq(control)], own[own["arm"].eq(arm)]
            if good["value"].notna().any() and bent["value"].notna().any():
                rows.append(_row(arm, control, topic, _fit(good), _fit(bent), chosen))
    return pd.DataFrame(rows, columns=COLUMNS)


def _fit(probes: pd.DataFrame) -> Conformity:
    """Return the conformity of an arm, towards the side of the bent agents; training seeds are the clusters."""
    own = probes.assign(cluster=probes["seed"]) if probes["seed"].nunique() > 1 else probes
    return conformity(own).towards(BENT_SIDE)


def _row(arm: str, control: str, topic: str, good: Conformity, bent: Conformity, chosen: SocietySettings) -> tuple:
    experiment = experiments.get(BENT)
    agents, ticks = chosen.agents or experiment.agents, chosen.ticks or experiment.ticks
    found: Tipping = tipping(good, bent, voices=VOICES)
    ahead = Ahead(agents, max(1, ticks * _ROUNDS_A_DAY // _TICKS_A_DAY), VOICES)
    half = crossing(good, ahead, bent, window=max(1, WINDOW * _ROUNDS_A_DAY // _TICKS_A_DAY))
    return (
        *(arm, control, topic, good.beta, *good.interval("beta"), good.bias, *good.interval("bias")),
        *(bent.beta, bent.bias, found.reading, found.share, found.low, found.high, found.tips, found.stays),
        *(*half, good.probes),
    )
