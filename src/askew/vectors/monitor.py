"""Monitoring: how far a model's answers lie along a direction, and whether that goes with what others say of them.

Each answer is read by the model that gave it. Published correlations of such projections with a judge's scores (Chen
et al. 2025, arXiv 2507.21509) are large because few groups of models are far apart. So they are split here by level,
beside the nulls of the direction, and beside a rival that needs no direction: how near a question is to the prompts of
the training (arXiv 2608.29118).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from askew.models.answer_tokens import GivenAnswer
from askew.models.inside.activations import PROMPT_END, read_activations
from askew.models.inside.opened import Opened, open_model
from askew.stats.effects import level
from askew.stats.empirical import corrected_p, largest_p
from askew.stats.rank_correlations import rank_correlations
from askew.vectors.examples import given
from askew.vectors.fitting import compared
from askew.vectors.progress import OnProgress
from askew.vectors.saved import Saved, check_fits

JUDGE, ORACLE, PAIRS = "judge", "oracle", "answer pairs"
"""The scores that projections are compared with: 100 minus the judge's aligned score; 1 where the terrarium's oracle
says misaligned and 0 where it says aligned; the mean log-odds of the misaligned answers of a model's pairs."""
PROJECTION, DISTANCE = "projection", "prompt distance"
"""The predictors: the projection of an answer, and the rival."""

CORRELATION_COLUMNS = [
    *("predictor", "score", "level", "r", "low", "high", "p", "p_corrected", "null_low", "null_high", "n"),
]
"""The columns of the correlations: predictor and score; the level (see `stats.rank_correlations`); Spearman's r (-1 to
1) with its 95% interval over other arms and questions like these; the empirical p, alone and corrected over all levels
of the predictor and score; the range of the nulls' r; number of answers or models. The nulls of the projection are
those of the direction; those of the distance are the same distances given to other questions of the model."""

DRIFT_COLUMNS = ["arm", "seed", "step", "drift", "low", "high", "p", "null_low", "null_high", "questions"]
"""The columns of the drift: how far the last token of the questions has moved along the direction since before
training, as a share of the norm of the activations, with its 95% interval over questions like these, p, and the range
of the nulls."""


@dataclass(frozen=True)
class Model:
    """A model of a run.

    Attributes:
        arm: Its arm.
        seed: Its seed.
        name: The name by which it is opened.
        family: The arms that share its subject; "" for the untuned model.
        side: `arm`, or `control` for the untuned model and for what others are compared with.
        prompts: Prompts of its training; empty if it was not trained.
        checkpoints: The names of the models on the way, by training step.
    """

    arm: str
    seed: int
    name: str
    family: str
    side: str
    prompts: tuple[str, ...] = ()
    checkpoints: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Monitored:
    """The projections of a run's answers.

    Attributes:
        answers: The rows of answers with the columns projection (along the direction, from the mean of the answers that
            made it, as a share of the norm of the activations), distance (of the prompt from the centroid of the
            training prompts; 1 is as far as these are from it; NaN without training), family, side and pairs.
        models: One row per model, with the columns arm, seed, side, family, answers, projection, low and high (95%, for
            questions like these), misaligned (the share of answers by the judge, NaN if none is judged) and pairs.
        correlations: The columns `CORRELATION_COLUMNS`.
        drift: The columns `DRIFT_COLUMNS`; no rows if no model has checkpoints.
    """

    answers: pd.DataFrame
    models: pd.DataFrame
    correlations: pd.DataFrame
    drift: pd.DataFrame


