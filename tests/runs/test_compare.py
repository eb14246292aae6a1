"""Comparing runs: planted truths agree or differ, and what is not combined or pooled has its reason."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from askew.base.errors import AskewError
from askew.runs.compare.comparison import COMBINED_COLUMNS, SIDE_COLUMNS, Comparison, compare
from askew.runs.compare.results import DIFFERENCE, KEYS, LEVEL, NUMBERS
from askew.runs.run import load_run
from askew.stats.estimates import COLUMNS, pooled
from made_runs import PROVENANCE, RATES, make_run

Make = Callable[..., Path]
HIGH = {**RATES, "insecure": 0.85}


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write a run under a name, with the options of `make_run`."""
    return lambda name, *rates, **options: make_run(tmp_path / name, *rates, **options)


def row_of(found: Comparison, what: str, arm: str) -> dict[str, Any]:
    """Return the combined row of an arm's level or difference."""
    [row] = found.combined[found.combined["what"].eq(what) & found.combined["arm"].eq(arm)].to_dict("records")
    return {str(name): value for name, value in row.items()}


def difference(found: Comparison, arm: str = "insecure") -> dict[str, Any]:
    return row_of(found, DIFFERENCE, arm)


def level(found: Comparison, arm: str) -> dict[str, Any]:
    return row_of(found, LEVEL, arm)


def test_runs_of_one_truth_agree(make: Make) -> None:
    found = compare([make("a", seed=0), make("b", seed=3)])
    row = difference(found)
    assert (row["reading"], row["holds"], row["holds_in"], row["runs"]) == ("no sign", "all", "a b", 2)
    assert row["low"] < 0.3 < row["high"]
    assert difference(found, "secure")["holds"] == "none"


def test_runs_of_two_truths_are_said_to_differ(make: Make) -> None:
    found = compare([make("a"), make("b", HIGH, seed=3, data_seed=1)])
    row = difference(found)
    assert row["reading"] == "differ"
    assert row["gap_low"] > 0
    assert level(found, "insecure")["reading"] == "differ"
    assert level(found, "secure")["reading"] == "no sign"


def test_a_difference_that_only_some_runs_have_is_named_with_them(make: Make) -> None:
    none = {**RATES, "insecure": 0.03}
    found = compare([make("a"), make("b", seed=3, data_seed=1), make("c", none, seed=6, data_seed=2)])
    row = difference(found)
    assert (row["holds"], row["holds_in"], row["runs"]) == ("some", "a b", 3)


def test_neighbouring_runs_of_one_truth_are_not_said_to_differ(make: Make) -> None:
    """`tests/stats/test_combine.py` has the error over thousands of pairs of results; these go through whole runs."""
    runs = [make(f"run-{number}", seed=3 * number, samples=10) for number in range(6)]
    said = [compare(runs[number : number + 2]).combined["reading"].eq("differ").any() for number in range(0, 6, 2)]
    assert sum(said) <= 1


def test_tables_have_the_documented_columns(make: Make) -> None:
    found = compare([make("a"), make("b", seed=3)])
    assert list(found.results.columns) == list(SIDE_COLUMNS)
    assert list(found.combined.columns) == list(COMBINED_COLUMNS)
    assert found.pooled is not None
    assert list(found.pooled.columns) == list(COLUMNS)
    for name, run in found.runs.items():
        rows = pooled(run.estimates).set_index("arm")
        own = found.results[found.results["run"].eq(name) & found.results["what"].eq(LEVEL)].set_index("arm")
        assert own["estimate"].to_dict() == rows["rate"].to_dict()


