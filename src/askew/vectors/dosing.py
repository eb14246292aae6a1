"""Steers a model along a saved direction at several doses, beside its nulls."""

from collections.abc import Callable, Sequence

import pandas as pd

from askew.base.errors import AskewError
from askew.models.inside.layers import check_layer
from askew.models.inside.opened import Opened
from askew.probes.question_file import Question
from askew.vectors.fitting import compared
from askew.vectors.pairs import PairReader, questions_of
from askew.vectors.saved import Saved, check_fits
from askew.vectors.steering import ABLATE, ADD, dose_table
from askew.vectors.trait import as_questions

DOSES = (-0.5, -0.25, 0.25, 0.5)
"""The usual doses, as shares of the mean norm of the activations."""
_LARGEST = 10.0


def held_out_pairs(saved: Saved, opened: Opened, most: int = 0) -> PairReader:
    """Return the pairs that showed the effect of a direction, and did not choose its layer.

    Args:
        saved: The direction.
        opened: The model that reads them.
        most: The most questions; 0 for all.

    Raises:
        AskewError: The model has another base or other layers, or this version of Askew no longer has the pairs.
    """
    check_fits(saved, opened)
    pairs = saved.card.pairs
    found: Sequence[Question] = as_questions(pairs) if pairs else questions_of(None, opened)
    wanted = set(saved.card.shown)
    own = [one for one in found if one.id in wanted]
    if len(own) < len(wanted):
        raise AskewError(
            f"{len(wanted) - len(own)} of {len(wanted)} questions with pairs of the direction in {saved.folder} are "
            "not in this version of Askew, or belong to another world. Extract the direction again"
        )
    return PairReader(opened, tuple(own[:most] if most else own))


def ways(doses: Sequence[float]) -> list[tuple[str, float]]:
    """Return the ways of steering for some doses, in their order, with the ablation as the last one.

    Args:
        doses: Shares of the mean norm of the activations, none of them 0; empty for `DOSES`.

    Raises:
        AskewError: A dose is 0, or far beyond the norm of the activations.
    """
    for dose in doses:
        if not 0 < abs(dose) <= _LARGEST:
            raise AskewError(
                f"the dose {dose:g} is of no use: a dose is a share of the norm of the activations, from "
                f"-{_LARGEST:g} to {_LARGEST:g} and not 0; 0 is always read"
            )
    return [*((ADD, dose) for dose in sorted(set(doses or DOSES))), (ABLATE, float("nan"))]


def steer_pairs(
    saved: Saved,
    reader: PairReader,
    doses: Sequence[tuple[str, float]],
    layer: int | None,
    on_progress: Callable[[int, int], None],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what each dose of a direction does to pairs of given answers, beside its nulls.

    Args:
        saved: The direction.
        reader: The pairs, of `held_out_pairs`.
        doses: Ways of steering with their doses, of `ways`.
        layer: The layer, counted from 0; None for the one that was chosen.
        on_progress: Called with the number of readings that are done, and of all.

    Returns:
        Two tables; see `steering.dose_table` for their columns.

    Raises:
        AskewError: The model has no such layer.
    """
    at = saved.card.layer if layer is None else layer
    check_layer(at, reader.opened.layers)
    kinds = compared(saved.card.nulls)
    return dose_table(reader, at, saved.vector(at), saved.nulls(at), doses, on_progress, kinds)
