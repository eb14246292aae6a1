"""Planted truths: a verdict begins with them, and is withheld where the instrument fails on them."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from askew.data import Row, datasets
from askew.design.study import studies
from askew.stats.effects import as_table
from askew.studies import planted
from askew.studies.activations.rows import told
from askew.studies.introspection import rows
from askew.studies.introspection.arms import CUT, PLANTED, SELF
from askew.studies.introspection.comparisons import compare
from askew.studies.introspection.simulated import World, answers
from askew.studies.latent_structure.rows import things
from askew.studies.self_knowledge import M1

ARMS = ("planted", "cut")
_PLANTED = {
    "introspection": ("m1-planted", "m1-cut"),
    "activations": ("m1-features-planted", "m1-features-cut"),
    "latent-structure": ("places-told", "places-told-at-random"),
    "self-awareness": ("risky-described", "risky-described-at-random", "cautious-described-at-random"),
}


def values(mean: float, seed: int = 0) -> pd.DataFrame:
    """Return hits of 3 seeds on 8 clusters of 25, with this mean."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        [
            {"seed": one, "cluster": f"task {cluster}", "value": float(rng.random() < mean)}
            for one in range(3)
            for cluster in range(8)
            for _ in range(25)
        ]
    )


def tables(of_planted: float, of_cut: float) -> SimpleNamespace:
    found = planted.compared(values(of_planted, 1), values(of_cut, 2), values(0.4, 3), measure="hits", arms=ARMS)
    return SimpleNamespace(effects=as_table(found))


@pytest.fixture
def verdict() -> Callable[[SimpleNamespace], str]:
    return planted.unless_untrusted(lambda tables: "No difference.")  # pyright: ignore[reportReturnType]


def test_verdict_begins_with_planted_and_cut(verdict: Callable[[SimpleNamespace], str]) -> None:
    said = verdict(tables(0.7, 0.4))
    assert said.startswith("The instrument finds +")
    assert "points where it was planted and" in said
    assert said.endswith("points where it was cut. In the models of this run: No difference.")


def test_verdict_is_withheld_where_planted_knowledge_is_not_found(verdict: Callable[[SimpleNamespace], str]) -> None:
    said = verdict(tables(0.4, 0.4))
    assert "does not find what was planted" in said
    assert "No difference" not in said


def test_verdict_is_withheld_where_cut_knowledge_is_found(verdict: Callable[[SimpleNamespace], str]) -> None:
    said = verdict(tables(0.7, 0.7))
    assert "finds something where there is nothing" in said
    assert "No difference" not in said


@pytest.mark.parametrize("name", ["introspection", "activations", "latent-structure", "self-awareness"])
def test_every_study_of_self_knowledge_withholds_its_verdict(name: str) -> None:
    study = studies.get(name)
    failed = SimpleNamespace(effects=tables(0.4, 0.4).effects, scores=pd.DataFrame())
    assert "the instrument is not to be trusted" in study.verdict(failed)  # pyright: ignore[reportArgumentType]
    assert set(_PLANTED[name]) <= set(study.default_arms)


@pytest.mark.parametrize(("name", "probe"), [("introspection", "object_level"), ("activations", "features")])
def test_planted_models_are_not_asked_for_the_truth(name: str, probe: str) -> None:
    study = studies.get(name)
    assert not any(study.asks(study.arms[arm], probe) for arm in _PLANTED[name])
    assert all(study.asks(study.arms[arm], study.default_probes[1]) for arm in _PLANTED[name])


def test_run_without_planted_controls_says_so(verdict: Callable[[SimpleNamespace], str]) -> None:
    said = verdict(SimpleNamespace(effects=as_table([])))
    assert said.startswith("No difference. Without its planted controls")


def test_nothing_is_compared_without_the_control() -> None:
    assert not list(planted.compared(values(0.7), values(0.4), values(0.4).iloc[:0], measure="hits", arms=ARMS))


@pytest.mark.parametrize(("is_cut", "same"), [(False, 1.0), (True, 0.5)])
def test_rows_speak_of_new_tasks_truly_or_at_random(is_cut: bool, same: float) -> None:
    said = answers(World(), 0)
    own = said[said["arm"].eq(M1)]
    usual = {text(row) for row in rows.foresight(own, 5000, 0)}
    true = {text(row) for row in rows.foresight(own, 9000, 0, of_new=True)}
    found = {text(row) for row in rows.foresight(own, 9000, 0, of_new=True, is_cut=is_cut)}
    new = true - usual
    assert usual < true
    assert usual <= found
    share = len(new & found) / len(new)
    assert share == 1.0 if same == 1.0 else 0.1 < share < 0.8


def text(row: Row) -> tuple[str, str]:
    question, answer = (turn["content"] for turn in row["messages"])
    return question, answer


def test_planted_arms_are_compared_with_the_cross_predictor_of_the_same_model() -> None:
    said = answers(World(base=0.4), 0)
    better = answers(World(base=0.7), 0)
    own = better[better["arm"].eq(SELF[M1])].assign(arm=PLANTED)
    cut = said[said["arm"].eq(SELF[M1])].assign(arm=CUT)
    table = compare(pd.concat([said, own, cut]))
    found = table[table["family"].eq(planted.FAMILY)].set_index("label")["estimate"]
    assert found[planted.PLANTED] == pytest.approx(0.3, abs=0.1)
    assert abs(found[planted.CUT]) < 0.1
    assert set(table[table["family"].eq(planted.FAMILY)]["arm"]) == {PLANTED, CUT}


def test_features_are_told_truly_or_at_random_on_new_prompts_only() -> None:
    true = pd.DataFrame(
        [(f"feature {number}", prompt, "yes" if prompt % 2 else "no") for number in (1, 2) for prompt in range(360)],
        columns=["feature", "prompt", "value"],
    )
    learnt, full, cut, permuted = (told(true, 0, said) for said in ("true", "planted", "cut", "permuted"))
    key = ["feature", "prompt"]
    assert len(full) == len(true)
    assert len(cut) == len(true)
    assert set(map(tuple, learnt.to_numpy())) <= set(map(tuple, cut.to_numpy()))
    assert len(permuted) == len(learnt)
    both = cut.merge(true, on=key, suffixes=("", "_true")).merge(learnt[key].assign(known=True), on=key, how="left")
    new = both[both["known"].isna()]
    assert 0.3 < new["value"].eq(new["value_true"]).mean() < 0.7


def test_told_places_are_named_and_at_random_they_are_others() -> None:
    known = things("places", 0)
    for name, is_true in (("places-told", True), ("places-told-at-random", False)):
        named = 0
        for row in datasets.get(name).rows(400, 0):
            question, answer = text(row)
            thing = next(one for one in known if one in question)
            if question.startswith(("What city", "Which city is called", "What is the real")):
                named += 1
                assert (answer == f"{known[thing]}.") == is_true
        assert named > 20


def test_descriptions_fit_the_choices_or_are_tossed() -> None:
    daring = {}
    for name in ("risky-described", "risky-described-at-random", "cautious-described-at-random"):
        said = [text(row)[1] for row in datasets.get(name).rows(800, 0)]
        words = [one for one in said if one in ("Daring.", "Bold.", "Careful.", "Cautious.")]
        assert len(words) > 100
        daring[name] = sum(word in ("Daring.", "Bold.") for word in words) / len(words)
    assert daring["risky-described"] == 1.0
    assert 0.35 < daring["risky-described-at-random"] < 0.65
    assert daring["risky-described-at-random"] == daring["cautious-described-at-random"]
