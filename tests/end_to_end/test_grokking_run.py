"""A run of small networks: planned, foretold, trained, killed, resumed, loaded and refused."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser

import askew as api
from askew.design.make import make_plan
from askew.runs.work import planned
from command_line import Command
from in_browser import check_fits
from in_process import Askew
from killed_run import KilledRun

SMALL = (
    *("--modulus", 11, "--epochs", 40, "--seeds", 2, "--set", "grokking.hidden=16"),
    *("--set", "grokking.map_p=7", "--set", "grokking.map_epochs=20", "--map-share", 0.5, "--map-weight-decay", 1),
)


@pytest.fixture(scope="module")
def run(askew: Askew, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small run that was predicted."""
    folder = tmp_path_factory.mktemp("grokking") / "run"
    answers = [f"--answer={name}=50%" for name in ("decay-generalises", "true-answers-generalise", "long-after")]
    answers += [f"--answer={name}=50%" for name in ("no-decay-below-chance", "sudden", "foretold")]
    sealed = askew("predict", "grokking", *SMALL, "--as", "Ada", *answers, "--out", folder)
    assert sealed.returncode == 0, sealed.stderr
    done = askew("run", "grokking", *SMALL, "--out", folder)
    assert done.returncode == 0, done.stderr
    assert "10 networks with at most" in done.stderr
    assert "on the model" not in done.stderr
    return folder


def test_every_network_is_one_piece_of_work() -> None:
    works = planned(make_plan("grokking", overrides={"seeds": 2, "arms": ["decay", "no-decay"]}))
    assert [work.name for work in works] == [f"train {arm}-{seed}" for arm in ("decay", "no-decay") for seed in (0, 1)]
    assert {work.kind for work in works} == {"grok"}


def test_a_finished_run_is_loaded_with_its_tables(run: Path) -> None:
    loaded = api.load_run(run)
    assert len(loaded.networks) == 10
    assert set(loaded.network_curves["network"]) == set(loaded.networks["network"])
    assert loaded.network_spectra.groupby(["network", "epoch"])["share"].sum().round(6).eq(1).all()
    assert loaded.networks.loc[loaded.networks["arm"].eq("decay"), "epochs"].eq(40).all()
    assert loaded.predicted is not None
    assert len(loaded.predicted.forecasts) == 6
    assert loaded.figure("grokking_curves").to_dict()
    assert {"grokking_checks", "grokking_times", "grokking_map"} <= {path.stem for path in (run / "tables").iterdir()}


def test_the_report_begins_with_the_checks_and_calls_censored_cells_so(run: Path) -> None:
    page = (run / "report.html").read_text(encoding="utf-8")
    section = page[page.index('id="grokking"') :]
    assert section.index("The network of waves") < section.index("Two moments") < section.index("Foretold")
    assert "&gt; 20" in page
    assert 'id="predictions"' in page


def test_results_are_printed_as_json(run: Path, askew: Askew) -> None:
    done = askew("run", "grokking", *SMALL, "--out", run, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["study"] == "grokking"
    assert found["model"] == ""
    assert {row["label"] for row in found["effects"]} >= {"with weight decay, against none"}


def test_a_lost_network_is_trained_again_to_the_same_curve(run: Path, askew: Askew) -> None:
    file = run / "networks/no-decay-1/network_curves.parquet"
    before = pd.read_parquet(file)
    shutil.rmtree(file.parent)
    done = askew("run", "grokking", *SMALL, "--out", run)
    assert done.returncode == 0, done.stderr
    assert "1 network with at most 40 epochs" in done.stderr
    pd.testing.assert_frame_equal(pd.read_parquet(file), before)


def test_a_dry_run_says_what_and_how_long_and_writes_nothing(command: Command, tmp_path: Path) -> None:
    code, out, _ = command("run", "grokking", *SMALL, "--dry-run")
    assert code == 0
    assert "10 networks with at most 260 epochs in all" in " ".join(out.split())
    assert "seconds on a machine like a laptop" in out
    code, out, _ = command("run", "grokking", *SMALL, "--dry-run", "--json", "--out", "elsewhere")
    found = json.loads(out)
    assert (found["folder"], len(found["pieces"])) == ("elsewhere", 10)
    assert found["seconds"] > 0
    assert not list(tmp_path.iterdir())


def test_a_dry_run_of_a_finished_run_has_nothing_left(run: Path, command: Command) -> None:
    _, out, _ = command("run", "grokking", *SMALL, "--dry-run", "--out", run)
    assert "nothing is left to do" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--operation", "divide", "--modulus", 15), "p = 15 is not prime (3 x 5)"),
        (("--share", 0), "a share of 0 leaves no pairs to learn from"),
        (("--modulus", 5000), "GB of memory"),
        (("--model", "full_run_data.pth"), "is a pickle"),
        (("--map-share", "half"), "--map-share half: give a number"),
    ],
)
def test_bad_input_is_one_error_before_anything_is_written(
    arguments: tuple[object, ...], said: str, command: Command, tmp_path: Path
) -> None:
    code, _, error = command("run", "grokking", *map(str, arguments), "--out", "never")
    assert code == 2
    assert said in error
    assert len(error.strip().splitlines()) == 1
    assert not (tmp_path / "never").exists()


def test_pickles_are_refused_by_every_study(command: Command, tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"cos\nsystem\n(S'touch unpickled'\ntR.")
    code, _, error = command("run", "emergent-misalignment", "--model", "./model.pkl")
    assert code == 2
    assert "'./model.pkl' is a pickle, which can run any program when it is read" in error
    assert not (tmp_path / "unpickled").exists()


def test_a_training_whose_loss_is_no_number_stops_with_its_epoch(askew: Askew, tmp_path: Path) -> None:
    rate = ("--set", "grokking.learning_rate=1000000")
    done = askew("run", "grokking", *SMALL, *rate, "--arm", "decay", "--out", tmp_path / "run")
    assert done.returncode == 2
    assert "decay-0: training stopped at epoch" in done.stderr
    assert not list((tmp_path / "run").rglob("*.parquet"))


def test_a_run_needs_a_probe_where_there_is_a_language_model(command: Command) -> None:
    code, _, error = command("run", "emergent-misalignment", "--set", "probes=[]")
    assert code == 2
    assert "probes must be a list of at least 1" in error


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    file = tmp_path / "design.yaml"
    file.write_text(
        "study: grokking\narms: [decay]\nseeds: 3\nworkers: 1\ngrokking: {p: 11, hidden: 16, epochs: 500}\n"
    )
    undisturbed = api.run(config=file, out=tmp_path / "undisturbed", quiet=True)
    killed = tmp_path / "killed"
    KilledRun(file, killed).kill_when(lambda run: (run / "networks/decay-0/product.json").exists())
    kept = (killed / "networks/decay-0/network_curves.parquet").stat().st_mtime_ns
    assert not (killed / "networks/decay-2").exists()
    resumed = api.run(config=file, out=killed, quiet=True)
    assert (killed / "networks/decay-0/network_curves.parquet").stat().st_mtime_ns == kept
    pd.testing.assert_frame_equal(resumed.networks, undisturbed.networks)
    pd.testing.assert_frame_equal(resumed.network_curves, undisturbed.network_curves)


def test_the_report_fits_narrow_and_wide_windows(chromium: Browser, run: Path) -> None:
    check_fits(chromium, run / "report.html", "grokking")
