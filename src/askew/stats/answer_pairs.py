"""Shares and log-odds of pairs of given answers by arm, and their differences from the untuned model and the control.

Each number has two 95% intervals, over seeds and questions like these, and over seeds alone; pairs of one question are
not independent, so the question is the cluster. Log-probabilities of given answers as a measure of misalignment during
training: Betley et al. 2025 (arXiv 2502.17424).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from askew.stats.effects import EFFECT_COLUMNS, Effect, as_table, contrast, level

SHARE, PER_TOKEN, TOTAL = "share preferred", "log-odds per token", "log-odds in total"
"""The measures: the share of pairs in which the second answer is likelier per token than the first; its log-odds in
nats per token; and in total."""

MEASURES = (SHARE, PER_TOKEN, TOTAL)
_VALUES = {SHARE: "prefers_other", PER_TOKEN: "per_token", TOTAL: "in_total"}
_UNITS: Mapping[str, Literal["share", "nats"]] = {SHARE: "share", PER_TOKEN: "nats", TOTAL: "nats"}
COLUMNS = ("probe", "kind", *EFFECT_COLUMNS)
"""The columns of pairs.csv, in order."""


def pair_effects(pairs: pd.DataFrame, controls: Mapping[str, str], untuned: str, order: Sequence[str]) -> pd.DataFrame:
    """Return the level of each arm in each kind of pair, and its differences from the untuned model and the control.

    Args:
        pairs: One row per pair, with the columns arm, seed, probe, question, kind (of pair), prefers_other (a boolean),
            per_token and in_total (log-odds in nats).
        controls: Arm to its control.
        untuned: The arm that is the untuned model; "" if there is none.
        order: The kinds of pairs in the order of display.

    Returns:
        The columns `COLUMNS`. A level has no control; p-values are corrected (Holm) over the differences of one kind
        of pair and measure.
    """
    parts: list[pd.DataFrame] = []
    for probe, of_probe in pairs.groupby("probe", sort=False):
        for kind in [one for one in order if one in set(of_probe["kind"])]:
            own = of_probe[of_probe["kind"].eq(kind)]
            for measure in _VALUES:
                found = as_table(_effects(own, kind, measure, controls, untuned))
                parts.append(found.assign(probe=probe, kind=kind))
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)] if parts else pd.DataFrame(columns=list(COLUMNS))


def _effects(
    pairs: pd.DataFrame, kind: str, measure: str, controls: Mapping[str, str], untuned: str
) -> Iterator[Effect]:
    frames = {str(arm): _frame(own, measure) for arm, own in pairs.groupby("arm", sort=False)}
    unit = _UNITS[measure]
    for arm, frame in frames.items():
        yield level(frame, family=kind, label=arm, measure=measure, arm=arm, unit=unit)
        for control in dict.fromkeys([untuned, controls.get(arm, "")]):
            if control in frames and control != arm:
                yield contrast(
                    frame,
                    frames[control],
                    family=kind,
                    label=f"{arm} minus {control}",
                    measure=measure,
                    arm=arm,
                    control=control,
                    unit=unit,
                )


def _frame(pairs: pd.DataFrame, measure: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"seed": pairs["seed"], "cluster": pairs["question"], "value": pairs[_VALUES[measure]].astype(float)}
    )


@dataclass(frozen=True)
class RegisterShift:
    """An arm in which neutral pairs moved about as much as far ones, so that a shift of style may be all there is.

    Attributes:
        arm: The arm.
        control: The arm that it is compared with.
        far: The difference of the far pairs in nats per token.
        neutral: That of the neutral pairs.
    """

    arm: str
    control: str
    far: float
    neutral: float


def register_shifts(effects: pd.DataFrame, far: str, neutral: str) -> list[RegisterShift]:
    """Return the arms whose neutral pairs moved at least as much as their far pairs, in nats per token.

    Pairs that moved by less than their own 95% interval allows for chance do not count.

    Args:
        effects: The rows of pairs.csv.
        far: The kind of the far pairs.
        neutral: The kind of the neutral pairs.
    """
    rows = effects[effects["measure"].eq(PER_TOKEN) & effects["control"].ne("")]
    keys = ["probe", "arm", "control"]
    both = rows[rows["kind"].eq(far)].merge(rows[rows["kind"].eq(neutral)], on=keys, suffixes=("", "_neutral"))
    moved = both["low_neutral"].gt(0) | both["high_neutral"].lt(0)
    found = both[moved & both["estimate_neutral"].abs().ge(both["estimate"].abs())]
    return [
        RegisterShift(row["arm"], row["control"], row["estimate"], row["estimate_neutral"])
        for row in found.to_dict("records")
    ]


def along_training(pairs: pd.DataFrame, totals: Mapping[str, int], untuned: str, kinds: Iterable[str]) -> pd.DataFrame:
    """Return the share and the log-odds at each training step, by arm, seed and kind of pair.

    Args:
        pairs: One row per pair, with the columns of `pair_effects` and step: 0 for a finished model.
        totals: Trained arm to the number of its training steps.
        untuned: The arm that is the untuned model, at which each training begins; "" if there is none.
        kinds: The kinds of pairs that are wanted.

    Returns:
        The columns arm, seed, kind, fraction (of the training, 0-1), share (0-1) and per_token (nats).
    """
    wanted = pairs[pairs["kind"].isin(list(kinds))]
    parts = [pd.DataFrame(columns=[*wanted.columns, "fraction"])] if not totals else []
    for arm, total in totals.items():
        own = wanted[wanted["arm"].eq(arm)]
        before = wanted[wanted["arm"].eq(untuned) & wanted["question"].isin(own["question"])]
        parts += [before.assign(arm=arm, seed=seed, fraction=0.0) for seed in own["seed"].unique()]
        parts.append(own.assign(fraction=own["step"].where(own["step"].gt(0), total) / total))
    means = pd.concat(parts, ignore_index=True).groupby(["arm", "seed", "kind", "fraction"], as_index=False)
    return means[["prefers_other", "per_token"]].mean().rename(columns={"prefers_other": "share"})
