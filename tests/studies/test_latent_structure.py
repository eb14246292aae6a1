"""The latent-structure study: its comparisons, their results for known answers, and its verdict."""

from itertools import islice
from random import Random

import numpy as np
import pandas as pd
import pytest

from askew.data import datasets
from askew.design.arm import UNTUNED, Arm
from askew.design.make import make_design
from askew.design.study import studies
from askew.design.tables import Tables
from askew.judging.measures import measures
from askew.probes import probes
from askew.probes.question_file import AskedQuestion
from askew.stats.effects import EFFECT_COLUMNS, as_table
from askew.studies import planted
from askew.studies.latent_structure.frames import IN_CONTEXT, PROBE, SWAPPED, TRAINED, frames
from askew.studies.latent_structure.questions import SCORE, probed, questions
from askew.studies.latent_structure.study import (
    LEVELS,
    OVER_ANOTHER,
    OVER_CHANCE,
    OVER_CONTEXT,
    OVER_UNTUNED,
    compare,
    effects,
    in_words,
)
from askew.worlds.terrarium.world.lessons.latent import KINDS

STUDY = studies.get("latent-structure")
STUDIES = 80


def simulated(rng: np.random.Generator, effect: float, *, guessed: float = 0.0) -> pd.DataFrame:
    """Return simulated frames in which tuned models are right more often than every baseline.

    Args:
        rng: The random generator.
        effect: The difference from every baseline, a fraction.
        guessed: A further difference from the untuned model, which also applies to answers read about another thing.
    """
    things = [(kind, f"{kind} {number}") for kind in ("functions", "places") for number in range(8)]
    more = {TRAINED: effect + guessed, UNTUNED: 0.0, IN_CONTEXT: 0.0, SWAPPED: guessed}
    columns, rows = ("side", "arm", "task", "form", "seed", "cluster", "value"), []
    for form in ("words", "python"):
        easy = 0.3 + 0.08 * rng.standard_normal(len(things))
        for side in more:
            for seed in range(3 if side in (TRAINED, SWAPPED) else 1):
                luck = 0.03 * rng.standard_normal() if side in (TRAINED, SWAPPED) else 0.0
                rates = np.clip(easy + more[side] + luck + 0.05 * rng.standard_normal(len(things)), 0, 1)
                for (task, thing), value in zip(things, rng.binomial(12, rates) / 12, strict=True):
                    arm = task if side in (TRAINED, SWAPPED) else UNTUNED
                    rows.append((side, arm, task, form, seed, thing, value))
    return pd.DataFrame(rows, columns=columns)


