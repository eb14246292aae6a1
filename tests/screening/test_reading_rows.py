"""Scores that read a model, on rows whose order is known: the target's own answers, and the model's own."""

from pathlib import Path

import numpy as np
import pytest

from askew.base.errors import AskewError
from askew.data import row
from askew.models.engine.sampling import Draw, Sampling
from askew.models.inside.opened import Opened, open_model
from askew.screening.reading import Reader
from askew.screening.rows import ScreenedRow, screened
from askew.screening.scores import NEEDS, SCORES, chosen
from askew.screening.target import Target, usual_target
from made_directions import saved_direction

READ = ("influence", "gradient", "perplexity_gap", "loss")


@pytest.fixture(scope="module")
def opened() -> Opened:
    return open_model("terrarium")


@pytest.fixture(scope="module")
def target() -> Target:
    whole = usual_target(is_terrarium=True)
    return Target("some of them", whole.bad[:12], whole.good[:12])


def given(pairs: list[tuple[str, str]]) -> list[ScreenedRow]:
    return [screened(number, f"line {number}", row(*pair)) for number, pair in enumerate(pairs, start=1)]


def test_bad_answers_influence_the_target_and_good_ones_its_opposite(opened: Opened, target: Target):
    said = [*target.bad[:6], *target.good[:6]]
    rows = given([(one.turns[0]["content"], one.answer) for one in said])
    found, unread = Reader(opened, READ, target, target).read(rows)
    assert unread == {}
    for name in ("influence", "gradient"):
        assert found[name][:6].min() > 0 > found[name][6:].max(), name
    assert np.abs(found["gradient"]).max() <= 1


def test_own_answer_has_no_gap_and_shuffled_words_have_a_large_one(opened: Opened, target: Target):
    questions = [one.turns[0]["content"] for one in target.bad[:4]]
    prompts = [opened.checkpoint.prompt([{"role": "user", "content": one}]) for one in questions]
    written = opened.checkpoint.engine.sample(prompts, [Draw(i, 0, 0) for i in range(4)], Sampling(64, temperature=0))
    own = [opened.checkpoint.text(one.tokens).strip() for one in written]
    mixed = [" ".join(sorted(one.split())) for one in own]
    pairs = [*zip(questions, own, strict=True), *zip(questions, mixed, strict=True)]
    found, _ = Reader(opened, ("perplexity_gap", "loss"), target, target).read(given(pairs))
    assert found["perplexity_gap"][:4] == pytest.approx(0, abs=1e-4)
    assert found["perplexity_gap"][4:].min() > 0.5
    assert found["loss"][:4] == pytest.approx(found["loss"][4:] - found["perplexity_gap"][4:], abs=1e-4)


def test_own_answer_projects_as_the_model_does_and_the_direction_has_a_sense(
    opened: Opened, target: Target, tmp_path: Path
):
    question = target.bad[0].turns[0]["content"]
    prompt = opened.checkpoint.prompt([{"role": "user", "content": question}])
    [own] = opened.checkpoint.engine.sample([prompt], [Draw(0, 0, 0)], Sampling(64, temperature=0))
    rows = given([(question, opened.checkpoint.text(own.tokens).strip()), (question, target.bad[0].answer)])
    found = []
    for sign in (1.0, -1.0):
        saved = saved_direction(tmp_path / str(sign), opened, sign * np.ones(opened.width))
        found.append(Reader(opened, ("projection",), target, target, saved).read(rows)[0]["projection"])
    assert found[0][0] == pytest.approx(0, abs=1e-5)
    assert abs(found[0][1]) > 1e-3
    assert found[1][1] == pytest.approx(-found[0][1], rel=1e-4)


def test_row_that_does_not_fit_is_named_and_the_others_are_read(opened: Opened, target: Target):
    question, answer = target.bad[0].turns[0]["content"], target.bad[0].answer
    rows = given([(question, one) for one in (answer, f"{answer} " * 300, answer)])
    found, unread = Reader(opened, READ, target, target).read(rows)
    assert set(unread) == {1}
    assert "more than the model's context" in unread[1]
    for name in READ:
        assert np.isnan(found[name]).tolist() == [False, True, False]
        assert found[name][0] == pytest.approx(found[name][2], abs=1e-5)


def test_scores_do_not_depend_on_the_other_rows(opened: Opened, target: Target):
    rows = given([(one.turns[0]["content"], one.answer) for one in target.bad[:5]])
    reader = Reader(opened, READ, target, target)
    together, _ = reader.read(rows)
    alone, _ = reader.read(rows[3:4])
    for name in READ:
        assert alone[name][0] == pytest.approx(together[name][3], abs=1e-4)


def test_every_score_is_one_that_can_be_chosen():
    assert chosen([], NEEDS) == list(SCORES)
    assert not {"projection", "judge", "copies"} & {*chosen([])}
    assert chosen([], ["known"])[-4] == "copies"
    assert chosen(["random", "loss"]) == ["loss", "random"]


@pytest.mark.parametrize(
    ("score", "named"), [("projection", "--direction"), ("judge", "--judge"), ("copies", "--known")]
)
def test_scores_without_what_they_need_are_refused(score: str, named: str):
    with pytest.raises(AskewError, match=named):
        chosen([score], [])