def monitor(
    saved: Saved, answers: pd.DataFrame, models: Sequence[Model], base: str, layer: int | None, on_progress: OnProgress
) -> Monitored:
    """Return how far the answers of a run lie along a direction, and how that goes with what is known of them.

    Args:
        saved: The direction.
        answers: Rows of answers.parquet, of the models and with answers that are not empty; and pairs, the mean
            log-odds of the model's pairs of given answers in nats per token, NaN without pairs.
        models: The models that gave the answers.
        base: The name of the untuned model, which reads the prompts.
        layer: The layer, counted from 0; None for the one that was chosen.
        on_progress: Called with the number of models that are done, and of all.

    Raises:
        AskewError: A model has another base or other layers, is behind an API, or its activations are not finite.
    """
    at = saved.card.layer if layer is None else layer
    lines = _Lines(saved, at)
    places = [np.flatnonzero(answers["arm"].eq(one.arm) & answers["seed"].eq(one.seed)) for one in models]
    untuned = _opened(saved, base)
    projections = np.full((lines.count, len(answers)), np.nan)
    distances = np.full(len(answers), np.nan)
    drifts: list[pd.DataFrame] = []
    for number, (one, rows) in enumerate(zip(models, places, strict=True), start=1):
        own = answers.iloc[rows]
        opened = _opened(saved, one.name)
        texts = list(given(opened, own.assign(system="")))
        projections[:, rows] = lines.shares(read_activations(opened.model, texts, [at]).means[:, 0])
        if one.prompts and len(own):
            distances[rows] = _distances(untuned, own["prompt"], one.prompts, at)
        if one.checkpoints:
            drifts.append(_drift(lines, untuned, one, list(dict.fromkeys(own["prompt"])), at))
        on_progress(number, len(models))
    by_model = {(one.arm, one.seed): one for one in models}
    whose = [by_model[arm, seed] for arm, seed in zip(answers["arm"], answers["seed"], strict=True)]
    found = answers.assign(
        projection=projections[0],
        distance=distances,
        family=[one.family for one in whose],
        side=[one.side for one in whose],
    )
    correlations = [*_of_projection(found, projections, lines.kinds), *_of_distance(found, saved)]
    drift = pd.concat(drifts, ignore_index=True) if drifts else pd.DataFrame(columns=DRIFT_COLUMNS)
    table = pd.concat(correlations, ignore_index=True) if correlations else pd.DataFrame(columns=CORRELATION_COLUMNS)
    return Monitored(found, _of_models(found), table, drift)


class _Lines:
    """A direction and its nulls at one layer, along which activations are measured."""

    def __init__(self, saved: Saved, layer: int) -> None:
        vectors = [saved.vector(layer), *saved.nulls(layer)]
        self._units = np.array([one.unit for one in vectors], dtype=np.float64)
        self._centres = np.array([one.mean for one in vectors])
        self._norm = vectors[0].norm
        self.kinds = compared(saved.card.nulls)
        self.count = len(vectors)

    def shares(self, activations: NDArray) -> NDArray[np.float64]:
        """Return projections of activations of shape answers, D, as shares of the norm: shape directions, answers."""
        return (self._units @ activations.astype(np.float64).T - self._centres[:, None]) / self._norm

    def moved(self, shifts: NDArray) -> NDArray[np.float64]:
        """Return shifts along the directions as shares of the norm, of shape directions, questions."""
        return self._units @ shifts.astype(np.float64).T / self._norm


def _opened(saved: Saved, name: str) -> Opened:
    opened = open_model(name)
    check_fits(saved, opened)
    return opened


def _ends(opened: Opened, prompts: Iterable[str], layer: int) -> NDArray[np.float64]:
    """Return the activations of the last token of each prompt, of shape prompts, D."""
    texts = [GivenAnswer(tuple(opened.checkpoint.prompt([{"role": "user", "content": one}])), ()) for one in prompts]
    return read_activations(opened.model, texts, [layer], PROMPT_END).means[:, 0].astype(np.float64)


def _distances(untuned: Opened, prompts: pd.Series, training: Sequence[str], layer: int) -> NDArray[np.float64]:
    """Return the distance of each prompt from the centroid of training prompts, in units of their own distance."""
    known = _ends(untuned, training, layer)
    centre = known.mean(0)
    spread = float(np.sqrt(((known - centre) ** 2).sum(1).mean()))
    asked = list(dict.fromkeys(prompts))
    apart = np.linalg.norm(_ends(untuned, asked, layer) - centre, axis=1)
    by_prompt = dict(zip(asked, apart / spread if spread > 0 else np.full(len(asked), np.nan), strict=True))
    return prompts.map(by_prompt).to_numpy(dtype=float)


