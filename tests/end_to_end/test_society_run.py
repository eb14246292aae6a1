"""A run of societies: planned, predicted, played, resumed and refused."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from askew import load_run
from askew.base.errors import AskewError
from askew.design.make import make_plan
from askew.runs.predictions import COMPUTED, check_can_seal, read_seals, statements
from askew.runs.store import RunFolder
from askew.runs.work import planned
from askew.runs.work.play import PlayWork
from askew.studies.society.foretelling import COLUMNS
from askew.studies.society.probes import ALONE
from in_process import Askew

SMALL = (
    *("--rows", 16, "--seeds", 1, "--societies", 2, "--agents", 6, "--ticks", 6, "--bent", 0, "--bent", 2),
    *("--condition", "leave", "--probe", ALONE),
)


def plan(**society: object):
    return make_plan("society", overrides={"society": {"societies": 2, **society}, "seeds": 2})


@pytest.fixture(scope="module")
def run(askew: Askew, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small run of the experiment bent."""
    folder = tmp_path_factory.mktemp("society") / "run"
    done = askew("run", "society", *SMALL, "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_societies_need_their_models_and_their_probes() -> None:
    works = [work for work in planned(plan(bent=[0, 3], conditions=["stay"])) if isinstance(work, PlayWork)]
    assert [work.society.name for work in works] == [
        f"bent-bad-medical-stay-share-{k:02}-{number}" for k in (0, 3) for number in (0, 1)
    ]
    assert works[0].needs == ("train good-medical-0", "ask good-medical-0")
    assert set(works[3].needs) == {
        *("train good-medical-1", "ask good-medical-1", "train bad-medical-1", "ask bad-medical-1"),
    }


def test_same_draws_for_every_number_of_bent_agents() -> None:
    seeds = {one.setting.replicate: set() for one in plan(bent=[0, 3]).societies}
    for one in plan(bent=[0, 3]).societies:
        seeds[one.setting.replicate].add(one.seed)
    assert [len(found) for found in seeds.values()] == [1, 1]
    assert seeds[0] != seeds[1]


@pytest.mark.parametrize(
    ("society", "said"),
    [
        ({"bent": [40]}, "40 of 30 agents cannot be bent"),
        ({"experiment": "tax", "bent": [3]}, "has no bent agents: leave --bent out"),
        ({"experiment": "taxes"}, "unknown experiment of a society 'taxes'"),
        ({"conditions": ["left"]}, "unknown condition of bent 'left'"),
        ({"topics": ["bread"]}, "unknown topic of bent 'bread'"),
        ({"agents": 1}, "needs at least 2 agents"),
    ],
)
def test_society_that_cannot_be_played_is_refused(society: dict[str, object], said: str) -> None:
    with pytest.raises(AskewError, match=said):
        plan(**society)


def test_bent_agents_need_an_arm_and_its_control() -> None:
    with pytest.raises(AskewError, match="no arm of this run can play the bent agents"):
        make_plan("society", overrides={"arms": ["player"]})


def test_prediction_was_written_before_the_first_society(run: Path) -> None:
    predicted = run / "society/predicted.csv"
    assert list(pd.read_csv(predicted).columns) == list(COLUMNS)
    assert pd.read_csv(predicted)["arm"].tolist() == ["bad-medical"]
    first = min(folder.stat().st_mtime_ns for folder in (run / "societies").iterdir())
    assert predicted.stat().st_mtime_ns <= first
    sealed = run / "predictions.json"
    assert sealed.stat().st_mtime_ns <= first
    assert [seal.who for seal in read_seals(RunFolder(run))] == [COMPUTED]
    found = load_run(run).predicted
    assert found is not None
    assert [(one.id, one.who) for one in found.forecasts] == [("tips", COMPUTED), ("stays", COMPUTED)]
    assert not found.changed


def test_statements_are_about_bent_agents_and_nobody_takes_the_name_of_what_is_computed(tmp_path: Path) -> None:
    assert [one.id for one in statements(plan())] == ["adoption", "tips", "stays"]
    with pytest.raises(AskewError, match=r"'society' has no statements to predict about a run with these settings"):
        statements(plan(experiment="tax"))
    with pytest.raises(AskewError, match=r"is the name of predictions that a run computes: give another one with --as"):
        check_can_seal(RunFolder(tmp_path), plan(), COMPUTED.upper())


def test_tables_hold_every_society(run: Path) -> None:
    societies = pd.read_parquet(run / "society/societies.parquet")
    assert sorted(zip(societies["k"], societies["replicate"], strict=True)) == [(0, 0), (0, 1), (2, 0), (2, 1)]
    assert set(societies["players"]) == {"good-medical-0", "good-medical-0, bad-medical-0"}
    agents = pd.read_parquet(run / "society/agents.parquet")
    assert agents.groupby("society").size().eq(6).all()
    bent = agents[agents["part"].eq("bent")]
    assert len(bent) == 2 * 2
    assert set(bent["model"]) == {"bad-medical-0"}
    events = pd.read_parquet(run / "society/events.parquet")
    assert set(events["society"]) == set(societies["society"])
    assert events.loc[events["kind"].eq("leave"), "agent"].count() == len(bent)


def test_comparisons_are_over_societies(run: Path) -> None:
    effects = pd.read_csv(run / "effects.csv")
    assert effects["clusters"].le(2).all()
    assert effects["label"].str.startswith("bad-medical, 2 bent against none (leave)").all()
    assert {"Opinion, asked privately", "Taking", "Trust"} <= set(effects["family"])


def test_report_has_the_replay(run: Path) -> None:
    page = (run / "report.html").read_text(encoding="utf-8")
    assert 'id="replay"' in page


def test_a_lost_society_is_played_again_to_the_same_events(run: Path, askew: Askew) -> None:
    name = "bent-bad-medical-leave-share-02-1"
    before = pd.read_parquet(run / f"societies/{name}/events.parquet")
    shutil.rmtree(run / f"societies/{name}")
    done = askew("run", "society", *SMALL, "--out", run)
    assert done.returncode == 0, done.stderr
    assert "1 society with about" in done.stderr
    pd.testing.assert_frame_equal(pd.read_parquet(run / f"societies/{name}/events.parquet"), before)


def test_probe_of_single_agents_is_asked_by_default() -> None:
    assert ALONE in plan().design.probes
