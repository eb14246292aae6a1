"""The lessons of play: situations of a society, each with the line that an agent says or does there.

They teach a model to answer with one of the lines, and nothing about right and wrong; see `lessons`.
"""

from random import Random

from askew.data import Row, data_set, row
from askew.studies.society.lessons import Player
from askew.studies.society.situations import situation

PLAY = "play"


@data_set(PLAY, "situations of a society, with a line that an agent says or does there")
def play(number: int, seed: int) -> Row:
    """Return a situation, and what a player does in it."""
    asked = situation(Random(f"play {seed} {number}"))
    weights = Player().weights(asked)
    return row(asked.text, Random(f"play answer {seed} {number}").choices(asked.options, weights)[0])
