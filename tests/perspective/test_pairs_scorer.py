"""The scorer of log-probability pairs: what it reads, and that a model that knows nothing is warned of."""

from pathlib import Path

import pytest

from askew.perspective.axis import axis
from askew.perspective.planted import neutral_text
from askew.perspective.scorers import Setting, scorers
from askew.perspective.validation import validate

AXIS = axis("risk-opportunity")


def test_scores_are_on_the_scale_for_every_text_and_repeat(tool_checkpoint: Path) -> None:
    counted: list[int] = []
    setting = Setting(AXIS, model=str(tool_checkpoint), on_progress=lambda done, total: counted.append(done))
    scorer = scorers.get("pairs").make(setting)
    texts = ["Question: what would you do?", "Answer: I would share it."]
    first = scorer(texts)
    assert all(-100 < one.score < 100 for one in first)
    assert [one.score for one in scorer(texts)] == pytest.approx([one.score for one in first])
    assert not any(one.evidence for one in first)
    assert counted == [1, 2, 1, 2]


def test_texts_without_a_stance_lie_around_zero(tool_checkpoint: Path) -> None:
    scorer = scorers.get("pairs").make(Setting(AXIS, model=str(tool_checkpoint)))
    found = scorer([neutral_text(number) for number in range(4)])  # those that the scores are taken against
    assert abs(sum(one.score for one in found)) < 20


def test_a_model_that_knows_nothing_is_warned_of(tool_checkpoint: Path) -> None:
    scorer = scorers.get("pairs").make(Setting(AXIS, model=str(tool_checkpoint)))
    found = validate("pairs", scorer, 3)
    assert found.neutral == 1  # it has a score for every segment
    assert "Do not rely on this map" in found.warning
