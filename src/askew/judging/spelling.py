"""How a local judge's tokenizer spells what the judge may say, so that one look at its likelihoods gives a score.

Some tokenizers have a token for each number up to 100. Others spell numbers digit by digit; then the judge is
looked at after every beginning of a number as well, and the likelihoods multiplied: exact, and still without
sampling.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from askew.base.errors import AskewError
from askew.judging.readout import Meaning, Readout, Score, token_meaning
from askew.models.checkpoints import Checkpoint

_DIGITS = range(10)
# What may stand between the first digit of a number from 0 to 100 and its last.
_BEGINNINGS = (*_DIGITS[1:], 10)


@dataclass(frozen=True)
class Spelling:
    """What is to be looked at, and how it is read.

    Attributes:
        tokens: The tokens that mean something.
        said: What the judge is taken to have said already, at each look; first of all nothing.
    """

    tokens: list[int]
    said: tuple[tuple[int, ...], ...]
    _meanings: tuple[Meaning, ...]
    _readout: Readout

    def read(self, likelihoods: NDArray[np.float64]) -> Score:
        """Return the score.

        Args:
            likelihoods: Shape looks, tokens: how likely each token is to come next.
        """
        first = likelihoods[0]
        return self._readout.read(first if len(self.said) == 1 else self._spelt(likelihoods))

    def _spelt(self, likelihoods: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probabilities of the numbers 0 to 100, and then of the tokens that are no digits."""
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
def spelling(judge: Checkpoint, words: tuple[str, ...]) -> Spelling:
    """Return how a judge spells verdicts.

    Args:
        judge: The judge.
        words: The words of the rubric; empty if it asks for numbers.

    Raises:
        AskewError: Its tokenizer has not even tokens for the digits, or none for the beginnings of the words.
    """
    found = [(token, token_meaning(text, words)) for token, text in enumerate(judge.token_texts)]
    tokens = [token for token, meaning in found if meaning is not None]
    meanings = tuple(meaning for _, meaning in found if meaning is not None)
    wanted = words or range(101)
    if set(meanings).issuperset(wanted):
        return Spelling(tokens, ((),), meanings, Readout(meanings, words, "logprobs"))
    if words or not set(meanings).issuperset(_DIGITS):
        lacking = f"beginnings of each of {', '.join(words)}" if words else "the digits"
        raise AskewError(
            f"the judge's tokenizer has no tokens for {lacking}, and a verdict is read off those. Take another judge"
        )
    return _digit_by_digit(judge, tokens, meanings)


def _digit_by_digit(judge: Checkpoint, tokens: list[int], meanings: tuple[Meaning, ...]) -> Spelling:
    said = ((), *(_spelt_by(judge, number) for number in _BEGINNINGS))
    # Some tokenizers have tokens for a few longer numbers as well; those say by themselves what they mean.
    others = [None if m in _DIGITS else m for m in meanings]
    return Spelling(tokens, said, meanings, Readout([*range(101), *others], (), "logprobs"))


def _spelt_by(judge: Checkpoint, number: int) -> tuple[int, ...]:
    """Return the tokens of a number at the beginning of a reply."""
    tokens = judge.tokenizer.encode(str(number), add_special_tokens=False)
    return tuple(token for token in tokens if judge.token_texts[token].strip())
