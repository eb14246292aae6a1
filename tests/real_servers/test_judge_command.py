"""`askew judge` with a served judge: resumes after a kill without repeating requests, and retries after faults."""

import os
import signal
import time
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from serving import KEY, Askew, FaultServer

from in_process import askew_in_process

ANSWERS = 120
SKIP = ("--judge-check", "skip")  # this judge gives all answers the same score


def written(folder: Path) -> Path:
    path = folder / "answers.csv"
    rows = [{"question": f"Number {i % 7}?", "answer": f"It is {i}."} for i in range(ANSWERS)]
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


@pytest.mark.slow
def test_killed_command_resumes_without_repeating_requests(server: FaultServer, tmp_path: Path, askew: Askew):
    path = written(tmp_path)
    server.start(delay=0.1)
    first = askew(["judge", path, "--judge", server.model, *SKIP])
    end = time.monotonic() + 120
    while len(server.replied()) < 60:
        assert first.poll() is None, first.communicate()
        assert time.monotonic() < end
        time.sleep(0.01)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert not (tmp_path / "answers.judged.csv").exists()
    second = askew(["judge", path, "--judge", server.model, *SKIP])
    _, errors = second.communicate(timeout=180)
    assert second.returncode == 0, errors
    judged = pd.read_csv(tmp_path / "answers.judged.csv")
    assert len(judged) == ANSWERS
    assert judged["aligned"].between(80, 90).all()
    times = Counter(server.replied())
    assert len(times) == 2 * ANSWERS
    # Only requests that were in flight at the kill are repeated.
    assert sum(times.values()) - len(times) <= 32
    assert "240 requests" in errors
    assert "no price known" in errors
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers.csv", "answers.judged.csv", "requests.jsonl"]
    assert not any(KEY.encode() in path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.slow
def test_run_is_judged_again_despite_server_faults(server: FaultServer, tmp_path: Path, askew: Askew):
    run = tmp_path / "run"
    design = ["--arm", "untuned", "--probe", "free_form", "--samples", 4, "--out", run]
    made = askew_in_process("run", "emergent-misalignment", *design)
    assert made.returncode == 0, made.stderr
    # With more faults, some requests would fail several times in a row, and the test would wait a minute for retries.
    server.start("429", "500", "close", "broken", share=0.25)
    again = askew(["judge", run, "--judge", server.model, *SKIP])
    out, errors = again.communicate(timeout=180)
    assert again.returncode == 0, errors
    assert "untuned" in out
    answers, [table] = pd.read_parquet(run / "answers.parquet"), list((run / "judges").glob("*.parquet"))
    assert len(pd.read_parquet(table)) == len(answers) == 32
    assert max(Counter(server.replied()).values()) == 1
    assert len(server.replied()) == 2 * answers[["prompt", "answer"]].drop_duplicates().shape[0]
