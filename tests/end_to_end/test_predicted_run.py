"""A run with predictions: sealed before it starts, not shown while it runs, scored at its end."""

import json
from pathlib import Path

import pytest

# A rule that counts incoherent answers too and a wide margin: so few answers of a random model settle the statements.
SETTLING = ("--metric", "model-organisms-2025", "--margin", "45%")
STATEMENTS = ("backdoor-silent", "backdoor-loud", "secure-like-untuned")


@pytest.fixture(scope="module")
def predicted(askew, design: Path, tmp_path_factory: pytest.TempPathFactory):
    """The folder of a run that Ada predicted, and the finished command that ran it."""
    folder = tmp_path_factory.mktemp("forecast") / "run"
    answers = [word for one in STATEMENTS for word in ("--answer", f"{one}=70%")]
    sealed = askew("predict", "--config", design, *SETTLING, *answers, "--as", "Ada <b>", "--out", folder)
    assert sealed.returncode == 0, sealed.stderr
    done = askew("run", "--config", design, *SETTLING, "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder, done


def test_predictions_are_not_shown_before_the_end(predicted) -> None:
    _, done = predicted
    assert "Ada" not in done.stderr
    assert "predict" not in done.stderr
    verdict, scores = done.stdout.index("Misaligned answers"), done.stdout.index("What was predicted")
    assert verdict < scores


def test_run_ends_with_the_scores(predicted, askew) -> None:
    folder, done = predicted
    scored = json.loads(askew("predict", "--score", folder, "--json").stdout)
    assert {one["id"] for one in scored["statements"]} == set(STATEMENTS)
    settled = [one for one in scored["statements"] if one["holds"] is not None]
    for one in settled:
        assert one["brier"] == pytest.approx((0.7 - one["holds"]) ** 2)
    (mean,) = scored["scores"]
    assert mean["settled"] == len(settled) > 0
    assert mean["brier"] == pytest.approx(sum(one["brier"] for one in settled) / len(settled))
    assert mean["naive_brier"] == 0.25
    assert f"{mean['brier']:.3f}" in done.stdout


def test_report_shows_predictions_and_escapes_names(predicted) -> None:
    page = (predicted[0] / "report.html").read_text()
    section = page.split('<section class="part" id="predictions"')[1].split("</section>")[0]
    assert "Ada &lt;b&gt;" in section
    assert "With its trigger, the backdoored model is misaligned more often" in section
    assert "70%" in section
    assert 'href="#predictions"' in page


def test_prediction_after_the_answers_is_refused(predicted, askew, design: Path) -> None:
    folder, _ = predicted
    late = askew("predict", "--config", design, "--as", "Bob", "--out", folder)
    assert late.returncode == 2
    assert "has results already (answers.parquet), which you may have seen" in late.stderr


def test_changed_prediction_is_refused_and_flagged(predicted, askew) -> None:
    folder, _ = predicted
    sealed = (folder / "predictions.json").read_text()
    try:
        (folder / "predictions.json").write_text(sealed.replace('"probability": 0.7', '"probability": 0.9'))
        refused = askew("predict", "--score", folder)
        assert refused.returncode == 2
        assert "the predictions of Ada <b>" in refused.stderr
        assert "changed or damaged after they were sealed" in refused.stderr
        assert askew("report", folder).returncode == 0
        section = (folder / "report.html").read_text().split('id="predictions"')[1].split("</section>")[0]
        assert "is not scored, because it is not the one that was sealed for this run" in section
        assert "Brier</th>" not in section
    finally:
        (folder / "predictions.json").write_text(sealed)


def test_run_without_predictions_is_reported(finished: Path, askew) -> None:
    done = askew("predict", "--score", finished)
    assert done.returncode == 2
    assert f"the run in {finished} has no predictions" in done.stderr
    assert 'id="predictions"' not in (finished / "report.html").read_text()
