"""Lines requests up for an engine, and answers those that ask for one answer each together.

A request for many answers is a batch of its own: what is in it, and so every rounding in it, depends on
nothing else. Requests for one answer would waste the engine by themselves, so whatever is waiting when it
comes free goes together; and it waits a moment, for they come in waves: those that were answered together ask
again together.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from askew.models.engine.sampler import MOST_ROWS, Completion, Engine, Stop
from askew.models.engine.sampling import Draw, Sampling

# As long as others keep coming within so many seconds, a request for one answer waits for them.
_MOMENT = 0.01


@dataclass
class Request:
    """Answers wanted from one model.

    Attributes:
        prompts: Token ids of the prompts.
        draws: The answers wanted.
        sampling: How to sample.
        stop: Ends an answer, if not None. Requests that go together have the same.
        stop_words: What `stop` looks for, to tell by whether two are the same.
    """

    prompts: Sequence[Sequence[int]]
    draws: Sequence[Draw]
    sampling: Sampling
    stop: Stop | None = None
    stop_words: tuple[str, ...] = ()
    answers: list[Completion] | None = field(default=None, init=False)

    def goes_with(self, other: "Request") -> bool:
        """Whether both ask for one answer, sampled in the same way."""
        alike = (self.sampling, self.stop_words) == (other.sampling, other.stop_words)
        return alike and len(self.draws) == len(other.draws) == 1


class Batcher:
    """Answers requests from many threads, one batch at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: list[Request] = []
        self._changing, self._turn = threading.Lock(), threading.Lock()

    def announce(self, request: Request) -> None:
        """Put a request in the line, from where an earlier one may take it along."""
        with self._changing:
            self._waiting.append(request)

    def answer(self, request: Request) -> list[Completion]:
        """Wait for an announced request's turn; answer it, unless it was taken along by another."""
        with self._turn:
            if request.answers is None:
                if len(request.draws) == 1:
                    self._let_others_come()
                self._serve(self._take(request))
        assert request.answers is not None
        return request.answers

    def _let_others_come(self) -> None:
        before = 0
        while before < len(self._waiting) < MOST_ROWS:
            before = len(self._waiting)
            time.sleep(_MOMENT)

    def _take(self, request: Request) -> list[Request]:
        """Remove a request, and those that go with it, from the line."""
        with self._changing:
            others = [other for other in self._waiting if other is not request and other.goes_with(request)]
            batch = [request, *others[: MOST_ROWS - 1]]
            self._waiting = [other for other in self._waiting if not any(other is taken for taken in batch)]
        return batch

    def _serve(self, batch: list[Request]) -> None:
        numbers: dict[tuple[int, ...], int] = {}  # the same prompt, asked by several, is read once
        draws: list[Draw] = []
        for request in batch:
            own = [numbers.setdefault(tuple(prompt), len(numbers)) for prompt in request.prompts]
            draws += [replace(draw, prompt=own[draw.prompt]) for draw in request.draws]
        answers = iter(self._engine.sample(list(numbers), draws, batch[0].sampling, batch[0].stop))
        for request in batch:
            request.answers = [next(answers) for _ in request.draws]
