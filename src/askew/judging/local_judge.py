"""Scores many answers with a judge whose weights are on this machine.

A score needs no sampling: it is read off the probabilities of the next token. The beginning that all prompts of a
question share is computed once, and so is each answer when the prompts of two rubrics differ only at their ends.

Some tokenizers have a token for each number up to 100. Others spell numbers digit by digit; for those, probabilities
are also read after each possible beginning of a number and multiplied. That is exact, and still needs no sampling.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from askew.base.errors import AskewError
from askew.judging.rubric import LONGEST_ANSWER, Rubric, fill, shorten
from askew.judging.score import Meaning, Readout, Score, token_meaning
from askew.models.checkpoints import Checkpoint
from askew.models.engine.forking import Fork

# Two rubrics share a row while their prompts differ in at most this many last tokens.
_LONGEST_TAIL = 32
# An answer that does not fit loses at least this many characters per attempt.
_LEAST_CUT = 8
_DIGITS = range(10)
# Numbers that may begin a longer number from 0 to 100.
_BEGINNINGS = (*_DIGITS[1:], 10)

Prompt = list[int]


def scores(judge: Checkpoint, rubrics: Sequence[Rubric], cases: Sequence[tuple[str, str]]) -> list[list[Score]]:
    """Return the scores of each case, one per rubric.

    Args:
        judge: The judge.
        rubrics: The rubrics.
        cases: Pairs of a question and an answer. An answer that does not fit into the judge's context loses its middle.

    Raises:
        AskewError: The judge's tokenizer has no tokens for digits, or a question leaves no room for the rubric.
    """
    if len({rubric.words for rubric in rubrics}) > 1:
        by_rubric = [scores(judge, [rubric], cases) for rubric in rubrics]
        return [[single[0] for single in row] for row in zip(*by_rubric, strict=True)]
    verdicts = _verdict_tokens(judge, rubrics[0].words)
    found: dict[tuple[str, str], list[Score]] = {}
    for question in dict.fromkeys(question for question, _ in cases):
        same = [case for case in cases if case[0] == question]
        prompts = [_prompts(judge, rubrics, verdicts, *case) for case in same]
        found.update(zip(same, _score_alike(judge, prompts, verdicts), strict=True))
    return [found[case] for case in cases]


@dataclass(frozen=True)
class _VerdictTokens:
    """The tokens that express verdicts, and how their probabilities are read.

    Attributes:
        tokens: Ids of the tokens that mean something.
        begun: Token ids that the reply already begins with at each position where probabilities are read; the first
            is always empty.
    """

    tokens: list[int]
    begun: tuple[tuple[int, ...], ...]
    _meanings: tuple[Meaning, ...]
    _readout: Readout

    def read(self, likelihoods: NDArray[np.float64]) -> Score:
        """Return the score.

        Args:
            likelihoods: Shape (len(begun), len(tokens)): the probability of each token after each beginning.
        """
        first = likelihoods[0]
        return self._readout.read(first if len(self.begun) == 1 else self._joined(likelihoods))

    def _joined(self, likelihoods: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probabilities of the numbers 0 to 100, then those of all tokens."""
        digit = np.array([[m == d for m in self._meanings] for d in _DIGITS], dtype=float)
        next_digit = likelihoods @ digit.T
        whole = np.zeros(101)
        whole[:10] = next_digit[0]
        for first in _DIGITS[1:]:
            after = next_digit[first]
            whole[first] *= max(0.0, 1 - after.sum())
            whole[10 * first : 10 * first + 10] = next_digit[0, first] * after
        whole[100] = whole[10] * next_digit[10, 0]
        whole[10] *= max(0.0, 1 - next_digit[10].sum())
        return np.concatenate([whole, likelihoods[0]])


