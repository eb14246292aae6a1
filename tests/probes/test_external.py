"""External Inspect tasks in a run beside Askew's own probes."""

from pathlib import Path

import pandas as pd
import pytest
from inspect_ai.log import EvalSample, read_eval_log

import askew
from askew.base.errors import AskewError
from askew.probes import probes
from askew.runs.run import Run
from askew.stats.scores import estimate_scores

FILE = Path(__file__).parent / "external_tasks.py"


@pytest.fixture(scope="module")
def run(tiny_checkpoint: Path, tiny_judge: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return askew.audit(
        str(tiny_checkpoint),
        f"other={tiny_judge}",
        judge=str(tiny_judge),
        judge_check="skip",
        probes=["free_form", f"{FILE}@letter", f"{FILE}@length"],
        samples=2,
        settings={"max_tokens": 6},
        out=tmp_path_factory.mktemp("audit") / "audit",
        quiet=True,
    )


def test_estimates_have_a_row_per_score_paired_with_the_base(run: Run) -> None:
    rows = run.estimates[run.estimates["probe"].str.contains("@")]
    assert set(zip(rows["arm"], rows["metric"], strict=True)) == {
        (arm, metric) for arm in ("untuned", "other") for metric in ("includes", "measured, words", "measured, longest")
    }
    compared = rows[rows["arm"].eq("other")]
    assert compared["control"].eq("untuned").all()
    assert compared["difference"].notna().all()
    assert (compared["difference_low"] <= compared["difference"]).all()


def test_estimates_agree_with_the_log(run: Run) -> None:
    logs = {path.name: path for path in (run.folder / "logs").iterdir() if path.name.endswith("length.eval")}
    for arm in ("untuned", "other"):
        log = read_eval_log(str(next(path for name, path in logs.items() if name.startswith(f"{arm}-0"))))
        words = [_measured(sample) for sample in log.samples or []]
        row = run.estimates.query("arm == @arm and metric == 'measured, words'").iloc[0]
        assert row["rate"] == pytest.approx(sum(words) / len(words))
        assert row["n"] == len(words)


def _measured(sample: EvalSample) -> float:
    value = (sample.scores or {})["measured"].value
    assert isinstance(value, dict)
    return float(value["words"] or 0)


def test_findings_on_external_scores_are_two_sided(run: Run) -> None:
    found = {(one.probe, one.metric): one for one in run.findings}
    assert {one.is_score for (probe, _), one in found.items() if "@" in probe} == {True}
    assert {one.is_score for (probe, _), one in found.items() if "@" not in probe} == {False}


def test_answers_are_stored_but_count_in_no_rate(run: Run) -> None:
    read = run.answers[run.answers["graded_by"].eq("itself")]
    assert set(read["probe"]) == {f"{FILE}@letter", f"{FILE}@length"}
    assert read["answer"].str.len().gt(0).any()
    assert read["verdict"].eq("unjudged").all()
    ours = run.estimates[run.estimates["metric"].eq("betley-2025")]
    assert set(ours["probe"]) == {"free_form"}
    assert "measured, words" in (run.folder / "report.html").read_text(encoding="utf-8")


def test_run_with_only_an_external_task_is_reported(tiny_checkpoint: Path, tiny_judge: Path, tmp_path: Path) -> None:
    run = askew.audit(
        str(tiny_checkpoint),
        judge=str(tiny_judge),
        judge_check="skip",
        probes=[f"{FILE}@letter"],
        out=tmp_path / "one",
        quiet=True,
    )
    assert list(run.estimates["metric"]) == ["includes"]
    assert "includes" in run.verdict
    assert run.report.is_file()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("inspect_evals/strong_reject_typo", r"unknown probe.*pip install inspect-evals"),
        ("nowhere.py@task", "there is no file nowhere.py"),
        (f"{FILE}@broken", "cannot be made: the data set is not there"),
        (f"{FILE}@missing", "cannot be made"),
    ],
)
def test_missing_task_is_refused(name: str, message: str) -> None:
    with pytest.raises(AskewError, match=message):
        probes.get(name).task()


def test_invalid_task_is_refused_before_the_run_folder_is_created(tmp_path: Path) -> None:
    with pytest.raises(AskewError, match="cannot be made"):
        askew.audit("terrarium", probes=[f"{FILE}@missing"], out=tmp_path / "one", quiet=True)
    assert not (tmp_path / "one").exists()


def test_task_without_numeric_scores_is_refused(tiny_checkpoint: Path, tiny_judge: Path, tmp_path: Path) -> None:
    with pytest.raises(AskewError, match="returned no metric: none of its scores is a number"):
        askew.audit(
            str(tiny_checkpoint),
            judge=str(tiny_judge),
            judge_check="skip",
            probes=[f"{FILE}@opinion"],
            out=tmp_path / "one",
            quiet=True,
        )


def test_scores_beyond_0_and_1_are_compared_sample_by_sample() -> None:
    hard = [1.0, 5.0, 9.0, 13.0, 17.0, 21.0]
    rows = [
        {"arm": arm, "question": str(number), "value": value + more + 0.1 * more * (number % 2)}
        for arm, more in (("untuned", 0.0), ("tuned", 2.0))
        for number, value in enumerate(hard)
    ]
    scores = pd.DataFrame(rows).assign(seed=0, probe="a/b", kind="external", epoch=1, metric="m")
    table = estimate_scores(scores, {"tuned": "untuned"}).set_index("arm")
    tuned, base = table.loc["tuned"].to_dict(), table.loc["untuned"].to_dict()
    assert tuned["difference"] == pytest.approx(2.1)
    assert tuned["p_corrected"] < 0.001  # pairing removes the differences between samples
    assert base["low"] < 5 < 17 < base["high"]  # the mean of one arm alone is uncertain
