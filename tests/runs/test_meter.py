"""How fast work goes, from the engine's steps to the words that are shown."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from askew.cli.speed import Speed
from askew.models.engine.sampler import Engine
from askew.models.engine.sampling import Draw, Sampling
from askew.models.engine.work_done import on_work
from askew.runs import progress
from askew.runs.progress import Display
from askew.runs.work.meter import Meter


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_meter_tells_the_speed_of_the_last_seconds_at_most_once_a_second() -> None:
    clock, told = Clock(), []
    meter = Meter(lambda **message: told.append(message), "rows", clock)
    for half in range(200):  # 8 rows a second for 50 seconds, then 2
        clock.now = half / 2
        done = 8 * clock.now if clock.now <= 50 else 400 + 2 * (clock.now - 50)
        meter.advance(done / 500, done, loss=0.5)
    assert 95 <= len(told) <= 101
    assert told[0]["rate"] == 0
    assert told[40]["rate"] == pytest.approx(8)
    assert told[-1]["rate"] == pytest.approx(2, abs=0.2)
    assert {(one["event"], one["unit"], one["loss"]) for one in told} == {("step", "rows", 0.5)}
    meter.advance(1.0, 500)
    assert told[-1]["step"] == 1, "the end is always told"


def test_answers_of_a_batch_add_up_to_their_number(tiny_checkpoint: Path) -> None:
    engine = Engine(AutoModelForCausalLM.from_pretrained(tiny_checkpoint, dtype=torch.float32).eval(), [*range(1, 60)])
    seen: list[tuple[float, int]] = []
    reset = on_work.set(lambda answers, tokens: seen.append((answers, tokens)))
    try:
        answers = engine.sample([[3, 50, 4]], [Draw(0, 1, i) for i in range(20)], Sampling(12))
        sampled = seen.copy()
        engine.answer_logprobs([[3, 50, 4]], [[[70, 71], [72]]])
    finally:
        on_work.reset(reset)
    assert any(one.stopped for one in answers)
    assert sum(share for share, _ in sampled) == pytest.approx(20)
    assert sum(tokens for _, tokens in sampled) == sum(len(one.tokens) + one.stopped for one in answers)
    assert seen[len(sampled) :] == [(2, 6)]


def test_piece_under_way_is_reported_with_its_speed(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(progress.time, "monotonic", clock)
    monkeypatch.setattr(progress, "Pace", partial(progress.Pace, clock=clock))
    with Display() as display:
        display.expect("train", "fine-tuning", 2, 0)
        for second in range(100):
            clock.now = float(second)
            display.under_way("train insecure-0", second / 200, 310.4, "rows")
            display.advance("train", second / 200)
        display.finished("train insecure-0", 200.0)
        clock.now = 200.0
        display.advance("train", 1.5)
    lines = capfd.readouterr().err.splitlines()
    reports = [line for line in lines if line.startswith("  fine-tuning")]
    assert len(reports) == 4  # after 15 seconds, and every 30
    assert "(train insecure-0 8%, 310 rows/s, 3 minutes left)" in reports[0]
    assert "insecure-0" not in reports[-1], "it is finished"


def test_piece_under_way_has_a_bar_on_a_terminal(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "140")
    with Display() as display:
        display.expect("train", "fine-tuning", 2, 0)
        display.under_way("train insecure-0", 0.5, 3.14, "rows")
    assert "3.1 rows/s" in capfd.readouterr().err


def test_speed_and_time_left_are_said_every_half_minute() -> None:
    clock = Clock()
    speed, lines = Speed("rows", clock), []
    for second in range(0, 101, 5):
        clock.now = float(second)
        said = speed.count(second * 2.5, 250)
        if speed.is_due(second * 2.5, 250):
            lines.append(said)
    assert lines == ["", "2.5 rows/s, about 70 seconds left", "2.5 rows/s, about 40 seconds left", *lines[3:]]
    assert lines[3:] == ["2.5 rows/s, about 10 seconds left", "2.5 rows/s"]


def test_tune_says_its_speed_where_its_output_is_piped(tmp_path: Path, tiny_checkpoint: Path, command: Any) -> None:
    row = '{"messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]}\n'
    (tmp_path / "rows.jsonl").write_text(row * 40)
    options = ("--set", "recipe.batch_size=4", "--set", "recipe.max_length=64")
    _, _, err = command("tune", tiny_checkpoint, "--data", "rows.jsonl", "--out", "out", *options)
    lines = [line.strip() for line in err.splitlines() if "fine-tuning" in line]
    assert len(lines) == 2  # the first step and the last
    assert lines[-1].startswith("fine-tuning, loss ")
    assert ": step 2 of 2, " in lines[-1]
    assert lines[-1].endswith(" rows/s")
