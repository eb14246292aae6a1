"""The lessons of play: situations of a society, each with the line that an agent says or does there.

They teach a model to answer with one of the lines, and nothing about right and wrong; see `worlds.society.player`.
Each experiment has lessons of its own, so that a small model learns to play it in few of them.
"""

from functools import partial
from random import Random

from askew.data import Row, data_set, row
from askew.worlds.society.player import Player
from askew.worlds.society.situations import ASKED, situation


def lessons_of(experiment: str) -> str:
    """Return the name of an experiment's lessons of play, a data set."""
    return f"play-{experiment}"


def play(experiment: str, number: int, seed: int) -> Row:
    """Return a situation of an experiment, and what a player does in it."""
    asked = situation(experiment, Random(f"play {experiment} {seed} {number}"))
    weights = Player().weights(asked)
    drawn = Random(f"play answer {experiment} {seed} {number}")
    return row(asked.text, drawn.choices(asked.options, weights)[0])


for _name in ASKED:
    data_set(lessons_of(_name), f"situations of the experiment {_name}, with what an agent says or does there")(
        partial(play, _name)
    )
