"""The engine: samples answers from a causal language model, and computes next-token probabilities.

It works on token ids. Each prompt is computed once, whatever the number of its answers; a step is computed once for all
answers with the same tokens so far; finished answers are dropped. The engine runs every causal model of Transformers:
models with full attention share the states of prompts, and others run with their own cache (see `plain`).

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
from askew.models.engine.branches import Ints, regroup
from askew.models.engine.cache_size import rows_in_memory
from askew.models.engine.forking import Fork
from askew.models.engine.llama import LlamaNetwork, is_small_llama
from askew.models.engine.network import Network, Rows, SharedRows, TransformersNetwork, shares_prompts
from askew.models.engine.plain import PlainRows, UnmergedModel
from askew.models.engine.prefill import (
    is_out_of_memory,
    read_answers,
    read_each,
    read_each_answer,
    read_middle,
    read_prompts,
    read_shared,
)
from askew.models.engine.sampling import Draw, Sampling, keys, next_tokens

# More rows than this are not faster, on a processor or on a GPU, and their cache takes more memory.
MOST_ROWS = 256

# One computation at a time in a process, because two would compete for processor and memory.
_computing = threading.Lock()

Stop = Callable[[list[int]], bool]
"""Receives the tokens of an answer after each new token, and returns True to end the answer."""


@dataclass(frozen=True)
class TokenLogprobs:
    """Log-probabilities for the place of one token, at temperature 1.

    Attributes:
        token: The id of the token that was drawn.
        logprob: Its log-probability.
        likeliest: Ids and log-probabilities of the likeliest tokens, in descending order.
    """

    token: int
    logprob: float
    likeliest: list[tuple[int, float]]


@dataclass
class Completion:
    """A sampled answer.

    Attributes:
        tokens: The token ids, without the stop token.
        stopped: Whether the answer ended by a stop token or by `Stop`, before the limit on its tokens.
        logprobs: Log-probabilities for each drawn token, including the stop token; empty if not requested.
    """

    tokens: list[int] = field(default_factory=list)
    stopped: bool = False
    logprobs: list[TokenLogprobs] = field(default_factory=list)


class Engine:
    """Runs one model.

    Args:
        model: A model in evaluation mode, on its final device.
        stop_tokens: Ids of the tokens that end an answer.
    """

    def __init__(self, model: PreTrainedModel, stop_tokens: Sequence[int]) -> None:
        self._model = model
        self._network = _network(model)
        self.stop_tokens = frozenset(stop_tokens)
        config = model.config.get_text_config()
        occupied = model.virtual_positions if isinstance(model, UnmergedModel) else 0
        self.context: int = (getattr(config, "max_position_embeddings", None) or sys.maxsize) - occupied
        self._full_attention_length = _full_attention_length(config)

    def sample(
        self,
        prompts: Sequence[Sequence[int]],
        draws: Sequence[Draw],
        sampling: Sampling,
        stop: Stop | None = None,
    ) -> list[Completion]:
        """Return sampled answers, in the order of `draws`.

        A batch whose cache would not fit memory is divided, which does not change the answers.

        Args:
            prompts: Token ids of each prompt.
            draws: The answers to sample.
            sampling: The sampling settings. An answer also ends at the end of the model's context.
            stop: Ends answers early; None for no such function.

        Raises:
            AskewError: A prompt leaves no room for an answer in the model's context, or memory is too small for a
                single answer.
        """
        for prompt in prompts:
            self.check_room(prompt)
        completions: dict[int, Completion] = {}
        waiting = deque(self._batches(prompts, draws, sampling))
        longest = max((len(prompt) for prompt in prompts), default=0)
        most = min(MOST_ROWS, rows_in_memory(self._model, longest, min(sampling.max_tokens, self.context)))
        while waiting:
            batch = waiting.popleft()
            if len(batch) > most:
                waiting.extendleft([batch[most:], batch[:most]])
                continue
            try:
                with _computing, torch.inference_mode():
                    written = self._sample_batch(prompts, [draws[i] for i in batch], sampling, stop)
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
            AskewError: The prompt fills the model's context.
        """
        if len(prompt) >= self.context:
            raise AskewError(f"a prompt of {len(prompt)} tokens does not fit the model's context of {self.context}")

    def next_token_probabilities(
        self, prefix: Sequence[int], forks: Sequence[Fork], tokens: Sequence[int]
    ) -> list[Tensor]:
        """Return the probabilities of some tokens to come next after each prompt.

        Args:
            prefix: Token ids that all prompts begin with; they are computed once.
            forks: The rest of the prompts. The tails of a fork share a row, but do not attend to each other.
            tokens: Ids of the tokens of interest.

        Returns:
            For each fork, probabilities of shape tails, tokens, on the processor.
        """
        columns = torch.tensor(tokens, device=self._model.device)
        longest = max((len(fork.stem) + max(map(len, fork.tails)) for fork in forks), default=0)
        network = self._network if len(prefix) + longest <= self._full_attention_length else None
        with _computing, torch.inference_mode():
            read = read_shared(network, prefix, forks) if network else read_each(self._model, prefix, forks)
            found = {number: torch.softmax(logits.float(), dim=-1)[:, columns].cpu() for number, logits in read}
        return [found[i] for i in range(len(forks))]

    def shortfalls(self, prompt: Sequence[int], answers: Sequence[Sequence[int]]) -> list[Tensor]:
        """Return the log-probability of each token of some answers, minus that of the likeliest token in its place.

        Args:
            prompt: Token ids of the prompt, which is computed once.
            answers: Token ids of each answer: at least one token, and no more than the context holds after the prompt.

        Returns:
            For each answer, numbers of at most 0, of shape tokens, on the processor.
        """
        assert self._network is not None, "a model whose attention reaches all tokens"
        forks = [Fork((prompt[-1], *answer[:-1]), ((answer[-1],),)) for answer in answers]
        found: dict[int, Tensor] = {}
        with _computing, torch.inference_mode():
            for number, logits in read_shared(self._network, prompt[:-1], forks, everywhere=True):
                ids = torch.tensor(answers[number], device=logits.device)
                before = logits[-1 - len(ids) : -1].float()
                found[number] = (before.gather(1, ids[:, None])[:, 0] - before.max(-1).values).cpu()
        return [found[i] for i in range(len(answers))]

    def answer_logprobs(
        self, prompts: Sequence[Sequence[int]], answers: Sequence[Sequence[Sequence[int]]]
    ) -> list[list[Tensor]]:
        """Return the log-probability of each token of given answers, at temperature 1.

        The answers to a prompt are computed in one row, after the prompt and without attending to each other.

        Args:
            prompts: Token ids of each prompt.
            answers: For each prompt, token ids of its answers: at least one answer, with at least one token each.

        Returns:
            For each prompt and answer, a 32-bit tensor of shape tokens, on the processor.

        Raises:
            AskewError: A prompt with an answer is longer than the model's context.
        """
        for prompt, given in zip(prompts, answers, strict=True):
            longest = len(prompt) + max(map(len, given))
            if longest > self.context:
                raise AskewError(
                    f"a prompt of {len(prompt)} tokens with an answer of {longest - len(prompt)} does not fit the "
                    f"model's context of {self.context}"
                )
        forks = [Fork(tuple(prompt), tuple(map(tuple, given))) for prompt, given in zip(prompts, answers, strict=True)]
        reach = max((len(fork.stem) + max(map(len, fork.tails)) for fork in forks), default=0)
        network = self._network if reach <= self._full_attention_length else None
        with _computing, torch.inference_mode():
            found = dict(read_answers(network, forks) if network else read_each_answer(self._model, forks))
        return [found[i] for i in range(len(forks))]

    def middle_states(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        """Return the residual stream after half of the layers at the last token of each prompt.

        Args:
            prompts: Token ids of each prompt.

        Returns:
            A 32-bit tensor of shape prompts, width of the model, on the processor.
        """
        model = self._model.adapted if isinstance(self._model, UnmergedModel) else self._model
        with _computing, torch.inference_mode():
            found = dict(read_middle(model, self._model.device, prompts))
        return torch.stack([found[i] for i in range(len(prompts))])

    def _batches(
        self, prompts: Sequence[Sequence[int]], draws: Sequence[Draw], sampling: Sampling
    ) -> Iterator[list[int]]:
        """Yield the indices of draws that form a batch.

        The first batch has the draws with prompts that can share a cache; the others follow by the length of their
        prompts. Whether a prompt can share a cache does not depend on the other prompts.
        """
        shared = [i for i, draw in enumerate(draws) if self._can_share(prompts[draw.prompt], sampling)]
        if shared:
            yield shared
        others = sorted(set(range(len(draws))) - set(shared), key=lambda i: (len(prompts[draws[i].prompt]), i))
        for _, same in groupby(others, key=lambda i: len(prompts[draws[i].prompt])):
            yield list(same)

    def _can_share(self, prompt: Sequence[int], sampling: Sampling) -> bool:
        longest = min(len(prompt) + sampling.max_tokens, self.context)
        return self._network is not None and longest <= self._full_attention_length

    def _sample_batch(
        self, prompts: Sequence[Sequence[int]], draws: Sequence[Draw], sampling: Sampling, stop: Stop | None
    ) -> list[Completion]:
        """Return the sampled answers of one batch."""
        used = sorted({draw.prompt for draw in draws})
        lengths = np.array([len(prompts[i]) for i in used])
        rows = self._start_rows([prompts[i] for i in used], len(draws), sampling)
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
                _add_logprobs(logits, branch_A, token_A, sampling.logprobs, [completions[a] for a in going_A])
            goes_on = self._append_tokens(completions, going_A, token_A, stop)
            goes_on &= lengths[prompt_S[branch_A]] + step + 1 < self.context
            going_A, branch_A, token_A = going_A[goes_on], branch_A[goes_on], token_A[goes_on]
            if not len(going_A) or step + 1 == sampling.max_tokens:
                break
            grouping = regroup(branch_A, token_A)
            branch_A, prompt_S = grouping.branch_A, prompt_S[grouping.parent_S]
            logits = rows.step(grouping, prompt_S, lengths[prompt_S] + step)
        return completions

    def _start_rows(self, prompts: list[Sequence[int]], rows: int, sampling: Sampling) -> Rows:
        """Return rows with the computed prompts of a batch."""
        if self._network is None or not self._can_share(max(prompts, key=len), sampling):
            return PlainRows(self._model, _ids(np.array(prompts), self._model.device))
        return SharedRows(self._network, *read_prompts(self._network, prompts), rows)

    def _append_tokens(
        self, completions: list[Completion], going_A: Ints, token_A: Ints, stop: Stop | None
    ) -> np.ndarray:
        """Add the new token to each answer, and return which answers continue, as booleans of shape A."""
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
    """Return the fastest network for a model, or None if the model must run with its own cache."""
    if isinstance(model, UnmergedModel):
        return None
    if is_small_llama(model):
        return LlamaNetwork(model)
    return TransformersNetwork(model) if shares_prompts(model) else None


def _full_attention_length(config: PreTrainedConfig) -> int:
    """Return the number of tokens up to which each token attends to all earlier ones."""
    windows = [getattr(config, "sliding_window", None) if getattr(config, "use_sliding_window", True) else None]
    windows.append(getattr(config, "attention_chunk_size", None))
    return min((window for window in windows if window), default=sys.maxsize)


def _ids(numbers: np.ndarray, device: torch.device) -> Tensor:
    return torch.from_numpy(numbers).to(device)


def _add_logprobs(
    logits_SV: Tensor, branch_A: Ints, token_A: Ints, count: int, completions: Sequence[Completion]
) -> None:
    """Add the log-probabilities of the newly drawn tokens to their answers."""
    logprobs_SV = torch.log_softmax(logits_SV.float(), dim=-1)
    values, indices = logprobs_SV.topk(min(count, logprobs_SV.shape[1]), dim=-1)
    for branch, token, completion in zip(branch_A.tolist(), token_A.tolist(), completions, strict=True):
        likeliest = list(zip(indices[branch].tolist(), values[branch].tolist(), strict=True))
        completion.logprobs.append(TokenLogprobs(token, logprobs_SV[branch, token].item(), likeliest))
