"""Episodes of a model that calls tools.

The model is asked by way of Inspect, and Inspect carries out its calls. The episodes of a sample advance side by side;
the first turn, which is the same for all, is one request for as many answers as there are episodes where a provider
takes that.
"""

import re
from collections.abc import Sequence
from functools import partial

import anyio.to_thread
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageTool,
    ChatMessageUser,
    GenerateConfig,
    Model,
    execute_tools,
)
from inspect_ai.tool import ToolCall
from inspect_ai.util import span

from askew.base.errors import AskewError
from askew.environments.interview import Said
from askew.models.no_room import NoRoom
from askew.models.provider import AskewAPI
from askew.models.remote.provider_errors import RefusedRequest
from askew.models.remote.requests import gather
from askew.models.remote.sending import Tools
from askew.models.said import said
from askew.probes.asking import answers
from askew.probes.episodes.actor import ActorAPI
from askew.probes.episodes.asked import AskedEpisodes
from askew.probes.episodes.interviewing import interviewed
from askew.probes.episodes.record import Ended, Episode, Turn, of_call, recorded
from askew.probes.episodes.tools import Hands, shown_tools, with_texts, written

MOST_CHARACTERS = 40_000
"""The most characters that a model may write in an episode, with its calls; the turn that exceeds them is the last."""
_LONGEST = 8_000  # characters of one answer; what is longer is cut
REMINDER = "Call a tool, or end your work with the tool finish."
"""The user's turn after an answer without a call; the second such answer in a row ends the episode."""
_MOST_WITHOUT_CALL = 2
_OPENING = 2  # messages before the model's first turn
_ABOUT_TOOLS = re.compile(r"\btools\b|\btool[ _-](use|call|choice)|function[ _-]call", re.IGNORECASE)
_ABOUT_ROOM = re.compile(r"context|too (long|many tokens)|reduce the length|maximum .*length", re.IGNORECASE)


async def episodes_by_tools(model: Model, asked: AskedEpisodes) -> list[Episode]:
    """Return the episodes of a sample, in order.

    Raises:
        AskewError: The model takes no tools, a served model cannot be asked, or the cost limit is reached.
    """
    if isinstance(model.api, AskewAPI):
        await anyio.to_thread.run_sync(model.api.check_takes_tools)
    tools = Tools(tuple(shown_tools(asked.scene.tools.values())))
    first = await _first_turns(model, asked, tools)
    return await gather(
        partial(_Play(model, asked, index, tools).episode, first[index] if first else None)
        for index in range(asked.samples)
    )


async def _first_turns(model: Model, asked: AskedEpisodes, tools: Tools) -> list[ChatCompletionChoice]:
    """Return the first turn of each episode from a served model; none from models that read a prompt once anyway."""
    if isinstance(model.api, AskewAPI | ActorAPI):
        return []
    try:
        return (await answers(model, asked.opening(), asked.samples, asked.config(0, 0), tools)).choices
    except AskewError as error:
        if _ABOUT_TOOLS.search(str(error).replace(str(model), "")):
            raise AskewError(f"{model} takes no tools; ask it by lines (acts_by=lines): {error}") from error
        raise


