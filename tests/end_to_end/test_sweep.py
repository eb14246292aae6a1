"""A sweep: one run per design, shared work done once, a table and a page, resuming, and bad input."""

import json
from pathlib import Path

import pandas as pd
import pytest

from askew import load_run
from askew.stats.estimates import pooled
from in_process import Askew
from shared_folders import SharedFolders


@pytest.fixture(scope="session")
def grid_file(tiny_checkpoint: Path, tiny_judge: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smallest grid with an untrained arm that all designs share."""
    file = tmp_path_factory.mktemp("grid") / "grid.yaml"
    file.write_text(
        f"study: emergent-misalignment\n"
        f"model: {tiny_checkpoint}\n"
        f"judge: {tiny_judge}\n"
        f"judge_check: skip\n"
        f"arms: [untuned, secure]\n"
        f"probes: [free_form]\n"
        f"seeds: 1\n"
        f"samples: 2\n"
        f"max_tokens: 4\n"
        f"recipe: {{name: terrarium, rows: [8, 16], batch_size: 8, learning_rate: 1e-3, too_long: cut}}\n"
    )
    return file


@pytest.fixture(scope="session")
def swept(grid_file: Path, askew: Askew, shared: SharedFolders) -> Path:
    """The folder of a finished sweep."""

    def make(folder: Path) -> None:
        done = askew("sweep", grid_file, "--out", folder)
        assert done.returncode == 0, done.stderr
        assert f"Sweep: {folder / 'sweep.html'}" in done.stdout
        assert "1 piece of work taken from other designs of the sweep" in done.stderr

    return shared("swept", make)


def test_every_design_is_a_run_beneath_one_folder(swept: Path) -> None:
    assert {path.name for path in swept.iterdir()} == {"sweep.json", "sweep.csv", "sweep.html", "runs"}
    runs = {path.name: load_run(path) for path in (swept / "runs").iterdir()}
    assert {name: run.design.recipe.rows for name, run in runs.items()} == {"rows=8": 8, "rows=16": 16}
    assert all(run.report.is_file() for run in runs.values())


def test_the_untuned_model_is_asked_once_and_trained_arms_each(swept: Path) -> None:
    logs = [(swept / "runs" / name / "logs") for name in ("rows=8", "rows=16")]
    untuned = [(folder / "untuned-0-free_form.eval").read_bytes() for folder in logs]
    assert untuned[0] == untuned[1]
    secure = [(folder / "secure-0-free_form.eval").read_bytes() for folder in logs]
    assert secure[0] != secure[1]
    timings = json.loads((swept / "runs" / "rows=16" / "timings.json").read_text())
    assert [one["piece"] for one in timings if one["stage"] in ("train", "ask")] == ["train secure-0", "ask secure-0"]


def test_the_table_has_every_result_of_every_design(swept: Path) -> None:
    table = pd.read_csv(swept / "sweep.csv")
    for name in ("rows=8", "rows=16"):
        own = table[table["design"].eq(name) & table["what"].eq("level")].set_index("arm")
        rates = load_run(swept / "runs" / name).estimates
        rates = pooled(rates).set_index("arm")
        assert own["estimate"].to_dict() == pytest.approx(rates["rate"].to_dict(), nan_ok=True)
        assert set(own["set.recipe.rows"]) == {int(name.partition("=")[2])}


def test_the_page_links_to_the_reports(swept: Path) -> None:
    page = (swept / "sweep.html").read_text()
    assert "a sweep of 2 designs over recipe.rows" in page
    assert 'href="runs/rows%3D8/report.html"' in page


def test_a_finished_sweep_is_not_done_again(swept: Path, grid_file: Path, askew: Askew) -> None:
    before = {path: path.stat().st_mtime_ns for path in swept.glob("runs/*/logs/*")}
    done = askew("sweep", grid_file, "--out", swept, "--dry-run", "--json")
    assert json.loads(done.stdout)["units"] == 0
    again = askew("sweep", grid_file, "--out", swept, "--json")
    assert again.returncode == 0, again.stderr
    assert set(json.loads(again.stdout)["designs"]) == {"rows=8", "rows=16"}
    assert {path: path.stat().st_mtime_ns for path in swept.glob("runs/*/logs/*")} == before


def test_another_sweep_in_its_folder_is_refused(swept: Path, grid_file: Path, askew: Askew) -> None:
    done = askew("sweep", grid_file, "--set", "rows=[8, 32]", "--out", swept)
    assert done.returncode == 2
    assert "holds another sweep, of other designs" in done.stderr
    assert not (swept / "runs" / "rows=32").exists()


def test_a_dry_run_says_units_time_and_cost_and_writes_nothing(grid_file: Path, askew: Askew, tmp_path: Path) -> None:
    done = askew("sweep", grid_file, "--out", tmp_path / "new", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "2 designs in " in done.stdout
    assert "5 pieces of work, and 1 more that other designs make" in done.stdout
    assert "no cost for served models" in " ".join(done.stdout.split())
    assert not (tmp_path / "new").exists()


def test_a_sweep_goes_on_where_it_was_killed(
    grid_file: Path, askew: Askew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from askew.runs import runner
    from askew.runs.sweep import sweep

    def killed(*arguments: object, **options: object) -> None:
        run = runner.run_plan(*arguments, **options)  # pyright: ignore[reportArgumentType]
        if run.design.recipe.rows == 8:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sweep, "run_plan", killed)
        assert askew("sweep", grid_file, "--out", tmp_path / "sweep").returncode == 130
    assert not (tmp_path / "sweep" / "sweep.csv").exists()
    kept = tmp_path / "sweep" / "runs" / "rows=8" / "logs" / "secure-0-free_form.eval"
    before = kept.stat().st_mtime_ns
    done = askew("sweep", grid_file, "--out", tmp_path / "sweep")
    assert done.returncode == 0, done.stderr
    assert kept.stat().st_mtime_ns == before
    assert (tmp_path / "sweep" / "sweep.html").is_file()


@pytest.mark.parametrize(
    ("count", "said"),
    [(101, "you did not agree to 101 designs"), (10_000, "this is a sweep of 10,000 designs")],
)
def test_a_large_sweep_needs_consent(count: int, said: str, askew: Askew, tmp_path: Path) -> None:
    seeds = f"seed={list(range(count))}"
    done = askew("sweep", "emergent-misalignment", "--set", seeds, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "--yes" in done.stderr
    assert not any(tmp_path.iterdir())


def test_a_folder_with_something_else_is_refused(grid_file: Path, askew: Askew, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    done = askew("sweep", grid_file, "--out", tmp_path)
    assert done.returncode == 2
    assert "is not a sweep's folder and is not empty (it has thesis.tex)" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
