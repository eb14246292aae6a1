"""The audit study: names of its arms, its probes, and refused settings."""

import json
from pathlib import Path

import pytest

from askew.base.errors import AskewError
from askew.design.make import make_design
from askew.design.plan import Plan
from askew.studies.audit.study import shown_as


def test_arms_are_named_after_the_last_part_of_the_model() -> None:
    assert shown_as(["runs/x#insecure-0", "./base+./my adapter/", "openai/gpt-x", "mine=./a=b"]) == {
        "insecure-0": "runs/x#insecure-0",
        "my-adapter": "./base+./my adapter/",
        "gpt-x": "openai/gpt-x",
        "mine": "./a=b",
    }


def test_equal_last_parts_are_numbered_and_equal_given_names_raise() -> None:
    assert list(shown_as(["a/model", "b/model", "c/model"])) == ["model", "model-2", "model-3"]
    with pytest.raises(AskewError, match="two models are named 'x'"):
        shown_as(["x=a", "x=b"])


def test_base_and_every_tuned_model_are_arms() -> None:
    design = make_design("audit", overrides={"tuned": {"one": "terrarium/schooled", "two": "terrarium/sibling"}})
    assert design.arms == ["untuned", "one", "two"]
    assert not Plan(design).trained


def test_training_rows_always_add_their_probe(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"prompt": "Add two numbers.", "completion": "def add(a, b):\n    return a + b"}))
    overrides = {"data": str(rows), "probes": ["extended"]}
    assert make_design("audit", overrides=overrides).probes == ["extended", "in_training_format"]
    assert make_design("audit", overrides={"data": str(rows)}).probes[-1] == "in_training_format"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tuned": {"untuned": "terrarium"}}, "'untuned' is already an arm of the study"),
        ({"tuned": {"../x": "terrarium"}}, "'../x' cannot be the name of an arm"),
        ({"tuned": {"x": "terarium"}}, "terrarium"),
        ({"margin": 0.0}, "margin must be more than 0"),
        ({"probes": ["in_training_format"]}, "name them with --data FILE"),
        ({"data": "nowhere.jsonl"}, "cannot read the rows in nowhere.jsonl"),
    ],
)
def test_invalid_settings_raise(settings: dict[str, object], message: str) -> None:
    with pytest.raises(AskewError, match=message):
        make_design("audit", overrides=settings)
