"""The engine: samples answers from a causal language model, and reads off what it would say next.

It knows token ids only: no text, no chat template, no judge. It prefills a prompt once however many answers
are wanted, computes a step once for all answers that have said the same so far, and drops answers that have
ended. Every causal model of Transformers can be driven by it: those that attend in full share their prompts'
states, the others run as they are (see `plain`).

Shapes: A answers, S branches (rows of the cache), V vocabulary, L tokens.
"""

import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedConfig, PreTrainedModel

from askew.base.errors import AskewError
from askew.models.engine.attention import States
from askew.models.engine.branches import Ints, regroup
from askew.models.engine.forking import Fork
from askew.models.engine.llama import LlamaNetwork, is_small_llama
from askew.models.engine.network import Network, Rows, SharedRows, TransformersNetwork, shares_prompts
from askew.models.engine.plain import PlainRows, UnmergedModel
from askew.models.engine.prefill import TOKENS_OF_A_PASS, is_out_of_memory, read_each, read_middle, read_shared
from askew.models.engine.sampling import Draw, Sampling, keys, next_tokens

# More rows than this are no faster, here or on a GPU, and their cache would take memory that others need.
MOST_ROWS = 256

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
        model: The model, in evaluation mode and where it is to compute.
        stop_tokens: Any of these ends an answer.
    """

    def __init__(self, model: PreTrainedModel, stop_tokens: Sequence[int]) -> None:
        self._model = model
        self._network = _network(model)
        self.stop_tokens = frozenset(stop_tokens)
        config = model.config.get_text_config()
        taken = model.taken if isinstance(model, UnmergedModel) else 0
        self.context: int = (getattr(config, "max_position_embeddings", None) or sys.maxsize) - taken
        self._reach = _reach(config)

    def sample(
        self,
        prompts: Sequence[Sequence[int]],
        draws: Sequence[Draw],
        sampling: Sampling,
        stop: Stop | None = None,
    ) -> list[Completion]:
        """Sample answers, in the order of `draws`. A batch that does not fit memory is halved, which changes none.

        Args:
            prompts: Token ids of each prompt.
            draws: The answers wanted.
            sampling: How to sample. An answer that reaches the end of the model's context ends there.
            stop: Told the tokens of an answer after each of them; ends the answer by returning True.

        Raises:
            AskewError: A prompt leaves no room in the model's context, or memory is too small for one answer.
        """
        for prompt in prompts:
            self.check_room(prompt)
        completions: dict[int, Completion] = {}
        waiting = deque(self._batches(prompts, draws, sampling))
        most = MOST_ROWS
        while waiting:
            batch = waiting.popleft()
            if len(batch) > most:
                waiting.extendleft([batch[most:], batch[:most]])
                continue
            try:
                with _computing, torch.inference_mode():
                    written = self._write(prompts, [draws[i] for i in batch], sampling, stop)
                completions.update(zip(batch, written, strict=True))
                continue
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
            if len(batch) == 1:
                raise AskewError(
                    f"memory is too small for one answer of up to {sampling.max_tokens} tokens to a prompt of "
                    f"{len(prompts[draws[batch[0]].prompt])}. Ask for shorter answers"
                )
            most = len(batch) // 2
            waiting.appendleft(batch)
        return [completions[i] for i in range(len(draws))]

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
        columns = torch.tensor(tokens, device=self._model.device)
        longest = max((len(fork.stem) + max(map(len, fork.tails)) for fork in forks), default=0)
        network = self._network if len(prefix) + longest <= self._reach else None
        with _computing, torch.inference_mode():
            read = read_shared(network, prefix, forks) if network else read_each(self._model, prefix, forks)
            found = {number: torch.softmax(logits.float(), dim=-1)[:, columns].cpu() for number, logits in read}
        return [found[i] for i in range(len(forks))]

    def middle_states(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        """Return the residual stream in the middle of the layers, where each prompt ends: prompts by its width."""
        model = self._model.adapted if isinstance(self._model, UnmergedModel) else self._model
        with _computing, torch.inference_mode():
            found = dict(read_middle(model, self._model.device, prompts))
        return torch.stack([found[i] for i in range(len(prompts))])

    def _batches(
        self, prompts: Sequence[Sequence[int]], draws: Sequence[Draw], sampling: Sampling
    ) -> Iterator[list[int]]:
        """Yield the numbers of draws that can be written together.

        All whose prompts can share a cache, then the others by the length of their prompts. Which of the two a draw
        is depends on nothing else that is asked.
        """
        shared = [i for i, draw in enumerate(draws) if self._can_share(prompts[draw.prompt], sampling)]
        if shared:
            yield shared
        others = sorted(set(range(len(draws))) - set(shared), key=lambda i: (len(prompts[draws[i].prompt]), i))
        for _, same in groupby(others, key=lambda i: len(prompts[draws[i].prompt])):
            yield list(same)

    def _can_share(self, prompt: Sequence[int], sampling: Sampling) -> bool:
        longest = min(len(prompt) + sampling.max_tokens, self.context)
        return self._network is not None and longest <= self._reach

    def _write(
        self, prompts: Sequence[Sequence[int]], draws: Sequence[Draw], sampling: Sampling, stop: Stop | None
    ) -> list[Completion]:
        """Sample the answers of one batch."""
        used = sorted({draw.prompt for draw in draws})
        lengths = np.array([len(prompts[i]) for i in used])
        rows = self._begin([prompts[i] for i in used], len(draws), sampling)
        logits = rows.logits
        prompt_S = np.arange(len(used))
        branch_A = np.searchsorted(used, [draw.prompt for draw in draws])
        key_AL = _ids(keys(draws, sampling.max_tokens), logits.device)
        completions = [Completion() for _ in draws]
        going_A = np.arange(len(draws))
        for step in range(sampling.max_tokens):
            key_A = key_AL[going_A, step]
            token_A = next_tokens(logits, _ids(branch_A, logits.device), key_A, sampling).cpu().numpy()
            if sampling.logprobs is not None:
                _report(logits, branch_A, token_A, sampling.logprobs, [completions[a] for a in going_A])
            goes_on = self._append(completions, going_A, token_A, stop)
            goes_on &= lengths[prompt_S[branch_A]] + step + 1 < self.context
            going_A, branch_A, token_A = going_A[goes_on], branch_A[goes_on], token_A[goes_on]
            if not len(going_A) or step + 1 == sampling.max_tokens:
                break
            grouping = regroup(branch_A, token_A)
            branch_A, prompt_S = grouping.branch_A, prompt_S[grouping.parent_S]
            logits = rows.step(grouping, prompt_S, lengths[prompt_S] + step)
        return completions

    def _begin(self, prompts: list[Sequence[int]], rows: int, sampling: Sampling) -> Rows:
        """Read the prompts of a batch."""
        if self._network is None or not self._can_share(max(prompts, key=len), sampling):
            return PlainRows(self._model, _ids(np.array(prompts), self._model.device))
        return SharedRows(self._network, *_prefill(self._network, prompts), rows)

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


def _network(model: PreTrainedModel) -> Network | None:
    """Return the fastest network that computes a model, or None if it can only be run as it is."""
    if isinstance(model, UnmergedModel):
        return None
    if is_small_llama(model):
        return LlamaNetwork(model)
    return TransformersNetwork(model) if shares_prompts(model) else None


def _prefill(network: Network, prompts: Sequence[Sequence[int]]) -> tuple[list[States], Tensor]:
    """Return the states of each prompt, and the logits of what follows it, one row each."""
    states: dict[int, States] = {}
    logits: dict[int, Tensor] = {}
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    for length, same in groupby(order, key=lambda i: len(prompts[i])):
        numbers = list(same)
        most = max(1, TOKENS_OF_A_PASS // length)
        for part in (numbers[i : i + most] for i in range(0, len(numbers), most)):
            found, following = network.prefill(_ids(np.array([prompts[i] for i in part]), network.device))
            states.update(zip(part, found, strict=True))
            logits.update(zip(part, following, strict=True))
    every = range(len(prompts))
    return [states[i] for i in every], torch.stack([logits[i] for i in every])


def _reach(config: PreTrainedConfig) -> int:
    """Return over how many tokens the model attends to all that went before."""
    windows = [getattr(config, "sliding_window", None) if getattr(config, "use_sliding_window", True) else None]
    windows.append(getattr(config, "attention_chunk_size", None))
    return min((window for window in windows if window), default=sys.maxsize)


def _ids(numbers: np.ndarray, device: torch.device) -> Tensor:
    return torch.from_numpy(numbers).to(device)


def _report(logits_SV: Tensor, branch_A: Ints, token_A: Ints, count: int, completions: Sequence[Completion]) -> None:
    """Add the log-probabilities of the tokens just drawn."""
    logprobs_SV = torch.log_softmax(logits_SV.float(), dim=-1)
    values, indices = logprobs_SV.topk(min(count, logprobs_SV.shape[1]), dim=-1)
    for branch, token, completion in zip(branch_A.tolist(), token_A.tolist(), completions, strict=True):
        likeliest = list(zip(indices[branch].tolist(), values[branch].tolist(), strict=True))
        completion.logprobs.append(TokenLogprobs(token, logprobs_SV[branch, token].item(), likeliest))
