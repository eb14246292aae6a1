"""Plays societies with minds that answer at once, such as scripted ones."""

from collections.abc import Callable

from askew.worlds.society.journal import Journal
from askew.worlds.society.scripted import Mind
from askew.worlds.society.society import Outcome, Society


def play_scripted(
    society: Society,
    mind: Mind,
    journal: Journal | None = None,
    on_tick: Callable[[int, int], None] = lambda tick, ticks: None,
) -> Outcome:
    """Play a society to its end.

    Args:
        society: The society, which has not been played.
        mind: Answers each tick's questions.
        journal: Where the answers are kept; those that it has are not asked again.
        on_tick: Progress callback; takes the number of ticks that were played, and their total.

    Returns:
        The outcome, with the tables as columns.

    Raises:
        AskewError: The journal has answers to other questions.
    """
    play = society.play()
    batch, ticks = next(play), society.setting.ticks
    for tick in range(1, ticks + 1):
        chosen = journal.answers(batch) if journal is not None else None
        if chosen is None:
            chosen = mind.decide(batch)
            if journal is not None:
                journal.add(batch, chosen)
        try:
            batch = play.send(chosen)
        except StopIteration as ended:
            on_tick(tick, ticks)
            return ended.value
        on_tick(tick, ticks)
    raise AssertionError("a society ends with its last tick")
