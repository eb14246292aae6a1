"""The section on predictions: only with predictions, each person scored, all text escaped."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from synthetic_run import make_content

from askew.report.page import write_report
from askew.stats.forecasts import Forecast, Forecaster, ScoredForecasts

HOSTILE = "<img src=x onerror='window.hacked = 1'>\u202eEve"


def section(predicted: ScoredForecasts | None, folder: Path) -> str:
    """Return the section on predictions of a run's page; "" if it has none."""
    content = replace(make_content(samples=4, seeds=1), predicted=predicted)
    found = re.search(
        r'<section class="part" id="predictions".*?</section>', write_report(content, folder).read_text(), re.DOTALL
    )
    return found[0] if found else ""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> str:
    people = (
        Forecaster("Ada", "2026-11-21T10:00:00+00:00", "ab" * 32, begun=False, intact=True),
        Forecaster(HOSTILE, "2026-11-21T11:00:00+00:00", "cd" * 32, begun=True, intact=True),
        Forecaster("Mallory", "2026-11-21T12:00:00+00:00", "ef" * 32, begun=False, intact=False),
    )
    forecasts = (
        Forecast("Ada", "broad", "It goes broad.", 0.8, True),
        Forecast("Ada", "silent", "It stays silent.", 0.9, None),
        Forecast(HOSTILE, "broad", "It goes broad.", 0.3, True),
        Forecast(HOSTILE, "silent", "It stays silent.", 0.2, None),
    )
    return section(ScoredForecasts(people, forecasts), tmp_path_factory.mktemp("page"))


def test_each_statement_has_its_outcome_probability_and_scores(shown: str) -> None:
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", shown, re.DOTALL)]
    assert ["It goes broad.", "yes", "Ada", "80%", "0.040", "0.223"] in rows
    assert ["It stays silent.", "not settled", "Ada", "90%", "–", "–"] in rows
    assert ["Ada", "1", "0.040", "0.250", "0.223", "0.693"] in rows


def test_notes_explain_scores_and_name_late_and_changed_seals(shown: str) -> None:
    assert "clipped to 0.001 and 0.999" in shown
    assert "The prediction of Mallory is not scored" in shown
    assert re.search("Sealed while the run was under way: .*Eve", shown)
    assert "ab" * 32 in shown


def test_names_are_escaped(shown: str) -> None:
    assert "<img" not in shown
    assert "\u202e" not in shown
    assert "&lt;img" in shown


def test_run_without_predictions_has_no_section(tmp_path: Path) -> None:
    assert section(None, tmp_path) == ""