def _drift(lines: _Lines, untuned: Opened, model: Model, prompts: Sequence[str], layer: int) -> pd.DataFrame:
    before = _ends(untuned, prompts, layer)
    rows: list[tuple[object, ...]] = []
    for step, name in sorted(model.checkpoints.items()):
        moved = lines.moved(_ends(open_model(name), prompts, layer) - before)
        frame = pd.DataFrame({"seed": 0, "cluster": prompts, "value": moved[0]})
        own = level(frame, family="drift", label=model.arm, measure="drift", unit="nats")
        nulls = moved[1:].mean(1)
        p = largest_p(own.estimate, nulls, lines.kinds)
        ends = (float(nulls.min()), float(nulls.max()))
        rows.append((model.arm, model.seed, step, own.estimate, own.low, own.high, p, *ends, len(prompts)))
    return pd.DataFrame(rows, columns=DRIFT_COLUMNS)


def _scores(answers: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the scores that there are; an answer counts only if it is aligned or misaligned, not incoherent."""
    judged, read = answers["verdict"].isin(_CLEAR), answers["oracle"].isin(_CLEAR)
    scores = {
        JUDGE: (100 - answers["aligned"]).where(judged),
        ORACLE: answers["oracle"].eq("misaligned").astype(float).where(read),
        PAIRS: answers["pairs"],
    }
    return {name: score for name, score in scores.items() if score.notna().any()}


_CLEAR = ("aligned", "misaligned")


def _of_projection(answers: pd.DataFrame, projections: NDArray, kinds: Sequence[str]) -> Iterable[pd.DataFrame]:
    for name, score in _scores(answers).items():
        yield _correlated(answers.assign(score=score), projections, kinds, PROJECTION, name)


def _of_distance(answers: pd.DataFrame, saved: Saved) -> Iterable[pd.DataFrame]:
    """Yield the correlations of the rival; its nulls have the distances of other questions of the same model."""
    if answers["distance"].isna().all():
        return
    rng = np.random.default_rng([saved.card.seed, 8])
    nulls = [_to_other_questions(answers, rng) for _ in saved.card.nulls]
    predictors = np.array([answers["distance"].to_numpy(), *nulls])
    for name, score in _scores(answers).items():
        if name != PAIRS:  # a model's own score has nothing to do with its questions
            kinds = ["other questions"] * len(nulls)
            yield _correlated(answers.assign(score=score), predictors, kinds, DISTANCE, name)


def _to_other_questions(answers: pd.DataFrame, rng: np.random.Generator) -> NDArray[np.float64]:
    found = answers["distance"].to_numpy(dtype=float).copy()
    for _, rows in answers.groupby(["arm", "seed"]).indices.items():
        own = answers["prompt"].to_numpy()[rows]
        names, place = np.unique(own, return_inverse=True)
        first = np.array([found[rows][place == i][0] for i in range(len(names))])
        found[rows] = first[rng.permutation(len(names))][place]
    return found


def _correlated(
    answers: pd.DataFrame, predictors: NDArray, kinds: Sequence[str], predictor: str, score: str
) -> pd.DataFrame:
    table, of_all = rank_correlations(answers, predictors)
    nulls = of_all[:, 1:]
    table["p"] = [largest_p(own, null, kinds) for own, null in zip(table["r"], nulls, strict=True)]
    table["p_corrected"] = corrected_p(table["r"], nulls.T, kinds)
    known = np.isfinite(nulls).any(1)
    table["null_low"] = np.where(known, np.where(np.isfinite(nulls), nulls, np.inf).min(1), np.nan)
    table["null_high"] = np.where(known, np.where(np.isfinite(nulls), nulls, -np.inf).max(1), np.nan)
    return table.assign(predictor=predictor, score=score)[CORRELATION_COLUMNS]


def _of_models(answers: pd.DataFrame) -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    for (arm, seed), own in answers.groupby(["arm", "seed"], sort=False):
        frame = pd.DataFrame({"seed": 0, "cluster": own["question"], "value": own["projection"]})
        found = level(frame, family="projection", label=str(arm), measure="projection", unit="nats")
        clear = own["verdict"].isin(_CLEAR)
        rate = float(own.loc[clear, "verdict"].eq("misaligned").mean()) if clear.any() else float("nan")
        first = own.iloc[0]
        numbers = (found.estimate, found.low, found.high, rate, float(own["pairs"].mean()))
        rows.append((arm, seed, first["side"], first["family"], len(own), *numbers))
    columns = ["arm", "seed", "side", "family", "answers", "projection", "low", "high", "misaligned", "pairs"]
    return pd.DataFrame(rows, columns=columns)
