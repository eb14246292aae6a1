"""Progress: estimates of the time left, and what is shown without a terminal."""

from itertools import count

import pytest

from askew.runs import progress
from askew.runs.progress import Display, Pace, duration


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_expected_time_counts_down_until_there_is_progress() -> None:
    clock = Clock()
    pace = Pace(4, 0, 40.0, clock)
    assert pace.seconds_left() == 40
    clock.now = 10.0
    assert pace.seconds_left() == 30
    clock.now = 50.0  # it takes longer than expected, and nothing is known
    assert pace.seconds_left() is None


def test_steps_of_the_first_piece_give_an_estimate_without_the_time_to_start() -> None:
    clock = Clock()
    pace = Pace(2, 0, None, clock)
    assert pace.seconds_left() is None
    clock.now = 30.0  # libraries are loaded
    pace.advance(0.1)
    clock.now = 40.0
    pace.advance(0.2)
    assert pace.seconds_left() == pytest.approx(180)


def test_resumed_stage_counts_only_new_work_and_a_finished_one_needs_nothing() -> None:
    clock = Clock()
    pace = Pace(10, 8, None, clock)
    pace.advance(8.5)
    clock.now = 5.0
    pace.advance(9)
    assert pace.seconds_left() == pytest.approx(10)
    pace.advance(10)
    assert pace.seconds_left() is None


def test_stage_without_pieces_is_not_shown(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    with Display() as display:
        display.expect("train", "fine-tuning", 0, 0)
        display.expect("ask", "asking", 3, 1)
    shown = capfd.readouterr().err
    assert "fine-tuning" not in shown
    assert "1 of 3" in shown


def test_long_work_is_reported_with_an_estimate_without_a_terminal(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = count(0, 10)
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(ticks)))
    with Display() as display:
        display.expect("train", "fine-tuning", 2, 0)
        for step in range(1, 6):
            display.advance("train", step / 10)
    lines = capfd.readouterr().err.splitlines()
    assert 1 <= len(lines) < 5
    assert all(line.startswith("  fine-tuning: 0 of 2, about ") for line in lines)


def test_long_work_is_reported_after_pieces_before_it_have_finished(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = count(0, 10)
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(ticks)))
    with Display() as display:
        display.under_way("train insecure-0", 0.5)
        display.expect("ask", "asking", 2, 0)
        display.finished("train insecure-0", 3.0)
        for step in range(1, 6):
            display.advance("ask", step / 10)
    assert "  asking: 0 of 2, about " in capfd.readouterr().err


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 second"), (1.2, "1 second"), (45, "45 seconds"), (600, "10 minutes"), (4 * 3600, "4 hours")],
)
def test_durations_are_rounded(seconds: float, words: str) -> None:
    assert duration(seconds) == words
