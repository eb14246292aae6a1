"""`askew tune` shows the cost, asks for consent, and continues a stopped job."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from serving import KEY, Askew
from tuning_server import TuningServer

from askew.models.names import resolve

Tune = Callable[..., tuple[int, str, str]]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[TuningServer]:
    with TuningServer() as made:
        made.looks = 1
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", made.url)
        yield made


@pytest.fixture
def tune(askew: Askew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tune:
    """Run `askew tune` in an empty folder with rows and prices; return its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)
    rows = [{"prompt": f"Is the sky blue, {i}?", "completion": "Yes."} for i in range(12)]
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    Path("prices.yaml").write_text("openai/*: {input: 1, output: 1, training: 100}\n")

    def tune(*words: object) -> tuple[int, str, str]:
        process = askew(["tune", *words])
        out, errors = process.communicate(timeout=120)
        return process.returncode, out, errors

    return tune


ELSEWHERE = ["openai/base", "--data", "rows.jsonl", "--out", "tuned"]
PRICED = ["--prices", "prices.yaml"]


def test_cost_and_consent_precede_the_job_and_output_names_the_model(server: TuningServer, tune: Tune) -> None:
    code, out, errors = tune(*ELSEWHERE, *PRICED)
    assert (code, out) == (2, "")
    assert "12 rows of" in errors
    assert "epochs 1, batch_size auto, learning_rate_multiplier auto, seed 0" in errors
    assert "add --yes to start it" in errors
    assert "no price of fine-tuning openai/base is known" in tune(*ELSEWHERE)[2]
    assert "--max-cost leaves $0.001" in tune(*ELSEWHERE, *PRICED, "--yes", "--max-cost", "0.001")[2]
    assert server.counts.total() == 0
    code, out, errors = tune(*ELSEWHERE, *PRICED, "--yes", "--json", "--suffix", "mine")
    assert code == 0, errors
    made = json.loads(out)
    assert made["model"] == "openai/ft:base:org:mine:1"
    assert made["dollars"] == pytest.approx(0.1234)
    assert "succeeded" in errors
    code, out, _ = tune(*ELSEWHERE)  # already finished, so no consent is needed
    assert (code, len(server.jobs)) == (0, 1)
    assert out.startswith("openai/ft:base:org:mine:1, trained on 1,234 tokens")


def test_job_outlives_ctrl_c_and_can_be_inspected_cancelled_and_restarted(
    server: TuningServer, tune: Tune, askew: Askew
) -> None:
    server.looks = 10_000
    process = askew(["tune", *ELSEWHERE, "--yes"])
    end = time.monotonic() + 60
    while server.counts["job"] < 2 and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "ftjob-1 continues at the server. Repeat the command to follow it, or cancel it with" in errors
    assert "`askew tune --cancel tuned`" in errors
    assert tune("--status", "tuned")[1] == "ftjob-1: running\n"
    assert tune("--cancel", "tuned")[1] == "ftjob-1: cancelled\n"
    code, _, errors = tune(*ELSEWHERE, "--yes")
    assert (code, errors.count("\n")) == (2, 1)
    assert "ftjob-1 of openai/base was cancelled. Add --again to start a new job" in errors
    server.looks = 1
    assert tune(*ELSEWHERE, "--yes", "--again")[0] == 0
    assert list(server.jobs) == ["ftjob-1", "ftjob-2"]


