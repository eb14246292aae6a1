"""Shows the progress of a run: on a terminal a bar per kind of work and one per piece that is under way.

Elsewhere it prints a line per finished piece of work, and one every half minute. It writes to standard error; standard
output is for results.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from askew.base.visible_console import VisibleConsole
from askew.runs.answer_count import AnswerCount

_FIRST_REPORT = 15.0  # seconds after which work that takes long is first reported without bars
REPORT_EVERY = 30.0
"""Seconds between two reports on work that takes long, where no bars are shown."""


class Pace:
    """The speed of a stage, from which the time that it still takes is estimated.

    The clock starts with the first progress, because workers load their libraries before.

    Args:
        pieces: The number of pieces of work.
        done: How many are done already.
        seconds: About how long the others take, if that is known before; it counts until there is progress.
        clock: Returns the time in seconds.
    """

    def __init__(
        self, pieces: float, done: float, seconds: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.pieces = pieces
        self.done = done
        self._expected = seconds
        self._clock = clock
        self._began = clock()
        self._first: tuple[float, float] | None = None  # the first progress: the time, and how much was done

    def advance(self, done: float) -> None:
        """Note how many pieces are done, with fractions."""
        if done > self.done:
            self._first = self._first or (self._clock(), done)
            self.done = done

    def seconds_left(self) -> float | None:
        """Return about how many seconds the rest takes; None if nothing is known yet."""
        now, left = self._clock(), self.pieces - self.done
        if left <= 0:
            return None
        if self._first and self.done > self._first[1]:
            return left * (now - self._first[0]) / (self.done - self._first[1])
        return None if self._expected is None else max(0.0, self._expected - (now - self._began)) or None


def speed(rate: float, unit: str) -> str:
    """Return a speed in words: "1,250 rows/s".

    Args:
        rate: How many units a second.
        unit: What is counted.
    """
    return f"{rate:,.{0 if rate >= 10 else 1}f} {unit}/s"


class Display:
    """Shows the progress of a run.

    Args:
        quiet: Show nothing.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._console = VisibleConsole(stderr=True, quiet=quiet, highlight=False)
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=32),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            _TimeLeft(),
            console=self._console,
            disable=quiet or not self._console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._paces: dict[str, Pace] = {}
        self._descriptions: dict[str, str] = {}
        self._under_way: dict[str, tuple[Pace, float, str]] = {}  # by piece: its pace, and its speed with its unit
        self._begun: dict[str, str] = {}  # the stage of each piece that a worker has
        self._failed: list[str] = []
        self._doing = ""
        self._answers = AnswerCount()
        self._report_at = time.monotonic() + _FIRST_REPORT

    def __enter__(self) -> "Display":
        """Start the display."""
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the display; the bars stay visible."""
        self._bars.stop()

    def say(self, text: str) -> None:
        """Print a line, whole where it goes to a file, so that a command in it can be copied."""
        self._console.print(text, markup=False, soft_wrap=not self._console.is_terminal)

    def ask(self, question: str, confirm: Callable[[str], bool]) -> bool:
        """Ask the user a question, with the bars stopped meanwhile."""
        self._bars.stop()
        try:
            return confirm(question)
        finally:
            self._bars.start()

    def expect(self, stage: str, description: str, pieces: int, done: int, seconds: float | None = None) -> None:
        """Show a bar for the pieces of a stage, some of which are done already; a stage without pieces has none.

        Args:
            stage: Its name.
            description: What the bar is called.
            pieces: The number of pieces.
            done: How many of them are done.
            seconds: About how long the rest takes, counted from now; None if that is not known.
        """
        if not pieces:
            return
        self._paces[stage] = pace = Pace(pieces, done, seconds)
        self._descriptions[stage] = description
        self._tasks[stage] = self._bars.add_task(
            description, total=pieces, completed=done, note=_note(pace), left=pace.seconds_left
        )

    def advance(self, stage: str, pieces: float) -> None:
        """Update the bar of a stage: the pieces that are done, with fractions."""
        pace = self._paces[stage]
        pace.advance(pieces)
        self._bars.update(self._tasks[stage], completed=pieces, note=_note(pace))
        left = pace.seconds_left()
        if self._bars.disable and left is not None and time.monotonic() >= self._report_at:
            self._report_at = time.monotonic() + REPORT_EVERY
            about = f"{_note(pace)}, about {duration(left)} left{self._each_under_way()}"
            self.say(f"  {self._descriptions[stage]}: {about}")

    def note(self, piece: str, stage: str, event: str) -> None:
        """Note that a worker has begun a piece of a stage, or failed at it.

        Args:
            piece: Its name.
            stage: The name of the stage.
            event: "begun" or "failed".
        """
        if event == "begun":
            self._begun[piece] = stage
        elif self._begun.pop(piece, None):
            self._failed.append(piece)

    def under_way(self, piece: str, share: float, rate: float = 0.0, unit: str = "", answers: float = 0.0) -> None:
        """Show how far a piece of work is that a worker does at the moment, until it is finished.

        Args:
            piece: Its name.
            share: The part that is done, 0-1.
            rate: How many units a second; 0 if that is not known.
            unit: What is counted.
            answers: How many answers it has so far.
        """
        self._answers.note(piece, answers, share)
        pace, *_ = self._under_way.get(piece, (Pace(1, 0),))
        pace.advance(share)
        said = speed(rate, unit) if rate else ""
        self._under_way[piece] = pace, rate, unit
        if piece not in self._tasks:
            self._tasks[piece] = self._bars.add_task(f"  {piece}", total=1, note="", left=pace.seconds_left)
        self._bars.update(self._tasks[piece], completed=share, note=said)

    def _each_under_way(self) -> str:
        """Return each piece of work that is under way, in words, to be put after those of its stage."""
        said = []
        for piece, (pace, rate, unit) in self._under_way.items():
            left = pace.seconds_left()
            fast = [speed(rate, unit)] if rate else []
            parts = [f"{pace.done:.0%}", *fast, *([f"{duration(left)} left"] if left else [])]
            said.append(f"{piece} {', '.join(parts)}")
        return f" ({'; '.join(said)})" if said else ""

    def finished(self, piece: str, seconds: float) -> None:
        """Stop showing a piece that was under way, and print it where no bars are shown."""
        self._begun.pop(piece, None)
        self._answers.finish(piece)
        if piece in self._under_way:
            del self._under_way[piece]
            self._bars.remove_task(self._tasks.pop(piece))
        if self._bars.disable:
            self.say(f"  {piece}: {seconds:.1f} s")

    @contextmanager
    def stage(self, description: str) -> Iterator[None]:
        """Show a stage that has no pieces."""
        task = self._bars.add_task(description, total=None, note="")
        if self._bars.disable:
            self.say(f"  {description}")
        self._doing = description
        yield
        self._doing = ""
        self._bars.update(task, total=1, completed=1)

    def state(self) -> dict[str, Any]:
        """Return what is shown as plain data: the fields of `status_file.Snapshot` that are about the work.

        It may be called from another thread.
        """
        begun = dict(self._begun)
        stages = [
            {
                "name": self._descriptions.get(stage, stage),
                "pieces": int(pace.pieces),
                "done": int(pace.done + 1e-6),
                "running": list(begun.values()).count(stage),
                "seconds_left": pace.seconds_left(),
            }
            for stage, pace in dict(self._paces).items()
        ]
        known = dict(self._under_way)
        under_way = []
        for piece, stage in begun.items():
            pace, rate, unit = known.get(piece, (Pace(1, 0), 0.0, ""))
            left = pace.seconds_left()
            described = self._descriptions.get(stage, stage)
            under_way.append(
                {
                    "piece": piece,
                    "stage": described,
                    "share": pace.done,
                    "rate": rate,
                    "unit": unit,
                    "seconds_left": left,
                }
            )
        return {
            "stages": stages,
            "under_way": under_way,
            "failed": list(self._failed),
            "doing": self._doing,
            "answers": self._answers.total,
            "answers_per_second": self._answers.rate(),
        }


def duration(seconds: float) -> str:
    """Return a length of time in words, rounded."""
    if seconds < 100:
        return f"{max(1.0, seconds):.0f} second{'' if round(seconds) <= 1 else 's'}"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.0f} hours"


def _note(pace: Pace) -> str:
    return f"{int(pace.done + 1e-6)} of {pace.pieces:.0f}"


class _TimeLeft(ProgressColumn):
    """Shows the estimated time left of a stage."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        left = task.fields.get("left", lambda: None)()
        return Text("" if left is None else f"about {duration(left)} left", style="dim")
