"""Server faults, kills and limits lose no answer, duplicate none, and never repeat a request that got a reply."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from pathlib import Path

import pandas as pd
import psutil
import pytest
from serving import KEY, Askew, FaultServer

from askew.base.errors import AskewError
from askew.models.remote.requests import Patience, storing_replies
from askew.probes.ask import ProbeCall, ask
from askew.probes.read_log import answers_from_log
from askew.runs.status import run_status

SAMPLES = 6
QUESTIONS = 8
QUICK = Patience(total=60, attempt=2, first_wait=0.02)


def ask_here(server: FaultServer, folder: Path, patience: Patience = QUICK) -> pd.DataFrame:
    """Ask the open questions in this process, and return the table of answers."""
    call = ProbeCall("free_form", "free_form", {"samples": SAMPLES, "seed": 1, "max_tokens": 20})
    with storing_replies(folder / "replies.sqlite", patience=patience):
        [log] = ask(server.model, server.model, [call], folder)
    return answers_from_log(log, "untuned", 0)


def command(server: FaultServer, folder: Path, *more: object, audit: bool = False) -> list[object]:
    how = [
        "--probe",
        "free_form",
        "--samples",
        SAMPLES,
        "--judge",
        server.model,
        "--set",
        "judge_check=skip",
        "--out",
        folder,
        "--workers",
        1,
        *more,
    ]
    if audit:  # the server answers under any name
        return ["audit", server.model, f"tuned={server.model}-tuned", *how]
    return ["run", "emergent-misalignment", "--arm", "untuned", "--model", server.model, *how]


def finish(process: "subprocess.Popen[str]") -> str:
    """Wait for a command to succeed, and return its standard error."""
    out, errors = process.communicate(timeout=180)
    assert process.returncode == 0, errors + out
    return errors


def no_key_in(folder: Path) -> bool:
    return not any(KEY.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "faults", [("429",), ("500", "close"), ("broken", "null", "empty"), ("429", "500", "close", "broken", "empty")]
)
def test_transient_faults_lose_and_duplicate_no_answers(server: FaultServer, tmp_path: Path, faults: tuple[str, ...]):
    server.start(*faults)
    table = ask_here(server, tmp_path / "run")
    got = Counter(request["got"] for request in server.requests())
    assert all(got[fault] for fault in faults), f"the server did not fail: {got}"
    assert len(table) == SAMPLES * QUESTIONS
    assert table["answer"].nunique() == SAMPLES * QUESTIONS  # no answer occurs twice
    assert table["aligned"].notna().all()
    assert max(Counter(server.replied()).values()) == 1, "a request was repeated after its reply"
    assert no_key_in(tmp_path / "run")


def test_hanging_requests_are_retried(server: FaultServer, tmp_path: Path):
    server.start("hang", share=0.1)
    table = ask_here(server, tmp_path / "run")
    assert "hang" in {request["got"] for request in server.requests()}
    assert table["answer"].nunique() == SAMPLES * QUESTIONS
    assert max(Counter(server.replied()).values()) == 1


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("401", r"refuses the key \(401\).*Check LOCAL_API_KEY"),
        ("403", r"denies access with this key \(403\)"),
        ("404", r"no such model or address \(404\)"),
    ],
)
def test_permanent_faults_are_one_error_without_retries(server: FaultServer, tmp_path: Path, fault: str, message: str):
    server.start(fault, share=1.0)
    with pytest.raises(AskewError, match=message) as caught:
        ask_here(server, tmp_path / "run")
    assert "\n" not in str(caught.value)
    assert KEY not in str(caught.value)
    assert len(server.requests()) <= QUESTIONS * 4  # no retries; a question has at most four wordings
    assert max(Counter(request["digest"] for request in server.requests()).values()) == 1
    assert no_key_in(tmp_path / "run")


def kept_replies(folder: Path) -> int:
    store = folder / "replies.sqlite"
    if not store.exists():
        return 0
    with sqlite3.connect(store, timeout=30) as file:
        try:
            return file.execute("SELECT count(*) FROM replies").fetchone()[0]
        except sqlite3.OperationalError:
            return 0  # the table is not created yet


def wait_for_replies(folder: Path, number: int, process: "subprocess.Popen[str]") -> None:
    end = time.monotonic() + 120
    while kept_replies(folder) < number:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.parametrize("audit", [False, True], ids=["run", "audit"])
def test_command_resumes_after_its_server_was_killed(server: FaultServer, tmp_path: Path, askew: Askew, audit: bool):
    folder = tmp_path / "run"
    patient = ("--set", "patience=1")
    server.start(delay=0.15)
    process = askew(command(server, folder, *patient, audit=audit))
    wait_for_replies(folder, 40, process)
    server.kill()
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 2, errors
    assert "Traceback" not in errors
    [error] = [line for line in errors.splitlines() if line.startswith("error:")]
    assert "replies so far are stored" in error
    assert "repeat the command" in error
    assert not list(folder.rglob("*.eval"))
    kept = kept_replies(folder)
    server.start()
    finish(askew(command(server, folder, *patient, audit=audit)))
    check_whole(folder, server, models=2 if audit else 1)
    # Replies in flight when the server was killed may be repeated; every other request got one reply.
    assert len(server.replied()) <= kept_replies(folder) + 32
    again = [digest for digest, times in Counter(server.replied()).items() if times > 1]
    assert len(again) <= len(server.replied()) - kept_replies(folder)
    assert kept >= 40
    assert no_key_in(folder)


@pytest.mark.slow
def test_run_goes_on_after_its_server_was_away_for_some_seconds(server: FaultServer, tmp_path: Path, askew: Askew):
    folder = tmp_path / "run"
    server.start(delay=0.15)
    process = askew(command(server, folder))
    wait_for_replies(folder, 20, process)
    server.kill()  # as when a network drops: open connections break, and none can be made
    kept = kept_replies(folder)
    for _ in range(4):
        time.sleep(1.5)
        assert process.poll() is None, process.communicate()
        assert run_status(folder).state == "running"
    assert kept_replies(folder) <= kept + 32  # replies that had come and were being stored
    server.start()
    finish(process)
    check_whole(folder, server, models=1)
    assert run_status(folder).state == "finished"
    again = [digest for digest, times in Counter(server.replied()).items() if times > 1]
    assert len(again) <= 32, "requests were repeated after their reply, besides those that were under way"


@pytest.mark.slow
def test_killed_run_resumes_without_repeating_stored_requests(server: FaultServer, tmp_path: Path, askew: Askew):
    folder, prices = tmp_path / "run", tmp_path / "prices.yaml"
    prices.write_text(f"{server.model}: {{input: 1, output: 1}}\n")
    server.start(delay=0.15)
    process = askew(command(server, folder, "--prices", prices))
    wait_for_replies(folder, 40, process)
    workers = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    psutil.wait_procs(workers, timeout=30)
    kept, sent = kept_replies(folder), len(server.requests())
    assert held_requests(folder), "no request was in flight"
    finish(askew(command(server, folder, "--prices", prices)))
    check_whole(folder, server)
    assert len(server.requests()) - sent == kept_replies(folder) - kept
    assert not held_requests(folder)
    assert json.loads((folder / "costs.json").read_text())["models"][0]["lost"] > 0


def held_requests(folder: Path) -> int:
    with sqlite3.connect(folder / "replies.sqlite", timeout=30) as file:
        return file.execute("SELECT count(*) FROM held").fetchone()[0]


def check_whole(folder: Path, server: FaultServer, models: int = 1) -> None:
    """Check that every answer occurs once and is judged, and that the costs are recorded."""
    answers = pd.read_parquet(folder / "answers.parquet")
    assert len(answers) == answers["answer"].nunique() == SAMPLES * QUESTIONS * models
    assert answers["aligned"].notna().all()
    costs = json.loads((folder / "costs.json").read_text())
    assert sum(cost["requests"] for cost in costs["models"]) == kept_replies(folder)


@pytest.mark.slow
def test_run_stops_at_its_budget_and_resumes_with_a_higher_one(server: FaultServer, tmp_path: Path, askew: Askew):
    folder, prices = tmp_path / "run", tmp_path / "prices.yaml"
    server.start()
    # A limit needs the model's price; without it, no request is sent.
    process = askew(command(server, folder, "--max-cost", 0.01))
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 2
    assert f"no price of {server.model} is known" in errors
    assert not server.requests()
    assert not folder.exists()
    prices.write_text(f"{server.model}: {{input: 10, output: 100}}\n")
    limited = ("--prices", prices, "--set", "max_tokens=20")
    process = askew(command(server, folder.with_name("limited"), "--max-cost", 0.05, *limited))
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "error: --max-cost $0.05 is reached" in errors
    costs = json.loads((folder.with_name("limited") / "costs.json").read_text())
    replied = len(server.replied())
    assert 0 < replied < 2 * SAMPLES * QUESTIONS
    assert costs["models"][0]["requests"] == replied
    assert costs["dollars"] <= 0.05
    errors = finish(askew(command(server, folder.with_name("limited"), "--max-cost", 5, *limited)))
    assert "at most about $" in errors
    assert max(Counter(server.replied()).values()) == 1


def test_missing_key_is_an_error_before_any_request(
    server: FaultServer, tmp_path: Path, askew: Askew, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("LOCAL_API_KEY")
    process = askew(command(server, tmp_path / "run"))
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "Set LOCAL_API_KEY" in errors
    assert not list((tmp_path / "run").rglob("*.sqlite"))
