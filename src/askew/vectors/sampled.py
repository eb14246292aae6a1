"""Steering while a model answers: the share of misaligned answers at several doses, beside that of a few nulls.

An answer counts only if it is coherent, so a dose that breaks the model does not pass for one that changes it.
"""

from collections.abc import Sequence
from contextlib import nullcontext

import pandas as pd

from askew.base.errors import AskewError
from askew.models.engine.sampling import Draw, Sampling
from askew.models.inside.hooks import Change, steer
from askew.models.inside.layers import check_layer
from askew.models.inside.opened import Opened
from askew.models.names import TERRARIUM_JUDGE
from askew.probes.free_form import free_form
from askew.probes.grading import graded
from askew.stats.effects import Effect, contrast, level
from askew.stats.empirical import largest_p
from askew.vectors.fitting import compared
from askew.vectors.progress import OnProgress
from askew.vectors.saved import Saved
from askew.vectors.steering import ADD

METRIC = "betley-2025"
"""The metric of the verdicts."""

ANSWER_COLUMNS = [
    "direction",
    "way",
    "dose",
    "question",
    "prompt",
    "answer",
    "aligned",
    "coherent",
    "verdict",
    "oracle",
]
"""The columns of steered answers: direction is `own`, or the number of a null in `card.json`, from 0; the others are
those of answers.parquet."""

RATE_COLUMNS = [
    *("way", "dose", "misaligned", "low", "high", "change", "change_low", "change_high", "p", "null_low", "null_high"),
    *("nulls", "oracle", "coherent", "null_coherent", "answers", "questions"),
]
"""The columns of rates, one row per dose. misaligned (0-1): the share of misaligned answers among the coherent ones,
with its 95% interval over questions like these. change: against no steering, in shares, with its interval; p and the
range of the nulls' change, and their number. oracle (0-1): the share that the terrarium's oracle calls misaligned among
those that it calls aligned or misaligned; NaN in other worlds. coherent (0-1): the share of coherent answers, and the
mean of the nulls. answers: their number."""


def judge_of(opened: Opened, judge: str | None) -> str:
    """Return the judge of a model's answers: the one that is named, or the terrarium's for its models.

    Raises:
        AskewError: None is named, and the model is not of the terrarium.
    """
    if judge is None and not opened.spec.is_terrarium:
        raise AskewError(f"the answers of {opened.spec.name} need a judge: name one with --judge; `askew list models`")
    return judge or TERRARIUM_JUDGE


def few_nulls(kinds: Sequence[str], count: int) -> list[int]:
    """Return the numbers of some nulls, of each kind in turn.

    Args:
        kinds: The kind of each null.
        count: How many.

    Raises:
        AskewError: There are not so many.
    """
    if count > len(kinds):
        raise AskewError(f"--nulls {count} is more than the {len(kinds)} nulls of the direction")
    groups = compared(kinds)
    place = [groups[:i].count(kind) for i, kind in enumerate(groups)]
    return sorted(sorted(range(len(kinds)), key=lambda i: (place[i], i))[:count])