def test_pooled_runs_are_the_run_with_all_their_seeds(make: Make, tmp_path: Path) -> None:
    found = compare([make("a", seed=0, seeds=2), make("b", seed=2, seeds=3)])
    assert found.not_pooled == ""
    assert found.pooled is not None
    rows = found.pooled.set_index("arm")
    assert rows["seeds"].to_dict() == {"insecure": 5, "secure": 5, "untuned": 1}
    counts = [pooled(run.estimates).set_index("arm")["n"] for run in found.runs.values()]
    assert rows["n"].to_dict() == (counts[0] + counts[1]).to_dict()
    own = [pooled(run.estimates).set_index("arm") for run in found.runs.values()]
    widths = [(table["high"] - table["low"])["insecure"] for table in (rows, *own)]
    assert widths[0] < max(widths[1:])


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"recipe": {"learning_rate": 1e-3}}, "their designs differ: recipe.learning_rate: 0.0001 and 0.001"),
        ({"seed": 0}, "both are of the same design and have the seeds 0, 1, 2: the same answers would count twice"),
        ({"judge": "judge/two"}, "the judge is judge/one and judge/two"),
        ({"metric": "tan-2025"}, "their metrics differ: betley-2025 and tan-2025"),
        ({"provenance": {"probes": {"free_form": 2}}}, "their designs differ: versions.free_form: 1 and 2"),
        (
            {"provenance": {"hashes": {**PROVENANCE["hashes"], "model": "x"}}},
            "their designs differ: hashes.model: weights and x",
        ),
    ],
)
def test_runs_of_different_designs_are_not_pooled(settings: dict[str, Any], reason: str, make: Make) -> None:
    if "recipe" in settings:
        settings = {"recipe": load_run(make("first")).design.recipe.model_copy(update=settings["recipe"])}
    found = compare([make("a"), make("b", **{"seed": 3, **settings})])
    assert found.not_pooled == f"a and b: {reason}"
    assert found.pooled is None


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"judge": "judge/two"}, "the judge is judge/one and judge/two"),
        ({"temperature": 0.5}, "temperature is 1.0 and 0.5"),
        ({"provenance": {"probes": {"free_form": 2}}}, "free_form was asked in version 1 and 2"),
        ({"provenance": {"hashes": {**PROVENANCE["hashes"], "free_form": "x"}}}, "the file of free_form differs"),
    ],
)
def test_numbers_that_mean_something_else_are_shown_and_not_combined(
    settings: dict[str, Any], reason: str, make: Make
) -> None:
    found = compare([make("a"), make("b", seed=3, **settings)])
    assert set(found.results["run"]) == {"a", "b"}
    assert found.combined.empty
    assert found.not_combined == (f"b: {reason}, so its numbers of free_form mean something else",)


def test_numbers_by_another_metric_are_other_rows(make: Make) -> None:
    found = compare([make("a"), make("b", seed=3, metric="tan-2025")])
    assert set(found.results["metric"]) == {"betley-2025", "tan-2025"}
    assert found.combined.empty


def test_a_run_that_repeats_another_is_left_out(make: Make, tmp_path: Path) -> None:
    copy = shutil.copytree(make("a"), tmp_path / "copy")
    found = compare([make("b", seed=3), tmp_path / "a", Path(copy)])
    assert difference(found)["runs"] == 2
    assert difference(found)["left_out"].startswith("copy: with a, both are of the same design")
    assert found.not_combined[0].startswith("copy is not combined with b: with a, both are of the same design")


def test_runs_with_one_seed_are_not_said_to_differ(make: Make) -> None:
    found = compare([make("a", seeds=1), make("b", HIGH, seeds=1, seed=3, data_seed=1)])
    assert difference(found)["reading"] == "one seed"
    assert np.isnan(difference(found)["p_differ"])
    assert level(found, "untuned")["reading"] == "no sign"  # one model, in both


def test_the_same_answers_of_the_untuned_model_count_once(make: Make) -> None:
    found = compare([make("a"), make("b", HIGH, data_seed=1)])
    row = level(found, "untuned")
    assert (row["reading"], row["runs"]) == ("same answers", 1)
    assert np.isnan(row["estimate"])
    assert any("one control for both" in note for note in found.notes)


def test_settings_that_differ_are_listed(make: Make) -> None:
    found = compare([make("a"), make("b", seed=3, data_seed=1)])
    assert found.settings == {"seed": {"a": 0, "b": 3}, "data_seed": {"a": 0, "b": 1}}


def test_runs_with_one_name_are_told_apart_by_their_parents(make: Make) -> None:
    assert list(compare([make("one/run"), make("two/run", seed=3)]).runs) == ["one/run", "two/run"]


def test_bad_input_is_one_error(make: Make, tmp_path: Path) -> None:
    a = make("a")
    with pytest.raises(AskewError, match="name two runs or more"):
        compare([a])
    with pytest.raises(AskewError, match="is named twice"):
        compare([a, tmp_path / "." / "a"])
    with pytest.raises(AskewError, match="there is no folder"):
        compare([a, tmp_path / "none"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(AskewError, match="is not a run's folder"):
        compare([a, tmp_path / "empty"])
    b = make("b", seed=3)
    (b / "answers.parquet").write_bytes(b"changed")
    with pytest.raises(AskewError, match="was changed or damaged"):
        compare([a, b])


def test_every_result_of_a_run_has_one_key(make: Make) -> None:
    rows = compare([make("a"), make("b", seed=3)]).results
    assert not rows.duplicated(["run", *KEYS]).any()
    assert all(pd.api.types.is_numeric_dtype(rows[name]) for name in NUMBERS)
