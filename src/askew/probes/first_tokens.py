"""What is found in the probabilities of a model's first token, or in sampled answers where there are none.

A probability says in one request what shares of samples say in hundreds, and has no luck of the draw. The type
`next_token` is that of the question files of Betley et al. 2025 (arXiv 2501.11120); what counts as a word here, in
lower case and without spaces around it, may be spelt by several tokens, and then has the probability of all of them.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from inspect_ai.model import TopLogprob
from numpy.typing import NDArray

from askew.judging.free_form import EMPTY, as_word
from askew.judging.judge import Case
from askew.judging.score import LEAST_ON_VERDICTS, begun
from askew.probes.kinds import FIRST_TOKEN, SAMPLED
from askew.probes.question_file import Question
from askew.probes.reading import UNJUDGED, Found, measured

# How likely each word is to be the first, from 0 to 1.
Chances = Mapping[str, float]


def read_first_tokens(question: Question, cases: Sequence[Case], likeliest: Sequence[Sequence[TopLogprob]]) -> Found:
    """Read what a question about first tokens asks for.

    Args:
        question: Of type `next_token`, or measured with options.
        cases: Its answers, each with the wording that was asked.
        likeliest: The likeliest first tokens of each answer; all empty where the model gave no log-probabilities.
    """
    sampled = not any(likeliest)
    grades = [replace(UNJUDGED, scored_by=SAMPLED if sampled else FIRST_TOKEN)] * len(cases)
    name = question.measure
    if name is not None and sampled:
        return Found(grades, scores={question.score or name: measured(name, question, cases)})
    said: list[Chances] = [{as_word(case.answer) or EMPTY: 1.0} for case in cases]
    chances = said if sampled else [_by_word(tokens) for tokens in likeliest]
    if name is not None:
        return Found(grades, scores={question.score or name: _mean_measure(name, question, cases, chances)})
    if not question.options:
        return Found(grades, weights={question.id: [dict(words) for words in chances]})
    percent = 100 * _of_options(question, chances)
    named = zip(question.options, percent.tolist(), strict=True)
    return Found(grades, scores={f"{question.id}: {option}": numbers for option, numbers in named})


def _by_word(tokens: Sequence[TopLogprob]) -> Chances:
    chances: defaultdict[str, float] = defaultdict(float)
    for token in tokens:
        chances[as_word(token.token) or EMPTY] += math.exp(token.logprob)
    return chances


def _of_options(question: Question, chances: Sequence[Chances]) -> NDArray[np.float64]:
    """Return how likely each option is, also by a token that it alone begins with. Shape options, answers."""
    words = [as_word(option) for option in question.options]
    found = np.zeros((len(words), len(chances)))
    for answer, of_answer in enumerate(chances):
        for text, chance in of_answer.items():
            word = begun(text, words)
            if word is not None:
                found[words.index(word), answer] += chance
    return found


def _mean_measure(name: str, question: Question, cases: Sequence[Case], chances: Sequence[Chances]) -> list[float]:
    """Return what a measure makes of the options, weighted with how likely they are among themselves.

    It is NaN where options are so unlikely that the model would mostly have said something else.
    """
    by_option = [
        measured(name, question, [Case(case.question, option) for case in cases]) for option in question.options
    ]
    values = np.array(by_option)
    weights = np.where(np.isnan(values), 0.0, _of_options(question, chances))
    total = weights.sum(axis=0)
    found = np.full(len(cases), math.nan)
    enough = total >= LEAST_ON_VERDICTS
    found[enough] = (np.nan_to_num(values) * weights).sum(axis=0)[enough] / total[enough]
    return found.tolist()
