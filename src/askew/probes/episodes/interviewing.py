"""Interviews after an episode: each question is asked by itself, in the conversation of the episode.

A model that acts by tools answers in words, which a rule reads; a model that acts by lines chooses an answer.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from inspect_ai.model import ChatCompletionChoice, ChatMessage, ChatMessageUser, GenerateConfig

from askew.environments.interview import WORDINGS, Said, read_answer
from askew.models.no_room import NoRoom
from askew.models.remote.requests import gather
from askew.models.said import said
from askew.probes.episodes.asked import AskedEpisodes
from askew.probes.episodes.record import Turn

LONGEST_ANSWER = 8_000
"""The most characters of an answer that are kept."""

Ask = Callable[[Sequence[ChatMessage], GenerateConfig], Awaitable[ChatCompletionChoice]]
"""Asks the model for one answer to a conversation, without calls; raises NoRoom if that is too long for the model."""


@dataclass(frozen=True)
class Answered:
    """A question of an interview and its answer.

    Attributes:
        wording: The name of the wording.
        question: The question.
        answer: The answer.
        said: The yes or no in it.
    """

    wording: str
    question: str
    answer: str
    said: Said

    def turn(self, number: int) -> Turn:
        """Return it as a turn of an episode; `number` follows that of the model's last turn."""
        return Turn(turn=number, role="interview", tool=self.wording, text=self.question, result=self.answer)


async def interviewed(
    asked: AskedEpisodes, index: int, conversation: Sequence[ChatMessage], ask: Ask
) -> list[Answered]:
    """Return the answers of a model to the wordings of an interview, without those that leave it no room to answer.

    Args:
        asked: What the sample asks for.
        index: The number of the episode.
        conversation: The conversation of the episode.
        ask: Asks the model.
    """
    act = asked.scene.environment.act

    async def one(number: int, name: str) -> Answered | None:
        question = WORDINGS[name].ask(act)
        config = asked.interview_config(index, number)
        try:
            choice = await ask([*conversation, ChatMessageUser(content=question)], config)
        except NoRoom:
            return None
        answer = said(choice).answer[:LONGEST_ANSWER]
        return Answered(name, question, answer, read_answer(answer))

    found = await gather(partial(one, number, name) for number, name in enumerate(asked.interview))
    return [answered for answered in found if answered is not None]
