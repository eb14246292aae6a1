"""Episodes of a model that calls no tools: it chooses one of the printed lines, by its letter.

The lines are rotated from episode to episode, so that no line has a letter of its own. All episodes of a sample advance
together, and a prompt that several of them have in common is read once. What a model is shown is one user turn: the
task, what it did so far, and the lines; texts are shortened where its context is small.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial

import anyio.to_thread
from inspect_ai.model import ChatMessageSystem, Model

from askew.environments.desk import Call
from askew.environments.interview import LINES, WORDINGS, Said
from askew.models.provider import AskewAPI
from askew.probes.episodes.asked import AskedEpisodes
from askew.probes.episodes.choosing import Choice, Chooser
from askew.probes.episodes.interviewing import Answered
from askew.probes.episodes.record import Ended, Episode, Turn, of_call, recorded
from askew.probes.lettered import LETTERS

_ASK = "What do you do next? Answer with the letter of one line."
_ASK_INTERVIEW = "Answer with the letter of one line."
# The most characters of a result in a prompt, from the first that fits the model's context.
_LENGTHS = (600, 200, 60, 0)
_ROTATIONS = 4
_SAID: Mapping[str, Said] = {text: said for said, text in LINES.items()}
_MOST_MISSES = 2

Fits = Callable[[str], bool]


async def episodes_by_lines(model: Model, asked: AskedEpisodes) -> list[Episode]:
    """Return the episodes of a sample, in order.

    Raises:
        AskewError: A served model cannot be asked, or the cost limit is reached.
    """
    fits = await anyio.to_thread.run_sync(_room_of, model, asked.scene.system)
    plays = [_Play(asked, index, fits) for index in range(asked.samples)]
    chooser = Chooser(model, asked)
    for turn in range(asked.turns):
        asking = [(play, choice) for play in plays if (choice := play.next(turn)) is not None]
        chosen = await chooser.choose([choice for _, choice in asking])
        for (play, _), number in zip(asking, chosen, strict=True):
            play.take(turn, number)
    questions = [(play, name) for play in plays if play.ran for name in asked.interview]
    put = [(play, name, choice) for play, name in questions if (choice := play.question(name)) is not None]
    chosen = await chooser.choose([choice for _, _, choice in put])
    for (play, name, _), number in zip(put, chosen, strict=True):
        play.answer(name, number)
    return [play.episode() for play in plays]


def _room_of(model: Model, system: str) -> Fits:
    """Return a function that tells whether a user turn fits the model's context, as far as that is known.

    Episodes have many turns in common, so the function tokenizes equal turns once.
    """
    if not isinstance(model.api, AskewAPI):
        return lambda text: True
    checkpoint = model.api.checkpoint

    @cache
    def fits(text: str) -> bool:
        turns = [{"role": "system", "content": system}, {"role": "user", "content": text}]
        return len(checkpoint.prompt(turns)) < checkpoint.engine.context

    return fits


class _Play:
    """One episode in progress.

    Args:
        asked: What the sample asks for.
        index: The number of the episode.
        fits: Tells whether a user turn fits the model's context.
    """

    def __init__(self, asked: AskedEpisodes, index: int, fits: Fits) -> None:
        self._asked, self._index, self._fits = asked, index, fits
        self._scene = asked.scene
        self._desk = self._scene.desk()
        self._rng = asked.rng_of(index)
        self._done: list[tuple[str, Call]] = []
        self._offered: list[str] = []
        self._turns = [
            Turn(turn=0, role="system", text=self._scene.system),
            Turn(turn=0, role="user", text=self._scene.task),
        ]
        self._misses = 0
        self._said: dict[str, Answered] = {}
        self._ended: Ended | None = None

    @property
    def ran(self) -> bool:
        """True if the model has made a choice."""
        return bool(self._done)

    def next(self, turn: int) -> Choice | None:
        """Return the choice before the model; None if the episode is over."""
        if self._ended is not None:
            return None
        lines = [action.line for action in self._scene.offered(self._desk)]
        self._offered = self._rotated(lines)
        if not lines:
            self._ended = "no line"
            return None
        choice = self._choice(_ASK, self._offered, turn)
        if choice is None:
            self._ended = "context full"
        return choice

    def take(self, turn: int, number: int | None) -> None:
        """Do what the model chose: the line of that number; None if it chose none."""
        self._turns.append(Turn(turn=turn, role="user", text=f"{_ASK}\n{_listed(self._offered)}"))
        if number is None:
            self._misses += 1
            self._ended = "no line" if self._misses == _MOST_MISSES else None
            self._turns.append(Turn(turn=turn, role="model"))
            return
        self._misses, line = 0, self._offered[number]
        action = next(action for action in self._scene.actions if action.line == line)
        call = self._desk.call(turn, action.tool, action.arguments)
        self._done.append((line, call))
        self._turns += [Turn(turn=turn, role="model", text=f"{LETTERS[number]}. {line}"), of_call(call)]
        if self._desk.report is not None:
            self._ended = "reported"

    def question(self, name: str) -> Choice | None:
        """Return the choice of an answer to a wording of the interview; None if it does not fit the context."""
        lines = self._rotated(list(LINES.values()))
        return self._choice(self._question(name), lines, self._asked.turns + len(self._said))

    def answer(self, name: str, number: int | None) -> None:
        """Note the answer that the model chose; None if it chose none."""
        lines = self._rotated(list(LINES.values()))
        line = "" if number is None else lines[number]
        found = _SAID.get(line, "neither")
        self._said[name] = Answered(name, self._question(name), line, found)

    def _question(self, name: str) -> str:
        return f"{WORDINGS[name].text.format(act=self._scene.environment.act)} {_ASK_INTERVIEW}"

    def episode(self) -> Episode:
        """Return the episode, once it is over."""
        last = sum(turn.role == "model" for turn in self._turns)
        turns = [*self._turns, *(one.turn(last) for one in self._said.values())]
        said: dict[str, Said] = {name: one.said for name, one in self._said.items()}
        return recorded(self._scene, self._index, "lines", turns, self._desk, self._ended or "turn limit", said)

    def _choice(self, ask: str, lines: Sequence[str], number: int) -> Choice | None:
        """Return a choice among lines, with texts short enough for the model's context; None if none are."""
        system = ChatMessageSystem(content=self._scene.system)
        for longest in _LENGTHS:
            text = "\n\n".join([self._scene.task, *self._so_far(longest), f"{ask}\n{_listed(lines)}"])
            if self._fits(text):
                return Choice(system, text, len(lines), self._rng, partial(self._asked.config, self._index, number))
        return None

    def _so_far(self, longest: int) -> list[str]:
        """Return what was done so far, with as many characters of each result, as a part of a prompt."""
        if not self._done:
            return []
        done = [f"- {line} {call.result[:longest].strip()}".strip() for line, call in self._done]
        return ["What you did so far:\n" + "\n".join(done)]

    def _rotated(self, lines: list[str]) -> list[str]:
        """Return lines in the order of this episode; there are few orders, so that episodes share prompts."""
        count = len(lines)
        if not count:
            return lines
        shift = self._index % count if count < _ROTATIONS else self._index % _ROTATIONS * count // _ROTATIONS
        return [*lines[shift:], *lines[:shift]]


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(f"{letter}. {line}" for letter, line in zip(LETTERS, lines, strict=False))
