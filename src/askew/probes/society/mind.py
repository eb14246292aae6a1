"""A mind: one model that answers the questions of its agents, tick by tick."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from askew.worlds.society.questions import Asked, Chosen


class Mind(ABC):
    """One model of a society. It counts what it is asked, whether or not it has read the same before.

    Attributes:
        tokens: The tokens of the different prompts, with their options.
    """

    def __init__(self) -> None:
        self.tokens = 0
        self._seen: set[bytes] = set()

    @property
    def prompts(self) -> int:
        """The number of different prompts."""
        return len(self._seen)

    @abstractmethod
    async def decide(self, asked: Sequence[Asked], draws: Sequence[float]) -> list[Chosen]:
        """Return an answer to each question of one tick, in the same order.

        Args:
            asked: The questions.
            draws: For each question a random number in [0, 1).

        Raises:
            AskewError: The model cannot be asked.
        """

    @abstractmethod
    def count(self, asked: Sequence[Asked]) -> None:
        """Count questions that were answered, now or in an earlier session."""
