"""The engine: samples answers from a causal language model, and computes next-token probabilities.

It works on token ids. Each prompt is computed once, whatever the number of its answers; a step is computed once for all
answers with the same tokens so far; finished answers are dropped. The engine runs every causal model of Transformers:
models with full attention share the states of prompts, and others run with their own cache (see `plain`).

Shapes: A answers, S branches (rows of the cache), V vocabulary, L tokens.
"""

import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel

from askew.base.errors import AskewError
from askew.models.engine.branches import Ints, regroup
from askew.models.engine.cache_size import rows_in_memory
from askew.models.engine.completion import Completion, Stop, add_logprobs
from askew.models.engine.forking import Fork
from askew.models.engine.llama import LlamaNetwork
from askew.models.engine.network import Network, Rows, SharedRows, TransformersNetwork, shares_prompts
from askew.models.engine.plain import PlainRows, UnmergedModel
from askew.models.engine.prefill import (
    is_out_of_memory,
    middle_of,
    read_answers,
    read_each,
    read_each_answer,
    read_ends,
    read_middle,
    read_prompts,
    read_shared,
)
from askew.models.engine.sampling import Draw, Sampling, keys, next_tokens
from askew.models.engine.work_done import report
from askew.models.no_room import NoRoom
from askew.models.number_format import is_large, number_format

# More rows than this are not faster, on a processor or on a GPU, and their cache takes more memory.
MOST_ROWS = 256

# One computation at a time in a process, because two would compete for processor and memory.
_computing = threading.Lock()


