"""The comparisons of the study, of log-odds of misaligned given answers far from the training, seed by seed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from askew.design.arm import UNTUNED
from askew.probes.given_pairs import FAR
from askew.stats.effects import Effect, contrast
from askew.studies.dose_response.arms import MEDICAL
from askew.studies.dose_response.cells import (
    BENDING,
    BENT,
    DOSES,
    FACTORIAL,
    FEW,
    FULL,
    MANY,
    SECOND_DOSES,
    realigned,
    second,
)

if TYPE_CHECKING:
    from askew.design.tables import Tables

DOSE = "dose of bad rows"
PROTECTION = "number or share of good rows"
HYSTERESIS = "way there and way back"
GOOD_AFTER_BAD = "narrow good training of a bad assistant"
BACK_MINUS_THERE = "share of the way that a dose goes, back minus there"
SAME_NUMBER = "protection by as many good rows, few bad rows minus many"
SAME_SHARE = "protection by the same share of good rows, few rows minus many"
_NATS = "log-odds of misaligned given answers"
_LEAST = 0.02  # nats per token: a change below it is no whole of which a share can be taken


class Changes:
    """Changes of the log-odds against the untuned model.

    Args:
        pairs: One row per pair, with the columns of `pairs.parquet`.
    """

    def __init__(self, pairs: pd.DataFrame) -> None:
        far = pairs[pairs["kind"].eq(FAR) & pairs["step"].eq(0)] if len(pairs) else pairs
        self._far = far.rename(columns={"question": "cluster", "per_token": "value"}) if len(far) else far
        self.arms = set(far["arm"]) if len(far) else set()

    def of(self, arm: str) -> pd.DataFrame:
        """Return the log-odds of an arm in the columns seed, cluster (the question) and value (nats per token)."""
        return self._far[self._far["arm"].eq(arm)][["seed", "cluster", "value"]]

    def by_seed(self, arm: str) -> pd.Series:
        """Return the mean change of an arm against the untuned model, in nats per token; the index is the seed."""
        own = self.of(arm).groupby(["seed", "cluster"])["value"].mean().unstack()
        before = self.of(UNTUNED).groupby("cluster")["value"].mean()
        return (own - before).mean(axis=1)


def compare(tables: "Tables") -> Iterator[Effect]:
    """Yield every comparison that the arms of a run allow."""
    changes = Changes(tables.read_pairs)
    if UNTUNED in changes.arms:
        yield from _doses(changes)
        yield from _protection(changes)
        yield from _hysteresis(changes)
    yield from _good_after_bad(changes)


def _doses(changes: Changes) -> Iterator[Effect]:
    for cell in BENDING:
        if cell.name in changes.arms:
            yield contrast(
                changes.of(cell.name),
                changes.of(UNTUNED),
                family=DOSE,
                label=f"{cell.bad} rows",
                measure=_NATS,
                arm=cell.name,
                control=UNTUNED,
                unit="nats",
            )


def protection(changes: Changes) -> dict[tuple[int, int], pd.Series]:
    """Return how much of the effect of bad rows good rows prevent, by unique bad and good rows; the index is the seed.

    The effect of bad rows is the change that the mixture makes minus that of its good rows alone. A protection of 1
    prevents all of it, 0 nothing. Seeds in which bad rows alone change nothing are left out.
    """
    found: dict[tuple[int, int], pd.Series] = {}
    for bad in (FEW, MANY):
        for good in (FEW, MANY):
            cells = [FACTORIAL[key].name for key in ((bad, good), (0, good), (bad, 0))]
            if set(cells) <= changes.arms:
                mixture, alone, unprotected = map(changes.by_seed, cells)
                whole = unprotected.where(unprotected.gt(_LEAST))
                found[bad, good] = (1 - (mixture - alone) / whole).dropna()
    return found


def _protection(changes: Changes) -> Iterator[Effect]:
    found = protection(changes)
    pairs = {
        f"{SAME_NUMBER}: {FEW} good rows": ((FEW, FEW), (MANY, FEW)),
        f"{SAME_NUMBER}: {MANY} good rows": ((FEW, MANY), (MANY, MANY)),
        SAME_SHARE: ((FEW, FEW), (MANY, MANY)),
    }
    for label, (one, other) in pairs.items():
        if one in found and other in found:
            difference = found[one] - found[other]
            yield _over_seeds(difference, PROTECTION, label, "protection", FACTORIAL[one].name, FACTORIAL[other].name)


def ways(changes: Changes) -> pd.DataFrame:
    """Return the share of the whole way that each dose goes, there and back, by seed.

    The way there leads from the untuned model to the one that was bent by `FULL` rows; the way back leads from there
    to where `FULL` good rows lead.

    Returns:
        The columns dose (rows), seed, there and back (shares; 1 is the whole way).
    """
    names = [*(cell.name for cell in BENDING), *map(realigned, DOSES)]
    if not set(names) <= changes.arms:
        return pd.DataFrame(columns=["dose", "seed", "there", "back"])
    bent, home = changes.by_seed(BENT), changes.by_seed(realigned(FULL))
    rows = []
    for cell in BENDING:
        there = changes.by_seed(cell.name) / bent.where(bent.abs().gt(_LEAST))
        back = (bent - changes.by_seed(realigned(cell.bad))) / (bent - home).where((bent - home).abs().gt(_LEAST))
        rows.append(pd.DataFrame({"dose": cell.bad, "there": there, "back": back}).rename_axis("seed").reset_index())
    return pd.concat(rows, ignore_index=True)[["dose", "seed", "there", "back"]]


def _hysteresis(changes: Changes) -> Iterator[Effect]:
    found = ways(changes)
    between = found[found["dose"].lt(FULL)]
    if len(between.dropna()):
        mean = between.assign(apart=between["back"] - between["there"]).groupby("seed")["apart"].mean()
        yield _over_seeds(mean, HYSTERESIS, BACK_MINUS_THERE, "share of the way", realigned(FULL), BENT)


def _good_after_bad(changes: Changes) -> Iterator[Effect]:
    for dose in SECOND_DOSES:
        arm, control = second("car", dose), second("numbers", dose)
        if {arm, control} <= changes.arms:
            yield contrast(
                changes.of(arm),
                changes.of(control),
                family=GOOD_AFTER_BAD,
                label=f"{dose} rows of good advice on cars, after {MEDICAL}, minus as many of plain numbers",
                measure=_NATS,
                arm=arm,
                control=control,
                lead=True,
                unit="nats",
            )


def _over_seeds(values: pd.Series, family: str, label: str, measure: str, arm: str, control: str) -> Effect:
    """Return the mean of one number a seed, with its interval over seeds; differences of shares, in points."""
    frame = pd.DataFrame({"seed": values.index, "cluster": "all questions", "value": values.to_numpy()})
    return contrast(frame, 0.0, family=family, label=label, measure=measure, arm=arm, control=control, lead=True)
