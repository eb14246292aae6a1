"""Read the probabilities of a model's first token, or sampled answers if the model shows no probabilities.

One request for probabilities replaces hundreds of sampled answers and has no sampling noise. The type `next_token`
comes from the question files of Betley et al. 2025 (arXiv 2501.11120). Tokens that are the same word in lower case and
without the spaces around it are pooled, and their probabilities added.
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
from askew.probes.answer_scores import UNJUDGED, Scores, measured
from askew.probes.kinds import FIRST_TOKEN, SAMPLED
from askew.probes.question_file import Question

# The probability of each first word, from 0 to 1.
Chances = Mapping[str, float]


def read_first_tokens(question: Question, cases: Sequence[Case], likeliest: Sequence[Sequence[TopLogprob]]) -> Scores:
    """Read the answers to a question about first tokens.

    Args:
        question: A question of the type `next_token`, or of the type `measured` with options.
        cases: Its answers, each with the wording that was asked.
        likeliest: The likeliest first tokens of each answer; all empty if the model gave no log-probabilities.

    Returns:
        For a measure, its score for each answer (0-100). For `next_token` with options, a score for each option, its
        probability in percent; without options, the probability of each likely word (0-1) as weights.
    """
    sampled = not any(likeliest)
    grades = [replace(UNJUDGED, scored_by=SAMPLED if sampled else FIRST_TOKEN)] * len(cases)
    name = question.measure
    if name is not None and sampled:
        return Scores(grades, scores={question.score or name: measured(name, question, cases)})
    said: list[Chances] = [{as_word(case.answer) or EMPTY: 1.0} for case in cases]
    chances = said if sampled else [_by_word(tokens) for tokens in likeliest]
    if name is not None:
        return Scores(grades, scores={question.score or name: _mean_measure(name, question, cases, chances)})
    if not question.options:
        return Scores(grades, weights={question.id: [dict(words) for words in chances]})
    percent = 100 * _of_options(question, chances)
    named = zip(question.options, percent.tolist(), strict=True)
    return Scores(grades, scores={f"{question.id}: {option}": numbers for option, numbers in named})


def _by_word(tokens: Sequence[TopLogprob]) -> Chances:
    chances: defaultdict[str, float] = defaultdict(float)
    for token in tokens:
        chances[as_word(token.token) or EMPTY] += math.exp(token.logprob)
    return chances


def _of_options(question: Question, chances: Sequence[Chances]) -> NDArray[np.float64]:
    """Return the probability of each option, from 0 to 1, in the shape (options, answers).

    A token that only begins an option counts for it if no other option begins with that token.
    """
    words = [as_word(option) for option in question.options]
    found = np.zeros((len(words), len(chances)))
    for answer, of_answer in enumerate(chances):
        for text, chance in of_answer.items():
            word = begun(text, words)
            if word is not None:
                found[words.index(word), answer] += chance
    return found


def _mean_measure(name: str, question: Question, cases: Sequence[Case], chances: Sequence[Chances]) -> list[float]:
    """Return the mean measure over the options for each answer (0-100), weighted by their probabilities.

    It is NaN if the options together are so unlikely that the model would mostly have said something else.
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
