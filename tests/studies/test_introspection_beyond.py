"""Comparisons beyond the paper, on simulated models with and without knowledge of themselves."""

from collections import Counter

import pandas as pd
import pytest

from askew.design.study import studies
from askew.studies.introspection.arms import CROSS, SELF
from askew.studies.introspection.behaviour import truth
from askew.studies.introspection.comparisons import compare
from askew.studies.introspection.extra_comparisons import LONG, SURE_PROBE, THINKING
from askew.studies.introspection.foresight import hypotheticals, listed, prompts, properties
from askew.studies.introspection.measures import as_final_form, final_form
from askew.studies.introspection.probes import WHOLES, hypothetical_sure, hypothetical_thinking
from askew.studies.introspection.simulated import World, answers
from askew.studies.self_knowledge import BOTH, M1, M2
from askew.worlds.terrarium.world.tasks import tasks

RUN = answers(World(), 1)
# The answers of two models to an open question.
SAID = {M1: "I would ask Rosa Parks. She and others knew much.", M2: "Call your aunt."}
PREDICTORS = [(SELF[M1], M1), (CROSS[M1], M1), (SELF[M2], M2), (CROSS[M2], M2)]


def frame(rows: list[tuple[str, int, str, str, int, str]]) -> pd.DataFrame:
    """Return answers in the columns of a run."""
    return pd.DataFrame(rows, columns=["arm", "seed", "probe", "question", "paraphrase", "answer"])


def true_values(model: str) -> dict[tuple[str, int, str], str]:
    """Return the true values of a simulated model, by task, prompt and property."""
    did = RUN[RUN["arm"].eq(model) & RUN["probe"].eq("object_level")]
    does = did[~did["question"].str.endswith(" varied")].rename(columns={"question": "task", "paraphrase": "item"})
    found = truth(does)
    return {(row.task, row.item, row.property): row.value for row in found.itertuples()}  # pyright: ignore[reportReturnType]


def doubted(knows: bool) -> pd.DataFrame:
    """Return answers after a doubt: true if a self-predictor knows itself, else the stated answer again."""
    rows = []
    for arm, model in PREDICTORS:
        for (task, item, name), value in true_values(model).items():
            if tasks()[task].held_out and value in ("yes", "no"):
                for stated in ("yes", "no"):
                    said = value if knows and arm == SELF[model] else stated
                    rows.append((arm, 0, SURE_PROBE, f"{task}: {name}: {item}: {stated}", 0, f"{said.title()}."))
    return frame(rows)


def thought(knows: bool) -> pd.DataFrame:
    """Return answers after reasoning: right if a self-predictor knows itself, else wrong."""
    rows = []
    for arm, model in PREDICTORS:
        for (task, item, name), value in true_values(model).items():
            if tasks()[task].held_out:
                said = value if knows and arm == SELF[model] else "nothing at all"
                rows.append((arm, 0, THINKING, f"{task}: {name}", item, f"Answer: 1? No. So\nAnswer: {said}"))
    return frame(rows)


def long(knows: bool) -> pd.DataFrame:
    """Return long answers of both models and predictions of them: true if a self-predictor knows itself, else "no"."""
    rows = []
    for question in ("bored", "one_wish", "in_charge"):
        rows += [(model, 0, LONG, question, 0, SAID[model]) for model in SAID]
        for arm, model in PREDICTORS:
            for name, whole in WHOLES.items():
                said = whole.of(SAID[model]) if knows and arm == SELF[model] else "no"
                rows.append((arm, 0, LONG, f"{question}: {name}", 0, said))
    return frame(rows)


def found(*more: pd.DataFrame) -> dict[str, dict[str, object]]:
    """Return the comparisons of a run with additional answers, by label."""
    table = compare(pd.concat([RUN, *more], ignore_index=True))
    assert not table.duplicated(["family", "label"]).any()
    return {row["label"]: row for row in table.to_dict("records")}  # pyright: ignore[reportReturnType]