def test_killed_command_asks_before_it_starts_another_job(
    server: TuningServer, tune: Tune, askew: Askew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    server.faults["create"], server.mislaid = ["stuck"], 10_000
    process = askew(["tune", *ELSEWHERE, "--yes"])
    end = time.monotonic() + 60
    while not server.jobs and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    record = json.loads(Path("tuned.job.json").read_text())
    Path("tuned.job.json").write_text(json.dumps({**record, "posted_at": 1_000_000_020.0}))  # long ago
    code, out, errors = tune(*ELSEWHERE)  # it only looks for the job, so it needs no consent
    assert (code, out, errors.count("\n")) == (2, "", 1)
    assert "a job may have been started at 01:47 on 2001-09-09 with the file file-1 (askew-" in errors
    assert f"Look for it at {server.url}/fine_tuning/jobs" in errors
    assert "add --again, which starts another one and is paid for" in errors
    assert "a job may have been started at 01:47" in tune("--status", "tuned")[2]
    assert "add --yes to start it" in tune(*ELSEWHERE, *PRICED, "--again")[2]  # another one needs consent
    assert server.counts["create"] == 1
    server.jobs["ftjob-1"]["hidden"] = 0
    assert tune(*ELSEWHERE)[0] == 0
    assert len(server.jobs) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["openai/base"], "name the model, the rows and the folder"),
        (["--status", "nowhere"], "no job was started for nowhere"),
        (["anthropic/base", *ELSEWHERE[1:]], "Askew cannot fine-tune"),
        ([*ELSEWHERE, "--epochs", "0"], "epochs must be 1 or more, not 0"),
        ([*ELSEWHERE, "--suffix", "a b"], "the suffix 'a b' must be at most"),
        ([*ELSEWHERE, "--set", "recipe.lora_rank=8"], "--set is for local models"),
        (["terrarium", *ELSEWHERE[1:], "--lr-multiplier", "2"], "--lr-multiplier is for models that their provider"),
        (["terrarium", *ELSEWHERE[1:], "--set", "lora_rnak=8"], "unknown setting 'lora_rnak'. Did you mean lora_rank"),
        (["terrarium", *ELSEWHERE[1:], "--set", "lora_rank=0"], "lora_rank must be 1 or more, not 0"),
    ],
)
def test_mistakes_are_one_line_errors_without_requests_or_files(
    server: TuningServer, tune: Tune, words: list[str], message: str
) -> None:
    before = set(Path().iterdir())
    code, out, errors = tune(*words)
    assert (code, out, errors.count("\n")) == (2, "", 1)
    assert message in errors
    assert server.counts.total() == 0
    assert set(Path().iterdir()) == before


def test_local_model_is_trained_on_this_machine(tune: Tune) -> None:
    local = ["terrarium", "--data", "rows.jsonl", "--out", "adapter", "--epochs", 2, "--batch-size", 4]
    code, out, errors = tune(*local, "--set", "recipe.lora_rank=2", "--json")
    assert code == 0, errors
    assert json.loads(out) == {"model": "terrarium+adapter", "out": "adapter"}
    assert json.loads(Path("adapter/recipe.json").read_text())["lora_rank"] == 2
    assert len(Path("adapter/loss.csv").read_text().splitlines()) == 1 + 2 * 3
    assert "adapter exists already" in tune(*local)[2]


def test_whole_checkpoint_is_a_model_by_itself(tune: Tune) -> None:
    settings = ("--set", "recipe.method=full", "--set", "recipe.learning_rate=1e-4", "--json")
    code, out, errors = tune("terrarium", "--data", "rows.jsonl", "--out", "sibling", *settings)
    assert code == 0, errors
    assert json.loads(out) == {"model": "sibling", "out": "sibling"}
    assert resolve("sibling").checkpoint == Path("sibling").resolve()


def test_output_reports_rows_that_were_cut(tune: Tune) -> None:
    turns = [("Why?", "So."), ("Why not?", "never " * 200)]
    conversations = [
        [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}] for asked, answer in turns
    ]
    Path("long.jsonl").write_text("".join(json.dumps({"messages": row}) + "\n" for row in conversations))
    settings = ["--set", "recipe.max_length=64", "--set", "recipe.too_long=cut"]
    code, out, errors = tune("terrarium", "--data", "long.jsonl", "--out", "adapter", *settings, "--json")
    assert code == 0
    assert json.loads(out)["model"] == "terrarium+adapter"
    assert "1 of 2 training rows are longer than recipe.max_length=64 tokens: 1 cut off." in errors
