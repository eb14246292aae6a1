"""Shows the progress of a run: on a terminal a bar per kind of work, elsewhere a line per finished piece of work.

It writes to standard error; standard output is for results.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text


class Display:
    """Shows the progress of a run.

    Args:
        quiet: Show nothing.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._console = Console(stderr=True, quiet=quiet, highlight=False)
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
        """Print a line."""
        self._console.print(text, markup=False)

    def ask(self, question: str, confirm: Callable[[str], bool]) -> bool:
        """Ask the user a question, with the bars stopped meanwhile."""
        self._bars.stop()
        try:
            return confirm(question)
        finally:
            self._bars.start()

    def expect(self, stage: str, description: str, pieces: int, done: int) -> None:
        """Show a bar for the pieces of a stage, some of which are done already."""
        note = f"{done} of {pieces}"
        self._tasks[stage] = self._bars.add_task(description, total=pieces, completed=done, note=note)

    def advance(self, stage: str, pieces: float) -> None:
        """Update the bar of a stage: the pieces that are done, with fractions."""
        task = self._tasks[stage]
        total = self._bars.tasks[task].total or 0
        self._bars.update(task, completed=pieces, note=f"{int(pieces + 1e-6)} of {total:.0f}")

    def finished(self, piece: str, seconds: float) -> None:
        """Print a finished piece, where no bars are shown."""
        if self._bars.disable:
            self.say(f"  {piece}: {seconds:.1f} s")

    @contextmanager
    def stage(self, description: str) -> Iterator[None]:
        """Show a stage that has no pieces."""
        task = self._bars.add_task(description, total=None, note="")
        if self._bars.disable:
            self.say(f"  {description}")
        yield
        self._bars.update(task, total=1, completed=1)


class _TimeLeft(ProgressColumn):
    """Shows the estimated time left of a stage."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        if task.finished or not task.time_remaining:
            return Text("")
        return Text(f"about {task.time_remaining:.0f} s left", style="dim")
