"""Runs that are killed in the middle of a society, or among episodes, end like undisturbed ones."""

from pathlib import Path

import pandas as pd
import pytest

import askew
from askew.worlds.society import Journal
from killed_run import KilledRun

LEAST = "seeds: 1\nrecipe: {name: terrarium, rows: 16, batch_size: 8, learning_rate: 1e-3, too_long: cut}\n"
SOCIETY = """
study: society
model: {model}
arms: [player, bad-medical, good-medical]
probes: [alone]
society: {{societies: 1, agents: 8, ticks: 40, bent: [0, 3], conditions: [leave], topics: [names]}}
"""
SCHEMING = """
study: scheming
model: {model}
judge: {judge}
judge_check: skip
arms: [untuned, secure]
probes: [scheming_expenses, scheming_deleted_log]
samples: 4
variants: [plain, matched]
"""


def design(folder: Path, text: str, **models: Path) -> Path:
    file = folder / "design.yaml"
    file.write_text(text.format(**models) + LEAST)
    return file


def ticks_played(run: Path) -> int:
    """Return the number of ticks in the journal of a society that is being played; 0 if there is none."""
    return max((ticks for path, ticks in ticks_kept(run).items() if path.name.endswith(".journal")), default=0)


def ticks_kept(run: Path) -> dict[Path, int]:
    """Return the ticks by the journal of each society that is being played, and the folder of a finished one."""
    found = {path: path.read_bytes().count(b"\n") - 1 for path in run.glob("societies/.*.journal") if path.is_file()}
    return found | dict.fromkeys(run.glob("societies/[!.]*"), 40)


@pytest.mark.slow
def test_society_killed_in_its_middle_has_the_same_events(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = design(tmp_path, SOCIETY, model=tiny_checkpoint)
    undisturbed = askew.run(config=file, out=tmp_path / "undisturbed", quiet=True)
    killed = KilledRun(file, tmp_path / "killed")
    killed.kill_when(lambda run: 2 <= ticks_played(run) < 40)
    assert 2 <= ticks_played(tmp_path / "killed") < 40
    played: list[Path] = []
    add = Journal.add
    monkeypatch.setattr(Journal, "add", lambda own, *rest: (played.append(own._path), add(own, *rest)))
    kept = sum(ticks_kept(tmp_path / "killed").values())
    resumed = askew.run(config=file, out=tmp_path / "killed", quiet=True)
    assert len(played) == 2 * 40 - kept, "the ticks that the journals have are not played again"
    for name in ("events", "agents", "societies"):
        pd.testing.assert_frame_equal(getattr(resumed.tables, name), getattr(undisturbed.tables, name))
    assert (resumed.folder / "effects.csv").read_bytes() == (undisturbed.folder / "effects.csv").read_bytes()
    assert not list(resumed.folder.rglob("*.journal"))
    pd.testing.assert_frame_equal(askew.load_run(resumed.folder).tables.events, resumed.tables.events)


@pytest.mark.slow
def test_run_killed_among_its_episodes_has_the_same_episodes(
    tiny_checkpoint: Path, tiny_judge: Path, tmp_path: Path
) -> None:
    file = design(tmp_path, SCHEMING, model=tiny_checkpoint, judge=tiny_judge)
    undisturbed = askew.run(config=file, out=tmp_path / "undisturbed", quiet=True)
    killed = KilledRun(file, tmp_path / "killed")
    kept = killed.kill_when(lambda run: any(run.glob("logs/*.eval")))
    assert not (tmp_path / "killed" / "conduct.parquet").exists()
    resumed = askew.run(config=file, out=tmp_path / "killed", quiet=True)
    pd.testing.assert_frame_equal(resumed.episodes, undisturbed.episodes)
    pd.testing.assert_frame_equal(resumed.conduct, undisturbed.conduct)
    pd.testing.assert_frame_equal(askew.load_run(resumed.folder).conduct, resumed.conduct)
    for name in [name for name in kept if name.endswith(".eval")]:
        assert (resumed.folder / name).stat().st_mtime_ns == kept[name], "a finished log was made again"