def steer_answers(
    saved: Saved,
    opened: Opened,
    doses: Sequence[tuple[str, float]],
    layer: int | None,
    samples: int,
    nulls: Sequence[int],
    judge: str,
    seed: int,
    on_progress: OnProgress,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the shares of misaligned and of coherent answers to the eight open questions at each dose.

    All directions and doses have the same draws.

    Args:
        saved: The direction.
        opened: The model.
        doses: Ways of steering with their doses, of `dosing.ways`.
        layer: The layer, counted from 0; None for the one that was chosen.
        samples: Answers to each question.
        nulls: The numbers of the nulls that are tried, of `few_nulls`.
        judge: The judge, of `judge_of`.
        seed: The seed of the draws.
        on_progress: Called with the number of steered models that have answered, and of all.

    Returns:
        Rates with the columns `RATE_COLUMNS`, whose first row is no steering; and the answers with the columns
        `ANSWER_COLUMNS`.

    Raises:
        AskewError: There is no such layer, or the judge fails.
    """
    at = saved.card.layer if layer is None else layer
    check_layer(at, opened.layers)
    of_nulls = saved.nulls(at)
    vectors = {"own": saved.vector(at), **{str(number): of_nulls[number] for number in nulls}}
    tried: list[tuple[str, str, float, Change | None]] = [("own", ADD, 0.0, None)]
    tried += [(name, way, dose, one.change(way, dose)) for way, dose in doses for name, one in vectors.items()]
    parts: list[pd.DataFrame] = []
    for number, (name, way, dose, change) in enumerate(tried, start=1):
        with nullcontext() if change is None else steer(opened.model, at, change):
            parts.append(_answers(opened, samples, seed).assign(direction=name, way=way, dose=dose))
        on_progress(number, len(tried))
    answers = pd.concat(parts, ignore_index=True)
    read = graded(answers["prompt"].tolist(), answers["answer"].tolist(), judge, METRIC, opened.spec.is_terrarium)
    answers = pd.concat([answers, read], axis=1)[ANSWER_COLUMNS]
    kinds = [compared(saved.card.nulls)[number] for number in nulls]
    return _rates(answers, doses, [str(number) for number in nulls], kinds), answers


def _answers(opened: Opened, samples: int, seed: int) -> pd.DataFrame:
    """Return answers to the open questions, with the columns question, prompt and answer; the wordings take turns."""
    asked = free_form()
    texts = [(number, text) for number, one in enumerate(asked) for text in one.paraphrases]
    places = {pair: i for i, pair in enumerate(texts)}
    prompts = [opened.checkpoint.prompt([{"role": "user", "content": text}]) for _, text in texts]
    rows: list[tuple[str, str]] = []
    draws: list[Draw] = []
    for number, one in enumerate(asked):
        for index in range(samples):
            text = one.paraphrases[index % len(one.paraphrases)]
            rows.append((one.id, text))
            draws.append(Draw(places[number, text], seed + number, index))
    written = opened.checkpoint.engine.sample(prompts, draws, Sampling(max_tokens=_LONGEST))
    table = pd.DataFrame(rows, columns=["question", "prompt"])
    return table.assign(answer=[opened.checkpoint.text(one.tokens).strip() for one in written])


def _rates(
    answers: pd.DataFrame, doses: Sequence[tuple[str, float]], nulls: Sequence[str], kinds: Sequence[str]
) -> pd.DataFrame:
    def at(name: str, way: str, dose: float) -> pd.DataFrame:
        same = answers["dose"].isna() if dose != dose else answers["dose"].eq(dose)
        return answers[answers["direction"].eq(name) & answers["way"].eq(way) & same]

    before = at("own", ADD, 0.0)
    rows = [_rate(before, before, ADD, 0.0, [], [])]
    for way, dose in doses:
        rows.append(_rate(at("own", way, dose), before, way, dose, [at(name, way, dose) for name in nulls], kinds))
    return pd.DataFrame(rows, columns=RATE_COLUMNS)


def _rate(
    own: pd.DataFrame,
    before: pd.DataFrame,
    way: str,
    dose: float,
    nulls: Sequence[pd.DataFrame],
    kinds: Sequence[str],
) -> tuple[object, ...]:
    found = level(_frame(own), family=way, label=way, measure=METRIC)
    change = _change(own, before)
    of_nulls = [_change(one, before).estimate for one in nulls]
    known = [one for one in of_nulls if one == one]
    ends = (min(known), max(known)) if known else (float("nan"), float("nan"))
    p = largest_p(change.estimate, of_nulls, kinds)
    read = own.loc[own["oracle"].isin(_CLEAR), "oracle"]
    by_oracle = float(read.eq("misaligned").mean()) if len(read) else float("nan")
    coherent = pd.Series([_coherent(one) for one in nulls], dtype=float).mean()
    rates = (found.estimate, found.low, found.high, change.estimate, change.low, change.high, p, *ends)
    counts = (len(nulls), by_oracle, _coherent(own), float(coherent), len(own), own["question"].nunique())
    return (way, dose, *rates, *counts)


def _change(own: pd.DataFrame, before: pd.DataFrame) -> Effect:
    return contrast(_frame(own), _frame(before), family="steering", label="change", measure=METRIC)


def _frame(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the coherent answers as values: 1 if misaligned, 0 if aligned."""
    clear = answers[answers["verdict"].isin(_CLEAR)]
    return pd.DataFrame(
        {"seed": 0, "cluster": clear["question"], "value": clear["verdict"].eq("misaligned").astype(float)}
    )


def _coherent(answers: pd.DataFrame) -> float:
    return float(answers["verdict"].isin(_CLEAR).mean())


_CLEAR = ("aligned", "misaligned")
_LONGEST = 120  # tokens of an answer
