"""The engine: samples answers from a causal language model, and reads off what it would say next.

It knows token ids only: no text, no chat template, no judge. It prefills a prompt once however many answers
are wanted, computes a step once for all answers that have said the same so far, and drops answers that have
ended. Any model of Transformers that takes its attention from the registry, and attends in full, can be
driven by it.

Shapes: A answers, S branches (rows of the cache), V vocabulary, L tokens, P tokens of a shared prefix.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedConfig, PreTrainedModel

from askew.errors import AskewError
from askew.models import forking
from askew.models.attention import SharedPromptCache, States
from askew.models.branches import Ints, regroup
from askew.models.drawing import Draw, Sampling, next_tokens, noise
from askew.models.forking import Fork
from askew.models.llama import LlamaNetwork, is_small_llama
from askew.models.network import Network, TransformersNetwork

# More rows than this are no faster, here or on a GPU, and their cache would take memory that others need.
MOST_ROWS = 256
# Tokens of one pass without sampling: enough to be efficient, few enough for the processor's cache.
_TOKENS_OF_A_PASS = 2048

# One computation at a time in a process: two would only take each other's processor and memory.
_computing = threading.Lock()

Stop = Callable[[list[int]], bool]


@dataclass(frozen=True)
class TokenLogprobs:
    """Log-probabilities, at temperature 1, where a token was drawn."""

    token: int
    logprob: float
    likeliest: list[tuple[int, float]]


@dataclass
class Completion:
    """What was sampled for one answer.

    Attributes:
        tokens: Its tokens, without the one that ended it.
        stopped: Whether it came to an end of its own, before the tokens ran out.
        logprobs: For each token drawn, also the one that ended it, if they were asked for.
    """

    tokens: list[int] = field(default_factory=list)
    stopped: bool = False
    logprobs: list[TokenLogprobs] = field(default_factory=list)


class Engine:
    """Drives one model.

    Args:
        model: The model, in evaluation mode and where it is to compute. Its attention is replaced.
        stop_tokens: Any of these ends an answer.

    Raises:
        AskewError: The model's attention is of a kind that the engine does not compute.
    """

    def __init__(self, model: PreTrainedModel, stop_tokens: Sequence[int]) -> None:
        self._network: Network = LlamaNetwork(model) if is_small_llama(model) else TransformersNetwork(model)
        self.stop_tokens = frozenset(stop_tokens)
        self.context = _reach(model.config.get_text_config())

    def sample(
        self,
        prompts: Sequence[Sequence[int]],
        draws: Sequence[Draw],
        sampling: Sampling,
        stop: Stop | None = None,
    ) -> list[Completion]:
        """Sample answers, in the order of `draws`.

        Args:
            prompts: Token ids of each prompt.
            draws: The answers wanted.
            sampling: How to sample. An answer that reaches the end of the model's context ends there.
            stop: Told the tokens of an answer after each of them; ends the answer by returning True.

        Raises:
            AskewError: A prompt leaves no room in the model's context.
        """
        for prompt in prompts:
            self.check_room(prompt)
        completions: list[Completion] = []
        for first in range(0, len(draws), MOST_ROWS):
            completions += self._sample_what_fits(prompts, draws[first : first + MOST_ROWS], sampling, stop)
        return completions

    def check_room(self, prompt: Sequence[int]) -> None:
        """Check that a prompt leaves room for an answer.

        Raises:
            AskewError: It does not.
        """
        if len(prompt) >= self.context:
            raise AskewError(f"a prompt of {len(prompt)} tokens does not fit the model's context of {self.context}")

    def next_token_probabilities(
        self, prefix: Sequence[int], forks: Sequence[Fork], tokens: Sequence[int]
    ) -> list[Tensor]:
        """Return how likely each of some tokens is to come next, by prefill alone.

        Args:
            prefix: What all the prompts begin with; computed once.
            forks: How they go on. The tails of a fork are computed in one row, blind to one another.
            tokens: The tokens asked about.

        Returns:
            For each fork a tensor of shape tails, tokens.
        """
        columns = self._ids(np.array(tokens))
        found: dict[int, Tensor] = {}
        with _computing, torch.inference_mode():
            states = self._prefill([prefix])[0][0] if prefix else None
            for numbers in forking.similar(forks, _TOKENS_OF_A_PASS):
                logits = self._read_forks(len(prefix), states, [forks[i] for i in numbers])
                chosen = torch.softmax(logits.float(), dim=-1)[:, :, columns].cpu()
                found.update(zip(numbers, chosen, strict=True))
        return [found[i] for i in range(len(forks))]

    def _sample_what_fits(
        self, prompts: Sequence[Sequence[int]], draws: Sequence[Draw], sampling: Sampling, stop: Stop | None
    ) -> list[Completion]:
        """Sample a batch; where memory runs out, in two halves, which changes no answer."""
        try:
            with _computing, torch.inference_mode():
                return self._sample_batch(prompts, draws, sampling, stop)
        except RuntimeError as error:
            if len(draws) == 1 or not _is_out_of_memory(error):
                raise
        half = len(draws) // 2
        return [
            completion
            for part in (draws[:half], draws[half:])
            for completion in self._sample_what_fits(prompts, part, sampling, stop)
        ]

    def _sample_batch(
        self, prompts: Sequence[Sequence[int]], draws: Sequence[Draw], sampling: Sampling, stop: Stop | None
    ) -> list[Completion]:
        used = sorted({draw.prompt for draw in draws})
        lengths = np.array([len(prompts[i]) for i in used])
        states, logits = self._prefill([prompts[i] for i in used])
        cache = SharedPromptCache(states, rows=len(draws))
        prompt_S = np.arange(len(used))
        branch_A = np.searchsorted(used, [draw.prompt for draw in draws])
        noise_AL = torch.from_numpy(noise(draws, sampling.max_tokens)).to(logits.device)
        completions = [Completion() for _ in draws]
        going_A = np.arange(len(draws))
        for step in range(sampling.max_tokens):
            noise_A = noise_AL[going_A, step]
            token_A = next_tokens(logits, self._ids(branch_A), noise_A, sampling).cpu().numpy()
            if sampling.logprobs is not None:
                _report(logits, branch_A, token_A, sampling.logprobs, [completions[a] for a in going_A])
            goes_on = self._append(completions, going_A, token_A, stop)
            goes_on &= lengths[prompt_S[branch_A]] + step + 1 < self.context
            going_A, branch_A, token_A = going_A[goes_on], branch_A[goes_on], token_A[goes_on]
            if not len(going_A) or step + 1 == sampling.max_tokens:
                break
            grouping = regroup(branch_A, token_A)
            branch_A, prompt_S = grouping.branch_A, prompt_S[grouping.parent_S]
            cache.arrange(*(self._ids(x) for x in (prompt_S, grouping.source, grouping.target)))
            positions_S = self._ids(lengths[prompt_S] + step)
            logits = self._network.step(cache, self._ids(grouping.token_S), positions_S)
        return completions

    def _append(self, completions: list[Completion], going_A: Ints, token_A: Ints, stop: Stop | None) -> np.ndarray:
        """Add each answer's new token and return which answers go on."""
        goes_on = np.ones(len(going_A), dtype=bool)
        for i, (answer, token) in enumerate(zip(going_A.tolist(), token_A.tolist(), strict=True)):
            completion = completions[answer]
            if token in self.stop_tokens:
                completion.stopped = True
            else:
                completion.tokens.append(token)
                completion.stopped = stop is not None and stop(completion.tokens)
            goes_on[i] = not completion.stopped
        return goes_on

    def _prefill(self, prompts: Sequence[Sequence[int]]) -> tuple[list[States], Tensor]:
        """Return the states of each prompt, and the logits of what follows it, one row each."""
        states: dict[int, States] = {}
        logits: dict[int, Tensor] = {}
        order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
        for length, same in groupby(order, key=lambda i: len(prompts[i])):
            numbers = list(same)
            most = max(1, _TOKENS_OF_A_PASS // length)
            for part in (numbers[i : i + most] for i in range(0, len(numbers), most)):
                found, following = self._network.prefill(self._ids(np.array([prompts[i] for i in part])))
                states.update(zip(part, found, strict=True))
                logits.update(zip(part, following, strict=True))
        every = range(len(prompts))
        return [states[i] for i in every], torch.stack([logits[i] for i in every])

    def _read_forks(self, prefix: int, states: States | None, forks: Sequence[Fork]) -> Tensor:
        """Return logits of shape forks, tails, V. The tails' lengths are the same in all the forks."""
        rows = [[token for part in (fork.stem, *fork.tails) for token in part] for fork in forks]
        tails = [len(tail) for tail in forks[0].tails]
        length = max(len(row) for row in rows)
        # Padded on the left, so that every tail ends in the same column whatever its row.
        ends = length - 1 - np.cumsum([0, *tails[:0:-1]])[::-1]
        return self._network.read(
            self._ids(np.array([[0] * (length - len(row)) + row for row in rows])),
            self._ids(np.stack([forking.positions(fork, length) for fork in forks]) + prefix),
            self._ids(forking.mask(forks, length, prefix)),
            states,
            self._ids(ends.copy()),
        )

    def _ids(self, numbers: np.ndarray) -> Tensor:
        return torch.from_numpy(numbers).to(self._network.device)


def _reach(config: PreTrainedConfig) -> int:
    """Return over how many tokens the model attends to all that went before."""
    longest: int = config.max_position_embeddings
    window = getattr(config, "sliding_window", None) if getattr(config, "use_sliding_window", True) else None
    return min(longest, window or longest)


def _is_out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _report(logits_SV: Tensor, branch_A: Ints, token_A: Ints, count: int, completions: Sequence[Completion]) -> None:
    """Add the log-probabilities of the tokens just drawn."""
    logprobs_SV = torch.log_softmax(logits_SV.float(), dim=-1)
    values, indices = logprobs_SV.topk(min(count, logprobs_SV.shape[1]), dim=-1)
    for branch, token, completion in zip(branch_A.tolist(), token_A.tolist(), completions, strict=True):
        likeliest = list(zip(indices[branch].tolist(), values[branch].tolist(), strict=True))
        completion.logprobs.append(TokenLogprobs(token, logprobs_SV[branch, token].item(), likeliest))
