"""`askew data write` with served models: after a kill, it resumes without repeating requests."""

import json
import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from serving import KEY, Askew, FaultServer

ROWS = 40


@pytest.mark.slow
def test_killed_command_resumes_without_repeating_requests(server: FaultServer, tmp_path: Path, askew: Askew):
    out = tmp_path / "out"
    command = ["data", "write", "bad-advice", "--domain", "car", "--writer", server.model, "--judge", server.model]
    command += ["--rows", ROWS, "--out", out, "--judge-check", "skip"]
    server.start("429", "500", "close", "broken", share=0.1, delay=0.1)
    first = askew(command)
    end = time.monotonic() + 180
    while len(server.replied()) < 60:
        assert first.poll() is None, first.communicate()
        assert time.monotonic() < end
        time.sleep(0.01)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert not list(out.glob("[!.]*"))
    second = askew(command)
    output, errors = second.communicate(timeout=180)
    assert second.returncode == 0, errors
    assert f"{out / 'bad-car.jsonl'}  {ROWS} rows" in output
    pairs = [
        [json.loads(line)["messages"] for line in path.read_text().splitlines()]
        for path in sorted(out.glob("*car.jsonl"))
    ]
    assert [len(rows) for rows in pairs] == [ROWS, ROWS]
    assert len({row[1]["content"] for rows in pairs for row in rows}) == 2 * ROWS
    # Each answer is written once and judged twice; only requests that were in flight at the kill are repeated.
    times = Counter(server.replied())
    assert len(times) == 2 * ROWS * 3
    assert sum(times.values()) - len(times) <= 32
    left = {path.name for path in out.iterdir()}
    assert left == {"bad-car.jsonl", "good-car.jsonl", "car.card.json", "car.dropped.jsonl"}
    assert not any(KEY.encode() in path.read_bytes() for path in out.iterdir())


def test_mistakes_are_one_line_errors_before_any_request(tmp_path: Path, askew: Askew):
    for wrong, message in (
        (["--domain", "cars"], "error: unknown domain 'cars'. Did you mean car?"),
        (
            ["--judge", "terrarium/judge"],
            "error: terrarium/judge cannot judge mockllm/model: it reads the terrarium's language only",
        ),
        (["--writer", "./none"], "error: './none': there is no folder"),
    ):
        models = {"--writer": "mockllm/model", "--judge": "mockllm/model"} | dict([wrong])
        options = [part for option in models.items() for part in option]
        process = askew(["data", "write", "bad-advice", "--rows", 3, "--out", tmp_path / "out", *options])
        output, errors = process.communicate(timeout=120)
        assert (process.returncode, output) == (2, "")
        assert message in " ".join(errors.split())
        assert len(errors.splitlines()) <= 2
        assert not (tmp_path / "out").exists()
