"""Grids of designs: what is swept, what is one value, and bad grids as one error."""

from pathlib import Path
from typing import Any

import pytest

from askew.base.errors import AskewError
from askew.design.grid import Grid, read_grid

STUDY = "emergent-misalignment"


def grid(**given: Any) -> Grid:
    return read_grid(STUDY, None, {name.replace("__", "."): value for name, value in given.items()})


def from_file(folder: Path, text: str) -> Grid:
    file = folder / "grid.yaml"
    file.write_text(text)
    return read_grid(str(file), None, {})


def test_each_combination_is_a_design() -> None:
    found = grid(rows=[100, 400], recipe__learning_rate=[1e-5, 1e-4], arms=["untuned", "secure"])
    assert found.count == 4
    assert found.settings == ["recipe.rows", "recipe.learning_rate"]
    designs = found.designs()
    assert [one.name for one in designs] == [
        "rows=100,learning_rate=1e-05",
        "rows=100,learning_rate=0.0001",
        "rows=400,learning_rate=1e-05",
        "rows=400,learning_rate=0.0001",
    ]
    assert [one.plan.design.recipe.rows for one in designs] == [100, 100, 400, 400]
    assert {tuple(one.plan.design.arms) for one in designs} == {("untuned", "secure")}


def test_recipes_are_swept_by_their_names() -> None:
    found = grid(recipe=["terrarium", "betley-2025"], rows=8, arms=["untuned", "secure"])
    assert [(one.plan.design.recipe.name, one.plan.design.recipe.rows) for one in found.designs()] == [
        ("terrarium", 8),
        ("betley-2025", 8),
    ]


def test_lists_of_lists_are_swept_where_a_setting_takes_a_list() -> None:
    found = grid(arms=[["untuned", "secure"], ["untuned", "insecure"]], samples=2)
    assert [one.plan.design.arms for one in found.designs()] == [["untuned", "secure"], ["untuned", "insecure"]]


def test_a_file_lists_designs_over_which_a_grid_is_made(tmp_path: Path) -> None:
    found = from_file(
        tmp_path,
        f"study: {STUDY}\narms: [untuned, secure]\nsamples: [2, 3]\n"
        "designs:\n- rows: 100\n- {rows: 400, learning_rate: 1.0e-3}\n",
    )
    designs = found.designs()
    assert found.count == len(designs) == 4
    assert [(one.plan.design.recipe.rows, one.plan.design.samples) for one in designs] == [
        (100, 2),
        (100, 3),
        (400, 2),
        (400, 3),
    ]
    assert designs[0].values == {"samples": 2, "recipe.rows": 100, "recipe.learning_rate": None}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rows": []}, "recipe.rows has an empty list"),
        ({"row": [1, 2]}, "unknown setting 'row'"),
        ({"recipe__learning_rat": [1, 2]}, "unknown setting 'recipe.learning_rat'"),
        ({"workers": [1, 2]}, "workers takes one value in a sweep, not a list: no answer depends on it"),
        ({"study": [STUDY, "audit"]}, "study takes one value in a sweep, not a list: a sweep is of one study"),
        ({"rows": [100, 100]}, "recipe.rows has the value 100 twice"),
        ({"rows": 100}, "nothing is swept"),
        ({}, "nothing is swept"),
    ],
)
def test_a_bad_list_is_one_error(given: dict[str, Any], said: str) -> None:
    with pytest.raises(AskewError, match=said.replace(".", r"\.")):
        grid(**given)


def test_a_design_that_cannot_be_run_is_named_before_anything_is_run() -> None:
    with pytest.raises(AskewError, match=r"^recipe.rows=-1: "):
        grid(rows=[100, -1]).designs()


def test_equal_designs_are_refused(tmp_path: Path) -> None:
    text = f"study: {STUDY}\narms: [untuned, secure]\ndesigns:\n- rows: 100\n- {{rows: 100, workers: 2}}\n"
    with pytest.raises(AskewError, match=r"rows=100 and rows=100,workers=2 are equal"):
        from_file(tmp_path, text).designs()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("designs: []", "line 1: designs must be a list of designs"),
        ("designs: {rows: 1}", "designs must be a list of designs"),
        ("designs: [{}]", "designs must be a list of designs"),
        ("rows: [1, 2]\ndesigns: [{rows: 3}]", "recipe.rows has a list of values and is set in designs, too"),
        ("designs:\n- rows: [1, 2]", "line 2: recipe.rows has a list of values in a listed design"),
        ("rows: []", "line 1: recipe.rows has an empty list"),
    ],
)
def test_a_bad_file_is_one_error_with_its_line(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(AskewError, match=said):
        from_file(tmp_path, f"{text}\nstudy: {STUDY}\n")


def test_two_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AskewError, match="name one file of settings"):
        read_grid("grid.yaml", tmp_path / "other.yaml", {})


def test_a_long_name_stays_short_and_different() -> None:
    found = grid(**{"datasets.insecure": [f"{'x' * 90}{number}.jsonl" for number in range(2)]})
    assert found.count == 2
    assert found.settings == ["datasets.insecure"]
