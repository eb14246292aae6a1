"""The page of a sweep of planted runs: what it says, and a curve for each swept setting."""

from pathlib import Path

import pandas as pd

from askew.design.grid import read_grid
from askew.runs.run import load_run
from askew.runs.sweep.write import PAGE, write_sweep
from made_runs import make_run


def planted_sweep(folder: Path) -> Path:
    """Write a sweep of four planted runs, in which only the number of rows matters, and return its page."""
    swept = {"rows": [100, 400], "learning_rate": [1e-4, 1e-3], "arms": ["untuned", "insecure", "secure"]}
    grid = read_grid("emergent-misalignment", None, swept)
    designs, runs = grid.designs(), {}
    for one in designs:
        rate = {100: 0.04, 400: 0.6}[one.plan.design.recipe.rows or 0]
        rates = {"untuned": 0.02, "insecure": rate, "secure": 0.03}
        runs[one.name] = load_run(make_run(folder / "runs" / one.name, rates, recipe=one.plan.design.recipe))
    assert write_sweep(folder, grid, designs, runs)
    return folder / PAGE


def test_a_planted_response_is_found_and_drawn(tmp_path: Path) -> None:
    page = planted_sweep(tmp_path).read_text()
    assert "insecure minus secure: from " in page
    assert "beyond chance in 2 of 4 designs" in page
    assert {path.stem for path in (tmp_path / "figures").glob("*.svg")} == {"over-1", "over-2"}
    table = pd.read_csv(tmp_path / "sweep.csv")
    rates = table[table["what"].eq("level") & table["arm"].eq("insecure")].groupby("set.recipe.rows")["estimate"]
    assert (rates.min() > [0.0, 0.4]).all()
    assert (rates.max() < [0.2, 0.8]).all()