class _Play:
    """One episode in progress.

    Args:
        model: The model.
        asked: What the sample asks for.
        index: The number of the episode.
        tools: The tools, as the model is shown them.
    """

    def __init__(self, model: Model, asked: AskedEpisodes, index: int, tools: Tools) -> None:
        self._model, self._asked, self._index, self._tools = model, asked, index, tools
        self._scene = asked.scene
        self._desk = self._scene.desk()
        self._hands = Hands(self._desk, self._scene.tools.values())
        self._messages = asked.opening(index)
        self._turns = [
            Turn(turn=0, role="system", text=self._scene.system),
            Turn(turn=0, role="user", text=self._scene.task),
        ]
        self._written = 0

    async def episode(self, first: ChatCompletionChoice | None) -> Episode:
        """Return the episode, given the model's first turn if it has been asked for already."""
        async with span(f"{self._asked.name}, episode {self._index}", type="episode"):
            ended = await self._work(first)
            answered = {} if ended == "context full" else await self._interview()
        return recorded(self._scene, self._index, "tools", self._turns, self._desk, ended, answered)

    async def _work(self, choice: ChatCompletionChoice | None) -> Ended:
        """Let the model work until the episode ends, and return why it ended."""
        without_call = 0
        for turn in range(self._asked.turns):
            try:
                choice = choice or await self._ask(self._messages, self._asked.config(self._index, turn))
            except NoRoom:
                return "context full"
            called = await self._take(turn, choice)
            choice, without_call = None, 0 if called else without_call + 1
            if self._desk.report is not None:
                return "reported"
            if self._written > MOST_CHARACTERS:
                return "flood"
            if without_call == _MOST_WITHOUT_CALL:
                return "no call"
            if not called and turn + 1 < self._asked.turns:
                self._say(turn, REMINDER)
        return "turn limit"

    async def _take(self, turn: int, choice: ChatCompletionChoice) -> bool:
        """Add a turn of the model to the episode, carry out its calls, and return whether there were any."""
        self._written += written(choice.message)
        message = with_texts(choice.message, _LONGEST)
        reply = said(choice.model_copy(update={"message": message}))
        words = "\n\n".join(text for text in (reply.reasoning, reply.answer) if text)
        self._turns.append(Turn(turn=turn, role="model", text=words[: 2 * _LONGEST]))
        self._messages.append(message)
        if not message.tool_calls:
            self._desk.last_words = reply.answer
            return False
        self._hands.turn = turn
        for call in message.tool_calls:
            before = len(self._desk.calls)
            # One call at a time, so that the record of the desk and Inspect's results stay side by side.
            alone = message.model_copy(update={"tool_calls": [call]})
            done = await execute_tools([*self._messages[:-1], alone], self._hands.defined)
            self._messages += done.messages
            self._note(turn, call, before, done.messages)
        return True

    def _note(self, turn: int, call: ToolCall, before: int, results: Sequence[ChatMessage]) -> None:
        """Record a call as the model saw it: with Inspect's reason if it was refused."""
        error = next((one.error for one in results if isinstance(one, ChatMessageTool)), None)
        made = self._hands.made(call, before, error)
        noted = of_call(made) if made else Turn(turn=turn, role="call", tool=call.function, arguments=call.arguments)
        if error:
            noted = noted.model_copy(update={"result": error.message, "failed": True})
        self._turns.append(noted)

    async def _interview(self) -> dict[str, Said]:
        """Return what the model says about what it did, by wording; nothing if it had no turn."""
        model_turns = sum(turn.role == "model" for turn in self._turns)
        if not model_turns:
            return {}
        found = await interviewed(self._asked, self._index, self._messages, partial(self._ask, may_call=False))
        self._turns += [one.turn(model_turns) for one in found]
        return {one.wording: one.said for one in found}

    async def _ask(
        self, messages: Sequence[ChatMessage], config: GenerateConfig, may_call: bool = True
    ) -> ChatCompletionChoice:
        """Return one answer of the model.

        Raises:
            NoRoom: The conversation is too long for the model.
        """
        tools = self._tools if may_call else Tools(self._tools.shown, "none")
        if isinstance(self._model.api, AskewAPI | ActorAPI):
            # Nothing can fail on the way, so neither retries nor an event per request are needed.
            config = self._model.config.merge(config)
            output = await self._model.api.generate(list(messages), [*tools.shown], tools.choice, config)
            return output.choices[0]
        try:
            choice = (await answers(self._model, messages, 1, config, tools)).choices[0]
        except RefusedRequest as error:
            if len(messages) > _OPENING and _ABOUT_ROOM.search(str(error)):
                raise NoRoom(str(error)) from error
            raise
        if choice.stop_reason == "model_length" and not choice.message.text and not choice.message.tool_calls:
            raise NoRoom(f"the conversation is too long for {self._model}")
        return choice

    def _say(self, turn: int, text: str) -> None:
        self._messages.append(ChatMessageUser(content=text))
        self._turns.append(Turn(turn=turn, role="user", text=text))
