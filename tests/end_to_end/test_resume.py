"""A run that is killed at any moment continues where it stopped, and ends like an undisturbed one."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import askew
from askew.runs.status import run_status
from askew.runs.status_file import STATUS
from killed_run import KilledRun, finished_files

CHANGING = ("timings.json", ".lock", STATUS)
COMPARED = ["answers.parquet", "estimates.csv", "curve.csv"]


@pytest.mark.slow
def test_run_killed_in_every_stage_ends_like_an_undisturbed_one(design: Path, finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    killed = KilledRun(design, folder)
    moments: list[Callable[[Path], bool]] = [
        # training: one adapter is complete, the other has begun
        lambda run: any(run.glob("models/[!.]*")) and any(run.glob("models/.*.training")),
        # asking: some logs are complete
        lambda run: any(run.glob("logs/*.eval")),
        # estimating: the answers are written, the estimates are not
        lambda run: (run / "answers.parquet").exists(),
        # the report: some figures are written, the page is not
        lambda run: any(run.glob("figures/*.svg")),
    ]
    kept: dict[str, float] = {}
    for happened in moments:
        now = killed.kill_when(happened)
        assert kept.items() <= now.items(), "a finished file was made again"
        kept = now
    assert not (folder / "report.html").exists()
    resumed = askew.run(config=design, out=folder, quiet=True)
    assert kept.items() <= finished_files(folder).items()
    assert resumed.report.is_file()
    assert not [*folder.rglob("*.unfinished"), *folder.rglob("*.training")]
    undisturbed = askew.load_run(finished)
    pd.testing.assert_frame_equal(resumed.answers, undisturbed.answers)
    for name in COMPARED:
        assert (folder / name).read_bytes() == (finished / name).read_bytes()


def test_finished_run_repeats_nothing(design: Path, finished: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(finished, tmp_path / "copy"))
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.name not in CHANGING}
    askew.run(config=design, out=folder, quiet=True)
    files = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.name not in CHANGING}
    assert {path for path in files if path.is_file() and files[path] != before.get(path)} == set()


@pytest.mark.slow
def test_another_process_says_how_a_run_stands_until_it_is_killed(design: Path, tmp_path: Path) -> None:
    folder, seen = tmp_path / "run", list[str]()

    def is_asking(run: Path) -> bool:
        if not (run / STATUS).exists():
            return False
        found = run_status(run)
        seen.append(found.state)
        return bool(found.under_way) and found.counts["done"] > 0

    KilledRun(design, folder).kill_when(is_asking)
    assert set(seen) == {"running"}
    found = run_status(folder)
    assert (found.state, found.counts["running"]) == ("cut short", 0)
    assert found.counts["left"] + found.counts["done"] == found.counts["pieces"] > 4
    askew.run(config=design, out=folder, quiet=True)
    found = run_status(folder)
    assert (found.state, found.counts["left"], found.trouble) == ("finished", 0, "")
