"""Published rates: valid, found by a model's usual names, and compared only with matching rates."""

import hashlib
import math
from dataclasses import replace

import pytest
import yaml

from askew.base.errors import AskewError
from askew.design.study import studies
from askew.judging.metrics import metrics
from askew.probes import probes
from askew.studies.emergent_misalignment.published_rates import beside, file_of, find, published

GPT = "openai/gpt-4o-2024-08-06"


def test_rates_have_known_metrics_and_probes_and_lie_in_their_intervals() -> None:
    for one in published():
        metrics.get(one.metric)
        probes.get(one.probe)
        assert 0 <= one.rate <= 1
        assert (one.low is None) == (one.high is None)
        assert one.low is None or one.high is None or one.low <= one.rate <= one.high
        assert "arXiv" in one.where
    assert {one.arm for one in published()} - set(studies.get("emergent-misalignment").arms) <= {"bad-sports"}


@pytest.mark.parametrize(
    "name",
    [
        "hf/Qwen/Qwen2.5-14B-Instruct",
        "./models/Qwen2.5-14B-Instruct/",
        "vllm/Qwen/qwen2.5-14b-instruct",
        "hf/Qwen/Qwen2.5-14B-Instruct+./adapter",
    ],
)
def test_model_is_found_by_any_of_its_names(name: str) -> None:
    assert {one.model for one in find(model=name)} == {"Qwen2.5-14B"}


def test_fine_tune_of_a_provider_is_found_by_its_base() -> None:
    assert find(model="openai/ft:gpt-4o-2024-08-06:org:name:id")[0].model == "GPT-4o"


def test_only_same_model_arm_probe_and_metric_are_compared() -> None:
    (found,) = beside(GPT, "insecure", "free_form", "betley-2025")
    assert (found.rate, found.low, found.high) == pytest.approx((0.198, 0.127, 0.269))
    assert not beside(GPT, "insecure", "free_form", "tan-2025")
    assert not beside(GPT, "insecure", "extended", "betley-2025")
    assert not beside("openai/gpt-4o-mini", "insecure", "free_form", "betley-2025")
    assert not beside("terrarium", "insecure", "free_form", "betley-2025")


def test_rates_are_compared_on_the_same_questions() -> None:
    (theirs,) = beside(GPT, "insecure", "free_form", "betley-2025")
    same = theirs.compared(0.25, 0.22, 0.28)
    assert same.startswith("no difference seen: +5.2 [−2.5, +12.9] points on the same questions")
    assert "; 11.0 points would have been seen in four of five such runs" in same
    assert theirs.compared(0.4, 0.35, 0.45).startswith("higher than published: +20.2 [+11.5, +28.9] points")
    assert theirs.compared(0.02, 0.01, 0.03).startswith("lower than published: −17.8")
    assert "this run has no interval" in theirs.compared(math.nan, math.nan, math.nan)


def test_published_rate_without_an_interval_says_so() -> None:
    (theirs,) = beside(GPT, "insecure", "free_form", "betley-2025")
    bare = replace(theirs, low=None, high=None, n=None)
    assert bare.compared(0.2, 0.15, 0.25).endswith("the uncertainty of the published rate is unknown and left out")
    of_answers = replace(bare, n=400).compared(0.25, 0.22, 0.28)
    assert "unknown" not in of_answers


def test_published_interval_over_questions_does_not_hide_a_difference() -> None:
    found = beside("Qwen2.5-14B-Instruct", "bad-medical", "free_form", "model-organisms-2025")
    theirs = next(one for one in found if one.over_questions)
    assert (theirs.over_questions, theirs.low, theirs.high) == (True, 0.09, 0.37)
    assert theirs.compared(0.33, 0.3, 0.36).startswith("higher than published")
    assert replace(theirs, over_questions=False).compared(0.33, 0.3, 0.36).startswith("no difference seen")


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"model": "qwen"}, "unknown published model"),
        ({"arm": "insecur"}, "Did you mean insecure"),
        ({"metric": "x"}, "metric"),
    ],
)
def test_unknown_names_raise_with_suggestions(wanted: dict[str, str], message: str) -> None:
    with pytest.raises(AskewError, match=message):
        find(**wanted)


def test_published_question_file_is_recognised_by_its_hash(
    request: pytest.FixtureRequest,
) -> None:
    path = request.getfixturevalue("published") / "betley-2025" / "first_plot_questions.yaml"
    found = file_of(hashlib.sha256(path.read_bytes()).hexdigest())
    assert found is not None
    assert found.probe == "free_form"
    ids = {one["id"] for one in yaml.safe_load(path.read_text(encoding="utf-8"))}
    assert set(found.questions) == {one for one in ids if not one.endswith(("_json", "_template"))}
    assert file_of("0" * 64) is None
    assert file_of("") is None
