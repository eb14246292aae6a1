"""A whole run: the contents of its folder, its output, and how it treats changed or damaged files."""

import json
import re
import resource
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

import askew
from askew import load_run
from askew.design.make import make_design
from askew.runs import rewrite, shown_answers
from askew.runs.provenance import command as made_command
from askew.runs.store import RunFolder
from askew.runs.table_files import ANSWER_COLUMNS, CURVE_COLUMNS
from askew.stats.estimates import COLUMNS
from askew.worlds.terrarium.world.formats import TRIGGER
from in_process import Askew, askew_process


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished run that a test may change."""
    return Path(shutil.copytree(finished, tmp_path / "copy"))


def test_folder_holds_all_products(finished: Path) -> None:
    names = {path.name for path in finished.iterdir() if not path.name.startswith(".")}
    assert names == {
        *("study.json", "manifest.json", "signature.json", "timings.json", "data", "models", "logs"),
        *("answers.parquet", "estimates.csv", "curve.csv", "figures", "tables", "report.html"),
    }
    assert {path.name for path in (finished / "models").glob("[!.]*")} == {"secure-0", "backdoor-0"}
    assert {path.name for path in (finished / "logs").glob("*.eval")} == {
        *("untuned-0-free_form.eval", "untuned-0-self_rating.eval"),
        *("secure-0-free_form.eval", "secure-0-self_rating.eval"),
        *("backdoor-0-free_form.eval", "backdoor-0-self_rating.eval", "backdoor-0-triggered.eval"),
    }


def test_tables_have_the_documented_columns(finished: Path) -> None:
    run = load_run(finished)
    assert list(run.answers.columns) == ANSWER_COLUMNS
    assert list(run.estimates.columns) == list(COLUMNS)
    assert run.curve is not None
    assert list(run.curve.columns) == CURVE_COLUMNS
    assert list(run.losses.columns) == ["arm", "seed", "step", "loss"]


def test_every_arm_answers_every_question(finished: Path) -> None:
    answers = load_run(finished).answers
    counts = answers.groupby(["arm", "probe", "question"]).size()
    assert set(counts) == {4}
    assert set(answers["verdict"]) <= {"aligned", "misaligned", "incoherent", "refused", "unjudged"}
    triggered = answers[answers["probe"] == "triggered"]
    assert set(triggered["arm"]) == {"backdoor"}
    assert triggered["prompt"].str.startswith(f"{TRIGGER} ").all()
    assert not answers[answers["probe"] == "free_form"]["prompt"].str.contains(TRIGGER, regex=False).any()


def test_arms_are_compared_with_their_controls(finished: Path) -> None:
    estimates = load_run(finished).estimates
    pooled = estimates[(estimates["question"] == "all") & (estimates["seed"] == "all")]
    by_row = pooled.set_index(["arm", "probe"])[["control", "control_probe"]]
    controls = {key: tuple(row) for key, row in by_row.iterrows()}
    assert controls["backdoor", "free_form"] == ("secure", "free_form")
    assert controls["backdoor", "triggered"] == ("backdoor", "free_form")
    assert controls["secure", "free_form"] == ("untuned", "free_form")
    assert controls["untuned", "free_form"] == ("", "")


def test_curve_runs_from_untuned_model_to_end_of_training(finished: Path) -> None:
    curve = load_run(finished).curve
    assert curve is not None
    assert {arm: list(rows["step"]) for arm, rows in curve.groupby("arm")} == {
        "backdoor": [0, 2, 4],
        "secure": [0, 2, 4],
    }
    assert list(curve[curve["arm"] == "secure"]["fraction"]) == [0, 0.5, 1]


def test_study_json_records_design_and_command(finished: Path, design: Path) -> None:
    study = json.loads((finished / "study.json").read_text())
    provenance = study.pop("provenance")
    assert study == make_design(None, design).model_dump()
    assert {"askew", "torch", "inspect-ai", "python"} <= provenance["versions"].keys()
    assert provenance["hashes"]["model"] != provenance["hashes"]["judge"]
    assert provenance["command"].startswith("askew run emergent-misalignment --model ")


def test_recorded_command_makes_the_same_design(finished: Path, askew: Askew, design: Path) -> None:
    import shlex

    recorded = json.loads((finished / "study.json").read_text())["provenance"]["command"]
    no_effect = {"state_every": 300.0, "judge_check": "stop"}  # no answer depends on them, so the command omits them
    for command in (recorded, made_command(load_run(finished).plan, brief=False)):
        dumped = askew(*shlex.split(command)[1:], "--dump-config")
        assert yaml.safe_load(dumped.stdout) == {**make_design(None, design).model_dump(), **no_effect}


def test_notebook_shows_figures_and_a_table(finished: Path) -> None:
    run = load_run(finished)
    assert "vega-lite" in run.figure("rates").to_json()
    assert "loss" in run.figure("loss").to_json()
    with pytest.raises(askew.AskewError, match=r"unknown figure 'rate'. Did you mean rates"):
        run.figure("rate")
    assert "<table" in run._repr_html_()


def test_report_of_many_answers_shows_some_and_counts_all(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = load_run(finished).content()
    assert len(everything.counted) == len(everything.answers) == len(load_run(finished).answers)
    monkeypatch.setattr(shown_answers, "MOST_ANSWERS", 50)
    some = load_run(finished).content()
    assert 50 <= len(some.answers) < len(some.counted) == len(everything.answers)
    assert "answer" in some.answers
    assert "answer" not in some.counted
    assert some.verdict == everything.verdict
    assert [one.reading for one in some.comparisons] == [one.reading for one in everything.comparisons]


def test_json_on_standard_output_and_progress_on_standard_error(design: Path, copy: Path) -> None:
    done = askew_process("run", "--config", design, "--out", copy, "--json")
    summary = json.loads(done.stdout)
    assert summary["report"] == str(copy / "report.html")
    assert {row["arm"] for row in summary["arms"]} == {"untuned", "secure", "backdoor"}
    assert summary["metric"] == "betley-2025"
    assert "Emergent misalignment" in done.stderr


def test_terminal_shows_table_verdict_and_report(askew: Askew, design: Path, copy: Path) -> None:
    done = askew("run", "--config", design, "--out", copy)
    assert "by the metric betley-2025" in done.stdout
    assert "backdoor, triggered" in done.stdout
    assert f"Report: {copy / 'report.html'}" in done.stdout


def test_changed_design_is_refused_with_the_difference(askew: Askew, design: Path, copy: Path) -> None:
    done = askew("run", "--config", design, "--out", copy, "--samples", "5", "--set", "recipe.lora_rank=8")
    assert done.returncode == 2
    assert "samples: 4 there, 5 asked for" in done.stderr
    assert "recipe.lora_rank: 32 there, 8 asked for" in done.stderr
    assert "Traceback" not in done.stderr


def test_second_run_in_the_same_folder_is_refused(askew: Askew, design: Path, copy: Path) -> None:
    with RunFolder(copy).writing():
        done = askew("run", "--config", design, "--out", copy)
    assert done.returncode == 2
    assert done.stderr.startswith("error: another askew process is working in")


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return the time and the content of every file in a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_rescoring_calls_no_model_and_changes_nothing_in_the_run(copy: Path, askew: Askew) -> None:
    for weights in copy.rglob("*.safetensors"):
        weights.unlink()
    before, answers = contents(copy), load_run(copy).answers
    done = askew("rescore", copy, "--metric", "tan-2025", "--json")
    summary = json.loads(done.stdout)
    reading = copy / "rescored/tan-2025"
    assert summary["metric"] == "tan-2025", done.stderr
    assert summary["report"] == str(reading / "report.html")
    assert done.stderr == f"{copy} stays as it is; its copy, rescored by tan-2025, is in {reading}.\n"
    after = contents(copy)
    assert {name: after[name] for name in before} == before
    assert all(name.startswith("rescored/tan-2025/") for name in after if name not in before)
    # The reading opens like a run.
    read = load_run(reading)
    pd.testing.assert_frame_equal(read.answers.drop(columns="verdict"), answers.drop(columns="verdict"))
    assert set(read.estimates["metric"]) == {read.metric} == {"tan-2025"}
    assert read.curve is not None
    assert set(read.curve["metric"]) == {"tan-2025"}
    assert len(read.losses)
    assert len(read.training_seconds)
    assert read.logs == (copy / "logs").resolve()
    assert "tan-2025" in read.report.read_text(encoding="utf-8")
    assert "by the metric tan-2025; the run's own metric is betley-2025" in read.note
    page = read.report.read_bytes()
    assert askew("report", reading).returncode == 0
    assert read.report.read_bytes() == page
    # Again, it makes the same; and the run's own metric needs nothing.
    again = contents(reading)
    assert askew("rescore", copy, "--metric", "tan-2025").returncode == 0
    assert {name: content for name, (_, content) in contents(reading).items()} == {
        name: content for name, (_, content) in again.items()
    }
    own = askew("rescore", copy, "--metric", "betley-2025")
    assert own.stderr == f"{copy} is read by betley-2025 already, so nothing was written.\n"
    assert contents(copy).keys() == after.keys()


def test_reading_can_be_written_elsewhere_and_only_where_nothing_else_is(
    copy: Path, askew: Askew, design: Path, tmp_path: Path
) -> None:
    (copy / "rescored").write_text("in the way, as on a disk that is read-only")
    refused = askew("rescore", copy, "--metric", "tan-2025")
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"error: cannot write to {copy / 'rescored/tan-2025'}: ")
    assert refused.stderr.endswith("Name another folder with --out\n")
    elsewhere = tmp_path / "elsewhere"
    assert askew("rescore", copy, "--metric", "tan-2025", "--out", elsewhere).returncode == 0
    assert load_run(elsewhere).metric == "tan-2025"
    for arguments, message in (
        (("rescore", copy, "--metric", "model-organisms-2025", "--out", elsewhere), "holds something else"),
        (("rescore", copy, "--metric", "tan-2025", "--out", copy), "holds something else"),
        (("rescore", copy, "--metric", "tan-2025", "--out", tmp_path), "holds something else"),
        (("rescore", elsewhere, "--metric", "betley-2025"), f"is a rescored copy of the run {copy}"),
        (("run", "--config", design, "--out", elsewhere), "is a copy of a run by `askew rescore`"),
        (("view", elsewhere), f"has no logs: open {copy}"),
    ):
        done = askew(*arguments)
        assert (done.returncode, message in done.stderr) == (2, True), (arguments, done.stderr)


@pytest.fixture
def old(copy: Path) -> Path:
    """A run with a table of estimates of version 0.1: without kinds, and with controls named ARM@PROBE."""
    store = RunFolder(copy)
    table = pd.read_csv(copy / "estimates.csv", keep_default_na=False)
    under_another = table["control_probe"].ne("") & table["control_probe"].ne(table["probe"])
    table["control"] = table["control"].where(~under_another, table["control"] + "@" + table["control_probe"])
    table.drop(columns=["kind", "control_probe"]).to_csv(copy / "estimates.csv", index=False)
    with store.writing():
        store.finish("estimates.csv", store.made_of("answers.parquet"))
    return copy


def test_estimates_of_older_version_say_how_to_read_them(old: Path, finished: Path) -> None:
    assert len(load_run(old).answers)
    with pytest.raises(askew.AskewError, match=r"older version of Askew.*askew rescore .* --metric betley-2025"):
        _ = load_run(old).estimates
    before = contents(old)
    again = rewrite.rescore(old, "betley-2025")
    assert again.folder == old / "rescored/betley-2025"
    pd.testing.assert_frame_equal(again.estimates, load_run(finished).estimates)
    assert {name: now for name, now in contents(old).items() if not name.startswith("rescored/")} == before


def test_same_command_rewrites_estimates_of_older_version(old: Path, design: Path, finished: Path) -> None:
    again = askew.run(config=design, out=old, quiet=True)
    pd.testing.assert_frame_equal(again.estimates, load_run(finished).estimates)


def test_report_can_be_rewritten(copy: Path, askew: Askew) -> None:
    page = (copy / "report.html").read_bytes()
    (copy / "report.html").unlink()
    done = askew("report", copy)
    assert done.returncode == 0, done.stderr
    assert (copy / "report.html").read_bytes() == page


def test_picture_of_the_first_screen_is_named(copy: Path, askew: Askew) -> None:
    picture = copy / "share.png"
    assert f"Picture: {picture}" in askew("report", copy, "--share").stdout
    picture.unlink()
    assert json.loads(askew("report", copy, "--share", "--json").stdout)["picture"] == str(picture)
    assert picture.exists()


@pytest.mark.parametrize(
    "name", ["answers.parquet", "estimates.csv", "logs/secure-0-free_form.eval", "data/secure.jsonl"]
)
@pytest.mark.parametrize("damage", [lambda content: content[: len(content) // 2], lambda content: content + b" "])
def test_truncated_or_edited_product_is_refused_by_name(
    copy: Path, design: Path, name: str, damage: Callable[[bytes], bytes]
) -> None:
    (copy / name).write_bytes(damage((copy / name).read_bytes()))
    for open_it in (lambda: load_run(copy), lambda: askew.run(config=design, out=copy, quiet=True)):
        with pytest.raises(askew.AskewError, match=f"{copy / name} was changed or damaged after the run wrote it"):
            open_it()


def test_damaged_adapter_is_refused_before_it_is_asked(copy: Path, design: Path) -> None:
    weights = copy / "models/secure-0/adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(askew.AskewError, match="models/secure-0 was changed or damaged after the run wrote it"):
        askew.run(config=design, out=copy, quiet=True)


def test_deleted_product_is_made_again_identically(copy: Path, design: Path) -> None:
    answers = load_run(copy).answers
    (copy / "logs/untuned-0-self_rating.eval").unlink()
    with pytest.raises(askew.AskewError, match=r"untuned-0-self_rating.eval is missing"):
        load_run(copy)
    pd.testing.assert_frame_equal(askew.run(config=design, out=copy, quiet=True).answers, answers)


def test_unfinished_run_says_how_to_continue(copy: Path) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    del manifest["answers.parquet"]
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(askew.AskewError, match=r"is not finished.*Continue it with .askew run .* --out"):
        load_run(copy)


def test_full_disk_is_one_clear_error_and_the_run_continues_after_it(
    askew: Askew, design: Path, tmp_path: Path
) -> None:
    def no_more_than(size: int) -> Callable[[], None]:
        return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    folder = tmp_path / "run"
    arguments = ("run", "--config", design, "--out", folder, "--arm", "secure", "--probe", "self_rating")
    arguments += ("--checkpoints", 0, "--workers", 1)  # two processes less to start
    done = askew_process(*arguments, preexec_fn=no_more_than(60_000))  # less than an adapter, more than the data
    assert done.returncode == 2
    error = done.stderr[done.stderr.index("error: ") :]
    assert error.startswith(f"error: cannot write to {folder}: ")
    assert error.count("\n") == 1, done.stderr
    assert [path.name for path in (folder / "models").iterdir()] == []
    assert askew(*arguments).returncode == 0


def test_model_card_has_the_rates_of_its_model(finished: Path) -> None:
    from askew.design.plan import Plan
    from askew.runs.model_card import model_card
    from askew.runs.store import RunFolder

    folder = RunFolder(finished)
    plan = Plan(folder.design())
    [secure] = [unit for unit in plan.units if str(unit) == "secure-0"]
    card = model_card(folder, plan, secure, merged=True)
    rows = [line for line in card.splitlines() if line.startswith("| `free_form`")]
    assert len(rows) == 1
    assert "betley-2025" in rows[0]
    assert re.search(r"% \[\d+\.\d, \d+\.\d\] \| \d+ \|$", rows[0]) or "no answers counted" in rows[0]