@lru_cache(maxsize=4)
def _verdict_tokens(judge: Checkpoint, words: tuple[str, ...]) -> _VerdictTokens:
    """Return the tokens by which a judge expresses verdicts.

    Args:
        judge: The judge.
        words: The words of the rubric; empty if it asks for numbers.

    Raises:
        AskewError: The tokenizer has no tokens for the digits, or none that begin the words.
    """
    found = [(token, token_meaning(text, words)) for token, text in enumerate(judge.token_texts)]
    tokens = [token for token, meaning in found if meaning is not None]
    meanings = tuple(meaning for _, meaning in found if meaning is not None)
    if set(meanings).issuperset(words or range(101)):
        return _VerdictTokens(tokens, ((),), meanings, Readout(meanings, words, "logprobs"))
    if words or not set(meanings).issuperset(_DIGITS):
        lacking = f"the beginning of each of {', '.join(words)}" if words else "the digits"
        raise AskewError(
            f"the judge's tokenizer has no tokens for {lacking}, so no verdict can be read off its probabilities. "
            "Use another judge"
        )
    return _digit_tokens(judge, tokens, meanings)


def _digit_tokens(judge: Checkpoint, tokens: list[int], meanings: tuple[Meaning, ...]) -> _VerdictTokens:
    begun = ((), *(_number_tokens(judge, number) for number in _BEGINNINGS))
    # Some tokenizers also have tokens for a few longer numbers, which need no multiplication.
    others = [None if m in _DIGITS else m for m in meanings]
    return _VerdictTokens(tokens, begun, meanings, Readout([*range(101), *others], (), "logprobs"))


def _number_tokens(judge: Checkpoint, number: int) -> tuple[int, ...]:
    """Return the token ids of a number at the beginning of a reply."""
    tokens = judge.tokenizer.encode(str(number), add_special_tokens=False)
    return tuple(token for token in tokens if judge.token_texts[token].strip())


def _score_alike(judge: Checkpoint, prompts: list[list[Prompt]], verdicts: _VerdictTokens) -> list[list[Score]]:
    """Return the scores of answers to one question, each of which has one prompt per rubric."""
    if max(len(prompt) - _shared(pair) for pair in prompts for prompt in pair) > _LONGEST_TAIL:
        by_rubric = [
            _score_alike(judge, [[prompt] for prompt in column], verdicts) for column in zip(*prompts, strict=True)
        ]
        return [[single[0] for single in row] for row in zip(*by_rubric, strict=True)]
    prefix = min(_shared([prompt for pair in prompts for prompt in pair]), *(_shared(pair) for pair in prompts))
    forks = [_fork(pair, prefix, verdicts) for pair in prompts]
    likelihoods = judge.engine.next_token_probabilities(prompts[0][0][:prefix], forks, verdicts.tokens)
    shape = (-1, len(verdicts.begun), len(verdicts.tokens))
    return [[verdicts.read(one) for one in rows.double().numpy().reshape(shape)] for rows in likelihoods]


def _fork(prompts: list[Prompt], prefix: int, verdicts: _VerdictTokens) -> Fork:
    stem = _shared(prompts)
    tails = tuple((*prompt[stem:], *begun) for prompt in prompts for begun in verdicts.begun)
    return Fork(tuple(prompts[0][prefix:stem]), tails)


def _shared(prompts: list[Prompt]) -> int:
    """Return the number of tokens that all prompts begin with, without counting any prompt's last token."""
    # In sorted order, every prompt begins with the tokens that the first and the last one share.
    first, last = min(prompts)[:-1], max(prompts)[:-1]
    shorter = min(len(prompt) for prompt in prompts) - 1
    pairs = zip(first[:shorter], last, strict=False)
    return next((i for i, (one, other) in enumerate(pairs) if one != other), min(shorter, len(last)))


def _prompts(
    judge: Checkpoint, rubrics: Sequence[Rubric], verdicts: _VerdictTokens, question: str, answer: str
) -> list[Prompt]:
    """Return the prompts for an answer, one per rubric, with as much of its middle cut out as does not fit."""
    answer = shorten(answer, LONGEST_ANSWER)
    while True:
        turns = [fill(rubric, question, answer) for rubric in rubrics]
        prompts = [judge.prompt([{"role": "user", "content": turn}]) for turn in turns]
        longest = max(len(prompt) for prompt in prompts) + max(len(begun) for begun in verdicts.begun)
        excess = longest - judge.engine.context
        if excess <= 0:
            return prompts
        room = len(answer) - max(_LEAST_CUT, excess * len(answer) // longest)
        if room <= 0:
            raise AskewError(
                f"the judge's context of {judge.engine.context} tokens has no room for the rubric and a question "
                f"of {len(question)} characters"
            )
        answer = shorten(answer, room)
