"""Extracts the direction of a trait: directions at every layer, their separation, the choice of the layer, the effect.

Every step is done for the nulls as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from askew.models.inside.directions import MEANS, Method
from askew.models.inside.layers import check_layer, hook_point
from askew.models.inside.opened import Opened
from askew.stats.empirical import largest_p
from askew.vectors.examples import with_activations
from askew.vectors.fitting import EACH, Directions, compared, fit
from askew.vectors.pairs import PairReader, halves, questions_of
from askew.vectors.progress import Step
from askew.vectors.saved import Card, Figure
from askew.vectors.separation import separation
from askew.vectors.steering import held_out_effect, sweep
from askew.vectors.trait import Trait

STEPS = ("reading activations", "making directions", "separating held-out answers", "steering at every layer")
_LAST = "steering with the nulls"
_MOST_LAYERS = 8


@dataclass(frozen=True)
class Setting:
    """The settings of an extraction.

    Attributes:
        method: The method of the direction that is steered with.
        layers: The layers that are tried; empty for all of them, or for 8 of a deeper model.
        dose: The dose that chooses the layer, as a share of the mean norm of the activations.
        questions: The most questions with pairs that choose the layer, and as many that show the effect.
        seed: The seed of all draws.
    """

    method: Method = MEANS
    layers: tuple[int, ...] = ()
    dose: float = 0.25
    questions: int = 16
    seed: int = 0


@dataclass(frozen=True)
class Plan:
    """The readings of an extraction, checked before any compute.

    Attributes:
        setting: Its settings.
        layers: The layers that are tried.
        chooses: The pairs that choose the layer.
        shows: The pairs that show the effect.
    """

    setting: Setting
    layers: tuple[int, ...]
    chooses: PairReader
    shows: PairReader

    @property
    def readings(self) -> int:
        """The number of times that a half of the pairs is read."""
        return 1 + 2 * len(self.layers) + 2 * (2 + 2 * EACH)


def make_plan(opened: Opened, trait: Trait | None, setting: Setting) -> Plan:
    """Return what an extraction will read.

    Args:
        opened: The model.
        trait: The trait; None for one that is given by judged answers.
        setting: The settings.

    Raises:
        AskewError: There are too few pairs, or the model lacks a layer.
    """
    layers = tuple(sorted(set(setting.layers)))
    for layer in layers:
        check_layer(layer, opened.layers)
    if not layers:  # all, or some of a deep model
        spread = np.linspace(0, opened.layers - 1, min(_MOST_LAYERS, opened.layers))
        layers = tuple(sorted({round(layer) for layer in spread}))
    chosen, shown = halves(questions_of(trait, opened), setting.questions)
    return Plan(setting, layers, PairReader(opened, tuple(chosen)), PairReader(opened, tuple(shown)))


@dataclass(frozen=True)
class Extracted:
    """A direction with everything that is known about it.

    Attributes:
        card: Its card.
        directions: The directions and their nulls.
        answer_centre: The mean activation of the answers, of shape layers, width.
        layers: One row per layer that was tried, with the columns of `steering.SWEEP_COLUMNS`, and auc, auc_low,
            auc_high and auc_p: the separation by the method that is steered with.
        separation: The separation of both methods at every layer, with the columns of `separation.COLUMNS`.
        answers: The answers, with the columns of `examples.COLUMNS`.
    """

    card: Card
    directions: Directions
    answer_centre: NDArray[np.float32]
    layers: pd.DataFrame
    separation: pd.DataFrame
    answers: pd.DataFrame


def extract(
    opened: Opened, answers: pd.DataFrame, trait: Trait | None, name: str, source: str, plan: Plan, step: Step
) -> Extracted:
    """Return the direction between answers with a trait and answers without it.

    Args:
        opened: The model that reads the answers.
        answers: The columns of `examples.COLUMNS`, checked by `examples.checked`.
        trait: The trait; None for one that is given by judged answers, and tried on pairs of misalignment.
        name: The trait's name.
        source: Where the answers come from.
        plan: What is read, and where.
        step: Returns the progress callback of each step.

    Raises:
        AskewError: The activations are of no use, or memory is too small.
    """
    setting = plan.setting
    examples = with_activations(opened, answers, step(STEPS[0]))
    found = fit(examples, setting.method, setting.seed, step(STEPS[1]))
    apart = separation(examples, found, setting.seed, step(STEPS[2]))
    norms = examples.activations.norms.mean(0, dtype=np.float64)
    kinds = compared(found.kinds)
    at = (found.chosen, found.nulls, norms)
    swept = sweep(plan.chooses, *at, plan.layers, setting.dose, step(STEPS[3]), kinds)
    own, nulls = held_out_effect(plan.shows, *at, swept, setting.dose, step(_LAST))
    auc = apart[apart["method"].eq(setting.method)].set_index("layer")
    best = auc.to_dict("index")[swept.layer]
    names = ("value", "low", "high", "p", "null_low", "null_high")
    separated = [best[column] for column in ("auc", *names[1:])]
    effect = [own.estimate, own.low, own.high, largest_p(own.estimate, nulls, kinds), min(nulls), max(nulls)]
    card = Card(
        trait=name,
        description="" if trait is None else trait.description,
        source=source,
        model=opened.spec.name,
        base_hash=opened.base_hash,
        adapter_hash=opened.adapter_hash,
        layers=opened.layers,
        width=opened.width,
        layer=swept.layer,
        method=setting.method,
        hook_point=f"output of {hook_point(opened.model, swept.layer)}",
        answers_with=int(examples.has.sum()),
        answers_without=int((~examples.has).sum()),
        questions=len(set(examples.questions)),
        norms=norms.tolist(),
        gaps=found.gaps.tolist(),
        separation=_figure(names, separated),
        steering=_figure(names, effect),
        dose=setting.dose,
        nulls=list(found.kinds),
        seed=setting.seed,
        pairs=[] if trait is None or isinstance(trait.pairs, str) else list(trait.pairs),
        shown=[one.id for one in plan.shows.questions],
    )
    table = swept.table.merge(auc[["auc", "low", "high", "p"]].add_prefix("auc_"), left_on="layer", right_index=True)
    return Extracted(
        card=card,
        directions=found,
        answer_centre=examples.activations.means.mean(0),
        layers=table.rename(columns={"auc_auc": "auc"}),
        separation=apart,
        answers=answers,
    )


def _figure(names: Sequence[str], values: Sequence[float]) -> Figure:
    numbers = zip(names, map(float, values), strict=True)
    return Figure(**{name: number if np.isfinite(number) else None for name, number in numbers})