class Engine:
    """Runs one model.

    Args:
        model: A model in evaluation mode, on its final device.
        stop_tokens: Ids of the tokens that end an answer.
        through_modules: Whether to compute through the modules of the model, so that hooks on them have their effect.
            Otherwise a network of our own may compute with copies of the weights, which is faster.

    Attributes:
        model: The model.
        stop_tokens: Ids of the tokens that end an answer.
        context: The most tokens of a prompt and its answer.
        is_large: Whether the model is large; few such models are kept in memory.
    """

    def __init__(self, model: PreTrainedModel, stop_tokens: Sequence[int], through_modules: bool = False) -> None:
        self.model = model
        self._network = _network(model, through_modules)
        self._device = model.device
        self.stop_tokens = frozenset(stop_tokens)
        config = model.config.get_text_config()
        occupied = model.virtual_positions if isinstance(model, UnmergedModel) else 0
        self.context: int = (getattr(config, "max_position_embeddings", None) or sys.maxsize) - occupied
        self._full_attention_length = _full_attention_length(config)
        self.is_large: bool = self._network is not None and is_large(model)

    def free_weights(self) -> None:
        """Free the weights of the model, if the engine computes with a copy of its own; no one else may use them."""
        if self._in_bf16():
            nn.Module.to(self.model, "meta")

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
        most = min(MOST_ROWS, rows_in_memory(self.model, longest, min(sampling.max_tokens, self.context)))
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
            NoRoom: The prompt fills the model's context.
        """
        if len(prompt) >= self.context:
            raise NoRoom(f"a prompt of {len(prompt)} tokens does not fit the model's context of {self.context}")

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
        columns = torch.tensor(tokens, device=self._device)
        longest = max((len(fork.stem) + max(map(len, fork.tails)) for fork in forks), default=0)
        network = self._network if len(prefix) + longest <= self._full_attention_length else None
        with _computing, torch.inference_mode():
            read = read_shared(network, prefix, forks) if network else read_each(self.model, prefix, forks)
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
            found = dict(read_answers(network, forks) if network else read_each_answer(self.model, forks))
        lengths = [len(tail) for fork in forks for tail in fork.tails]
        report(len(lengths), sum(len(fork.stem) for fork in forks) + sum(lengths))
        return [found[i] for i in range(len(forks))]

    def middle_states(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        """Return the residual stream after half of the layers at the last token of each prompt.

        Args:
            prompts: Token ids of each prompt.

        Returns:
            A 32-bit tensor of shape prompts, width of the model, on the processor.
        """
        model = self.model.adapted if isinstance(self.model, UnmergedModel) else self.model
        own = self._in_bf16()
        with _computing, torch.inference_mode():
            found = dict(read_middle(own.middle if own else partial(middle_of, model), self._device, prompts))
        return torch.stack([found[i] for i in range(len(prompts))])

    def _in_bf16(self) -> LlamaNetwork | None:
        """Return the network if it has matrices of its own in bf16, else None."""
        return self._network if isinstance(self._network, LlamaNetwork) and self._network.is_in_bf16 else None

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
        # Of answers of one token, nothing is kept but the logits.
        rows = None if sampling.max_tokens == 1 else self._start_rows([prompts[i] for i in used], len(draws), sampling)
        logits = self._after([prompts[i] for i in used], sampling) if rows is None else rows.logits
        prompt_S = np.arange(len(used))
        branch_A = np.searchsorted(used, [draw.prompt for draw in draws])
        key_AL = _ids(keys(draws, sampling.max_tokens), logits.device)
        completions = [Completion() for _ in draws]
        going_A = np.arange(len(draws))
        for step in range(sampling.max_tokens):
            key_A = key_AL[going_A, step]
            token_A = next_tokens(logits, _ids(branch_A, logits.device), key_A, sampling).cpu().numpy()
            if sampling.logprobs is not None:
                add_logprobs(logits, branch_A, token_A, sampling.logprobs, [completions[a] for a in going_A])
            goes_on = self._append_tokens(completions, going_A, token_A, stop)
            goes_on &= lengths[prompt_S[branch_A]] + step + 1 < self.context
            ended = len(going_A) - int(goes_on.sum())
            report((len(going_A) + ended * (sampling.max_tokens - step - 1)) / sampling.max_tokens, len(going_A))
            going_A, branch_A, token_A = going_A[goes_on], branch_A[goes_on], token_A[goes_on]
            if not len(going_A) or step + 1 == sampling.max_tokens:
                break
            assert rows is not None
            grouping = regroup(branch_A, token_A)
            branch_A, prompt_S = grouping.branch_A, prompt_S[grouping.parent_S]
            logits = rows.step(grouping, prompt_S, lengths[prompt_S] + step)
        return completions

    def _start_rows(self, prompts: list[Sequence[int]], rows: int, sampling: Sampling) -> Rows:
        """Return rows with the computed prompts of a batch."""
        if self._network is None or not self._can_share(max(prompts, key=len), sampling):
            return PlainRows(self.model, _ids(np.array(prompts), self._device))
        return SharedRows(self._network, *read_prompts(self._network, prompts), rows)

    def _after(self, prompts: list[Sequence[int]], sampling: Sampling) -> Tensor:
        """Return the logits after the prompts of a batch, of shape prompts, V."""
        if self._network is None or not self._can_share(max(prompts, key=len), sampling):
            return self._start_rows(prompts, len(prompts), sampling).logits
        return read_ends(self._network, prompts)

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


def _network(model: PreTrainedModel, through_modules: bool) -> Network | None:
    """Return the fastest network for a model, or None if the model must run with its own cache."""
    if isinstance(model, UnmergedModel):
        return None
    if not through_modules and (matrices := number_format(model)):
        return LlamaNetwork(model, matrices)
    return TransformersNetwork(model) if shares_prompts(model) else None


def _full_attention_length(config: PreTrainedConfig) -> int:
    """Return the number of tokens up to which each token attends to all earlier ones."""
    windows = [getattr(config, "sliding_window", None) if getattr(config, "use_sliding_window", True) else None]
    windows.append(getattr(config, "attention_chunk_size", None))
    return min((window for window in windows if window), default=sys.maxsize)


def _ids(numbers: np.ndarray, device: torch.device) -> Tensor:
    return torch.from_numpy(numbers).to(device)
