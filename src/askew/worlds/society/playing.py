"""Plays societies with minds that answer at once, such as scripted ones."""

from askew.worlds.society.journal import Journal
from askew.worlds.society.scripted import Mind
from askew.worlds.society.society import Outcome, Society


def play_scripted(society: Society, mind: Mind, journal: Journal | None = None) -> Outcome:
    """Play a society to its end.

    Args:
        society: The society, which has not been played.
        mind: Answers each tick's questions.
        journal: Where the answers are kept; those that it has are not asked again.

    Returns:
        The outcome, with the tables as columns.

    Raises:
        AskewError: The journal has answers to other questions.
    """
    play = society.play()
    batch = next(play)
    while True:
        chosen = journal.answers(batch) if journal is not None else None
        if chosen is None:
            chosen = mind.decide(batch)
            if journal is not None:
                journal.add(batch, chosen)
        try:
            batch = play.send(chosen)
        except StopIteration as ended:
            return ended.value