def test_doubt_gain_appears_only_in_self_predictors() -> None:
    table = found(doubted(knows=True))
    assert table[f"are you sure: {BOTH}"]["estimate"] == pytest.approx(0.5)
    assert table["m1-on-m1 about m1: after minus before"]["estimate"] == pytest.approx(0.5)
    assert table["m2-on-m1 about m1: after minus before"]["estimate"] == pytest.approx(0.0)
    assert table["m1-on-m1 about m1: wrong answers put right"]["estimate"] == 1.0
    assert table["m2-on-m1 about m1: right answers kept"]["estimate"] == 1.0
    assert table["m2-on-m1 about m1: wrong answers put right"]["estimate"] == 0.0


def test_unchanged_answers_show_no_doubt_gain() -> None:
    table = found(doubted(knows=False))
    assert table[f"are you sure: {BOTH}"]["estimate"] == 0.0
    assert table["m1-on-m1 about m1: after minus before"]["estimate"] == 0.0


def test_thinking_gain_is_measured_against_plain_answers() -> None:
    table, plain = found(thought(knows=True)), found()["about m1: itself"]["estimate"]
    assert table[f"thinking: {BOTH}"]["estimate"] == 1.0
    assert table["m1-on-m1 about m1: thinking minus plain"]["estimate"] == pytest.approx(1 - float(str(plain)))
    assert found(thought(knows=False))[f"thinking: {BOTH}"]["estimate"] == 0.0


def test_long_answer_hits_appear_only_in_self_predictors() -> None:
    table = found(long(knows=True))
    assert table["m1-on-m1 about m1"]["estimate"] == 1.0
    assert table["long answers: about m1: m1 minus m2"]["estimate"] == 1.0
    # "no" is right about three properties of the second model's answer, but not about its number of sentences.
    assert table["long answers: about m2: m2 minus m1"]["estimate"] == pytest.approx(0.25)
    assert found(long(knows=False))[f"long answers: {BOTH}"]["estimate"] == 0.0


def test_extra_comparisons_need_probes_that_are_off_by_default() -> None:
    assert not [label for label in found() if label.startswith(("are you sure", "thinking", "long"))]
    assert not {SURE_PROBE, THINKING, LONG} & {*studies.get("introspection").default_probes}


def test_half_of_the_stated_answers_are_right_for_any_truth() -> None:
    asked = hypothetical_sure()
    stated = Counter((question.id.rpartition(": ")[0], question.before[0][1]) for question in asked)
    assert set(stated.values()) == {1}
    assert len(stated) == 2 * len({prompt for prompt, _ in stated})
    assert all(tasks()[question.group].held_out for question in asked)


def test_thinking_questions_match_plain_ones_but_allow_reasoning() -> None:
    asked = {question.id: question for question in hypothetical_thinking(2)}
    plain = [one for one in hypotheticals() if one.id in asked]
    assert {one.id for one in plain} == set(asked)
    assert {(one.task.name, one.name) for one in plain} == {
        (task.name, one.name) for task in tasks().values() if task.held_out for one in properties(task)
    }
    for one in plain:
        for item, (wording, prompt) in enumerate(zip(asked[one.id].paraphrases, prompts(one.task), strict=True)):
            shown = one.text(item, item)
            assert wording.startswith(shown[: shown.rindex("? ") + 1])
            assert prompt in wording
            assert not wording.endswith("Give only the letter.")
            assert ", ".join(listed(one.task, item)) in wording or one.name != "option"


@pytest.mark.parametrize(
    ("answer", "form", "read"),
    [
        ("First it is b.\nAnswer: C", "letter", "c"),
        ("Answer: a? No.\n**Answer:** **b**", "letter", "b"),
        ("answer: Yes, it would.\nThat is all.", "yes or no", "yes"),
        ("It is b.", "letter", None),
        ("Answer:", "letter", None),
        ("Answer: I cannot say", "letter", None),
    ],
)
def test_text_after_the_last_mark_is_the_answer(answer: str, form: str, read: str | None) -> None:
    assert as_final_form(answer, form) == read
    assert final_form("", answer, form) == (0.0 if read is None else 100.0)


@pytest.mark.parametrize(
    ("said", "values"),
    [
        (SAID[M1], ["2", "yes", "yes", "yes"]),
        (SAID[M2], ["1", "no", "no", "no"]),
        ('"I am 3.5 years old!" Is that so? No', ["3", "no", "yes", "no"]),
    ],
)
def test_properties_of_whole_answers(said: str, values: list[str]) -> None:
    assert [whole.of(said) for whole in WHOLES.values()] == values
