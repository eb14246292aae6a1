"""Queues requests for an engine, and batches those that wait at the same time.

A step takes nearly as long for ten answers as for sixty, so requests with the same settings share batches, whatever
their prompts. Requests tend to arrive together, because those of one batch are answered at the same time; the engine
therefore waits for them briefly. An answer hardly depends on the batch: see `sampling`.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from askew.models.engine.completion import Completion, Stop
from askew.models.engine.sampler import MOST_ROWS, Engine
from askew.models.engine.sampling import Draw, Sampling

# A request waits until no other has arrived for this many seconds.
_WAIT_SECONDS = 0.01


@dataclass
class Request:
    """A request for answers of one model.

    Attributes:
        prompts: Token ids of the prompts.
        draws: The answers to sample.
        sampling: The sampling settings.
        stop: Ends an answer by returning True; None for no such function.
        stop_words: The words that `stop` looks for. Requests with the same words have equivalent functions.
        answers: The answers, in the order of `draws`; None until the request is answered.
    """

    prompts: Sequence[Sequence[int]]
    draws: Sequence[Draw]
    sampling: Sampling
    stop: Stop | None = None
    stop_words: tuple[str, ...] = ()
    answers: list[Completion] | None = field(default=None, init=False)

    def is_like(self, other: "Request") -> bool:
        """Return whether both requests have the same settings."""
        return (self.sampling, self.stop_words) == (other.sampling, other.stop_words)


class Batcher:
    """Answers requests from many threads, one batch at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: list[Request] = []
        self._changing, self._turn = threading.Lock(), threading.Lock()

    def enqueue(self, request: Request) -> None:
        """Add a request to the queue, from which the batch of an earlier request may take it."""
        with self._changing:
            self._waiting.append(request)

    def answer(self, request: Request) -> list[Completion]:
        """Return the answers to a queued request, computing them in its turn unless an earlier batch already did."""
        with self._turn:
            if request.answers is None:
                self._wait_for_others()
                self._run_batch(self._take_batch(request))
        assert request.answers is not None
        return request.answers

    def _wait_for_others(self) -> None:
        before = 0
        while before < (rows := self._rows_waiting()) < MOST_ROWS:
            before = rows
            time.sleep(_WAIT_SECONDS)

    def _rows_waiting(self) -> int:
        with self._changing:
            return sum(len(request.draws) for request in self._waiting)

    def _take_batch(self, request: Request) -> list[Request]:
        """Remove from the queue, and return, a request and those like it that fit into its batch."""
        with self._changing:
            batch, rows = [request], len(request.draws)
            for other in self._waiting:
                fits = rows + len(other.draws) <= MOST_ROWS
                if other is not request and fits and other.is_like(request):
                    batch.append(other)
                    rows += len(other.draws)
            self._waiting = [other for other in self._waiting if not any(other is taken for taken in batch)]
        return batch

    def _run_batch(self, batch: list[Request]) -> None:
        numbers: dict[tuple[int, ...], int] = {}  # a prompt of several requests is computed once
        draws: list[Draw] = []
        for request in batch:
            own = [numbers.setdefault(tuple(prompt), len(numbers)) for prompt in request.prompts]
            draws += [replace(draw, prompt=own[draw.prompt]) for draw in request.draws]
        answers = iter(self._engine.sample(list(numbers), draws, batch[0].sampling, batch[0].stop))
        for request in batch:
            request.answers = [next(answers) for _ in request.draws]