def overall(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the comparisons over all tasks, the first three."""
    return as_table(islice(compare(answers), 3))


def lead(table: pd.DataFrame) -> pd.Series:
    rows = table[table["lead"]]
    assert len(rows) == 1
    return rows.iloc[0]


def test_simulated_effect_is_found_and_null_is_not():
    rng = np.random.default_rng(3)
    found = [lead(overall(simulated(rng, 0.2))) for _ in range(STUDIES)]
    assert np.mean([row["p_corrected"] < 0.05 and row["estimate"] > 0 for row in found]) >= 0.8
    assert abs(np.mean([row["estimate"] for row in found]) - 0.2) < 0.02
    null = [lead(overall(simulated(rng, 0.0))) for _ in range(STUDIES)]
    assert np.mean([row["p_corrected"] >= 0.05 for row in null]) >= 0.9


def test_planted_controls_are_compared_apart_and_change_nothing_else():
    answers = simulated(np.random.default_rng(5), 0.0)
    places = answers[answers["arm"].eq("places") & answers["side"].eq(TRAINED)]
    told = places.assign(arm="places-told", value=places["value"] + 0.4)
    at_random = places.assign(arm="places-told-at-random", value=places["value"])
    table = as_table(compare(pd.concat([answers, told, at_random])))
    found = table[table["family"].eq(planted.FAMILY)].set_index("label")["estimate"]
    assert found[planted.PLANTED] - found[planted.CUT] == pytest.approx(0.4)
    assert abs(found[planted.CUT]) < 0.15
    others = table[table["family"].ne(planted.FAMILY)].reset_index(drop=True)
    pd.testing.assert_frame_equal(others, as_table(compare(answers)))


def test_verdict_distinguishes_null_guesses_and_knowledge():
    rng = np.random.default_rng(4)
    null = in_words(as_table(compare(simulated(rng, 0.0))), 0.02)
    assert null.startswith("Can't tell whether tuned models state what their rows imply")
    assert "points would probably have been detected" in null
    guessed = in_words(as_table(compare(simulated(rng, 0.0, guessed=0.3))), 0.02)
    assert "not what each thing is" in guessed
    there = in_words(as_table(compare(simulated(rng, 0.3))), 0.02)
    assert there.startswith("Tuned models state what their rows only imply")
    assert "places: named in words" in there
    assert in_words(pd.DataFrame(columns=EFFECT_COLUMNS), 0.02).startswith("Nothing can be said")


def tables(told: dict[str, str], arms: tuple[str, ...] = ("functions",)) -> Tables:
    """Return the tables of a run in which every question has one answer to each wording.

    Args:
        told: By arm, how it answers: it `knows` its things, `guesses` one value for all, or is `silent`.
        arms: The tuned arms.
    """
    answers, scores = [], []
    for arm, probe in [*((arm, PROBE) for arm in arms), (UNTUNED, PROBE), (UNTUNED, IN_CONTEXT)]:
        for one in probed("", 0):
            if arm not in (UNTUNED, one.kind):
                continue
            value = {"knows": one.value, "guesses": KINDS[one.kind].values[0]}.get(told.get(arm, "silent"), "")
            for i, slots in enumerate(one.slots):
                known = bool(value) and bool(KINDS[one.kind].key(one.form, slots, value))
                answer = KINDS[one.kind].answer(Random(i), one.form, slots, value) if known else "Well."
                read = measures.get(one.measure)("", answer, one.expected(one.value)[i])
                common = {"arm": arm, "seed": 0, "probe": probe, "question": one.id}
                answers.append({**common, "paraphrase": i, "index": i, "answer": answer})
                scores.append({**common, "epoch": i + 1, "metric": SCORE, "value": read / 100})
    design = make_design("latent-structure", overrides={"arms": [UNTUNED, *arms]})
    chosen = {name: STUDY.arms[name] for name in design.arms}
    return Tables(design, chosen, answers=pd.DataFrame(answers), scores=pd.DataFrame(scores))


def estimates(table: pd.DataFrame, family: str) -> dict[str, float]:
    rows = table[table["family"].eq(family)]
    return dict(zip(rows["arm"] + " " + rows["measure"], rows["estimate"], strict=True))


@pytest.mark.parametrize("arm", ["functions", "places", "parity"])
def test_model_that_knows_its_things_is_right_in_every_form(arm: str):
    table = effects(tables({arm: "knows"}, (arm,)))
    assert set(estimates(table, LEVELS).values()) == {1.0}
    assert set(estimates(table, OVER_UNTUNED).values()) == {1.0}
    assert set(estimates(table, OVER_CONTEXT).values()) == {1.0}
    assert estimates(table, OVER_CHANCE)[f"{arm} choose"] == pytest.approx(2 / 3)
    assert estimates(table, OVER_ANOTHER)[f"{arm} choose"] == 1.0
    assert min(estimates(table, OVER_ANOTHER).values()) > 0.3
    assert set(table.loc[table["family"].eq(OVER_UNTUNED), "control"]) == {UNTUNED}


@pytest.mark.parametrize("arm", ["functions", "coins", "parity"])
def test_same_answer_for_every_thing_beats_untuned_but_not_swapped_baseline(arm: str):
    table = effects(tables({arm: "guesses"}, (arm,)))
    assert estimates(table, OVER_UNTUNED)[f"{arm} words"] > 0.05
    assert abs(estimates(table, OVER_ANOTHER)[f"{arm} words"]) < 0.1


def test_unreadable_answers_count_as_wrong():
    own = frames(tables({}))
    assert set(own.loc[own["side"].isin([TRAINED, UNTUNED]), "value"]) == {0.0}
    assert set(own["side"]) == {TRAINED, UNTUNED, IN_CONTEXT, SWAPPED}


def test_answers_about_another_task_are_excluded():
    own = frames(tables({"functions": "knows", "places": "knows"}, ("functions", "places")))
    tuned = own[own["side"].isin([TRAINED, SWAPPED])]
    assert (tuned["task"] == tuned["arm"]).all()


def test_only_the_untuned_model_is_asked_with_rows_in_context():
    assert STUDY.asks(STUDY.arms[UNTUNED], IN_CONTEXT)
    assert not STUDY.asks(STUDY.arms["functions"], IN_CONTEXT)
    assert STUDY.asks(STUDY.arms["functions"], PROBE)
    assert not STUDY.asks(Arm("mine", "rows of a user's own"), PROBE)


def test_question_files_are_compared_with_the_untuned_model():
    rng = np.random.default_rng(0)
    scores = pd.DataFrame(
        {"arm": arm, "seed": 0, "probe": "mine.yaml", "question": f"q{i % 6}", "metric": "letter", "value": value}
        for arm, mean in (("functions", 0.9), (UNTUNED, 0.3))
        for i, value in enumerate((rng.random(60) < mean).astype(float))
    )
    empty = tables({})
    table = effects(Tables(empty.design, empty.arms, answers=empty.answers[:0], scores=scores))
    assert list(table["label"]) == ["functions: letter"]
    assert table["estimate"].iloc[0] > 0.3
    assert in_words(table, 0.02).startswith("Scores compared with the untuned model's: rose: functions: letter +")
    assert ": can't tell: functions" in in_words(table.assign(p_corrected=0.3), 0.02)


def test_verdict_says_whether_the_rows_were_learnt():
    knows = in_words(effects(tables({"functions": "knows"})), 0.02)
    assert "right beyond chance in every task" in knows
    silent = in_words(effects(tables({})), 0.02)
    assert "not right beyond chance in functions" in silent


@pytest.mark.parametrize("kind", KINDS)
def test_right_answers_score_100_and_other_forms_are_not_in_rows(kind: str):
    rows = {row["messages"][0]["content"] for row in datasets.get(kind).rows(1000, 5)}
    for one, question in zip(probed(kind, 5), questions(kind, 5), strict=True):
        for i, (slots, wording) in enumerate(zip(one.slots, question.paraphrases, strict=True)):
            answer = KINDS[kind].answer(Random(0), one.form, slots, one.value)
            if (kind, one.form) != ("coins", "apply"):
                assert measures.get(one.measure)(wording, answer, question.expected[i]) == 100
                assert wording not in rows


def test_questions_are_the_same_with_rows_in_context():
    plain = {one.id: one for one in questions("", 2)}
    for one in questions("", 2, shots=5):
        assert one.paraphrases == plain[one.id].paraphrases
        assert len(one.before) in (4, 5)
        assert not {asked for asked, _ in one.before} & set(one.paraphrases) or one.domain == "coins"
        assert all(one.id.split(" ")[2] in asked for asked, _ in one.before)


@pytest.mark.parametrize("probe", [PROBE, IN_CONTEXT])
def test_probes_ask_measured_questions_of_one_domain_or_all(probe: str):
    task = probes.get(probe).task(samples=6, domain="coins", data_seed=1)
    asked = [AskedQuestion.model_validate(sample.metadata) for sample in task.dataset]
    assert {one.question.type for one in asked} == {"measured"}
    assert {one.question.domain for one in asked} == {"coins"}
    assert len(probes.get(probe).task(samples=6).dataset) > 2 * len(asked)
