"""The facts that an agent knows when it is asked, as small numbers; equal facts give equal prompts."""

from collections.abc import Hashable
from typing import NamedTuple


class Facts(NamedTuple):
    """An agent's knowledge. A module that is left out leaves its facts as they are here.

    Attributes:
        part: The agent's part in the experiment, such as "bent"; no prompt tells it.
        place: The number of the place where it is; -1 on the way.
        near: People near it: 0 nobody, 1 one, 2 a few, 3 many.
        store: The common store: 0 empty, 1 little, 2 enough; -1 not seen.
        hunger: 0 none, 1 a little, 2 great.
        tired: 0 not, 1 a little, 2 very.
        bag: How much it has of each good: 0 none, 1 some, 2 a lot.
        habit: The number of the work that it did most lately; -1 if none.
        plan: The number of the work that it is at; -1 if none.
        mood: Its mood of its neighbour: -1 bad, 0 neither, 1 good.
        needy: Its neighbour is hungry and has no food.
        has_neighbour: Somebody is near.
        heard: How many of the voices that it remembers took each side.
        own: What the experiment adds.
    """

    part: str
    place: int = -1
    near: int = 0
    store: int = -1
    hunger: int = 0
    tired: int = 0
    bag: tuple[int, ...] = ()
    habit: int = -1
    plan: int = -1
    mood: int = 0
    needy: bool = False
    has_neighbour: bool = False
    heard: tuple[int, ...] = ()
    own: Hashable = None
