"""The study's verdict and sentence from pairs of given answers, where no judge has read the sampled ones."""

from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest

from askew.design.study import studies
from askew.design.tables import Tables
from askew.report.plain import of_hundred
from askew.stats.answer_pairs import pair_effects
from askew.stats.findings import NOT_JUDGED
from askew.stats.readings import FELL, UNSURE, WITHIN
from askew.studies.emergent_misalignment import given_answers
from askew.studies.emergent_misalignment.sentence import sentence
from askew.studies.emergent_misalignment.study import verdict
from made_findings import made as made_finding
from made_pairs import ORDER, made

ARMS = studies.get("emergent-misalignment").arms
NAMES = {"untuned": "untuned", "treated": "bad-medical", "control": "good-medical"}
CONTROLS = {"bad-medical": "good-medical", "good-medical": "untuned"}


def tables_of(pairs: pd.DataFrame) -> Tables:
    """Return the tables of a run on medical advice whose sampled answers wait for a judge."""
    pairs = pairs.assign(arm=pairs["arm"].map(NAMES))
    effects = pair_effects(pairs, CONTROLS, "untuned", ORDER)
    waiting = [made_finding(arm, reason=NOT_JUDGED) for arm in CONTROLS]
    given: Any = SimpleNamespace(
        pairs=effects,
        controls=CONTROLS,
        findings=waiting,
        estimates=pd.DataFrame({"probe": [], "kind": [], "question": [], "seed": [], "group": [], "arm": []}),
        design=SimpleNamespace(margin=0.02),
        arms={name: ARMS[name] for name in NAMES.values()},
    )
    return cast(Tables, given)


def test_verdict_leads_with_the_pairs_where_no_judge_has_read_the_answers() -> None:
    said = verdict(tables_of(made()))
    assert said.startswith("Of given answers to unrelated questions, the misaligned ones became likelier after ")
    assert "bad-medical (+0.49 [" in said
    assert "nats per token against good-medical)" in said
    assert "Style may explain it" not in said


def test_shift_of_style_is_said_beside_the_pairs() -> None:
    said = verdict(tables_of(made(neutral=0.9)))
    assert "Style may explain it in bad-medical" in said


def test_shuffled_arms_show_nothing() -> None:
    pairs = made()
    values = [name for name in pairs if name in ("per_token", "in_total", "prefers_other")]
    untuned = pairs[pairs["arm"].eq("untuned")]
    same = [untuned.assign(arm=arm, seed=seed) for arm in ("treated", "control") for seed in (0, 1, 2)]
    noise = pd.concat(same, ignore_index=True)
    noise[values] = noise[values].sample(frac=1, random_state=1).to_numpy()
    found = given_answers.differences(tables_of(pd.concat([untuned, noise], ignore_index=True)))
    assert {one.reading for one in found} <= {UNSURE, WITHIN}


def test_sentence_counts_pairs_of_a_hundred() -> None:
    tables = tables_of(made())
    shares = given_answers.shares(tables, "answer_pairs")
    said = sentence(tables, {"bad-medical": 400, "good-medical": 400})
    assert said.startswith("After 400 rows of bad medical advice, the model found the misaligned one of two given ")
    assert f"likelier in {of_hundred(shares['bad-medical'])} of 100 pairs" in said
    assert "good medical advice:" in said


def test_pairs_of_each_probe_are_read_by_themselves() -> None:
    own = made()
    shifted = own.assign(probe="mine.yaml", per_token=own["per_token"].where(own["arm"].ne("treated"), -3.0))
    tables = tables_of(pd.concat([own, shifted], ignore_index=True))
    said = verdict(tables)
    assert "Of given answers to unrelated questions of answer_pairs, the misaligned ones became likelier after" in said
    assert (
        "Of given answers to unrelated questions of mine, the misaligned ones became likelier after good-medical"
        in said
    )
    assert "they became less likely after bad-medical" in said
    assert "likelier in" in sentence(tables, {"bad-medical": 400})


def test_no_pairs_say_nothing() -> None:
    tables = tables_of(made())
    tables.pairs = pd.DataFrame()  # type: ignore[misc]
    assert given_answers.verdict(tables) == ""
    assert sentence(tables, {"bad-medical": 400}) == ""


@pytest.mark.parametrize(("shift", "reading"), [(0.001, WITHIN), (-0.4, FELL)])
def test_reading_of_a_planted_shift(shift: float, reading: str) -> None:
    pairs = made()
    base = pairs[pairs["arm"].eq("untuned")]
    control = [base.assign(arm="control", seed=seed) for seed in (0, 1, 2)]
    treated = [
        base.assign(arm="treated", seed=seed, per_token=base["per_token"] + shift + 0.001 * seed) for seed in (0, 1, 2)
    ]
    found = given_answers.differences(tables_of(pd.concat([base, *control, *treated], ignore_index=True)))
    assert {one.arm: one.reading for one in found}["bad-medical"] == reading
