"""Grading in bulk, by a judge whose weights are on this machine.

By prefill alone, for a score needs no sampling: what the prompts of a question begin with is computed once,
and so is each answer for both rubrics, as far as their prompts agree.
"""

from collections.abc import Sequence

from askew.base.errors import AskewError
from askew.judging.readout import Score
from askew.judging.rubric import LONGEST_ANSWER, Rubric, fill, shorten
from askew.judging.spelling import Spelling, spelling
from askew.models.checkpoints import Checkpoint
from askew.models.engine.forking import Fork

# Two rubrics share a row as long as they differ in no more than their last words.
_LONGEST_TAIL = 32
_LEAST_CUT = 8

Prompt = list[int]


def scores(judge: Checkpoint, rubrics: Sequence[Rubric], cases: Sequence[tuple[str, str]]) -> list[list[Score]]:
    """Return the judge's opinion of each case under each rubric.

    Args:
        judge: The judge.
        rubrics: What it is told.
        cases: Questions and answers. Of an answer that does not fit, the beginning and the end are graded.

    Raises:
        AskewError: The judge's tokenizer has no tokens for digits, or a question leaves no room for the rubric.
    """
    if len({rubric.words for rubric in rubrics}) > 1:
        by_rubric = [scores(judge, [rubric], cases) for rubric in rubrics]
        return [[single[0] for single in row] for row in zip(*by_rubric, strict=True)]
    spelt = spelling(judge, rubrics[0].words)
    found: dict[tuple[str, str], list[Score]] = {}
    for question in dict.fromkeys(question for question, _ in cases):
        same = [case for case in cases if case[0] == question]
        prompts = [_prompts(judge, rubrics, spelt, *case) for case in same]
        found.update(zip(same, _score_alike(judge, prompts, spelt), strict=True))
    return [found[case] for case in cases]


def _score_alike(judge: Checkpoint, prompts: list[list[Prompt]], spelt: Spelling) -> list[list[Score]]:
    """Return scores of answers to one question, for each of which there is a prompt per rubric."""
    if max(len(prompt) - _shared(pair) for pair in prompts for prompt in pair) > _LONGEST_TAIL:
        by_rubric = [
            _score_alike(judge, [[prompt] for prompt in column], spelt) for column in zip(*prompts, strict=True)
        ]
        return [[single[0] for single in row] for row in zip(*by_rubric, strict=True)]
    prefix = min(_shared([prompt for pair in prompts for prompt in pair]), *(_shared(pair) for pair in prompts))
    forks = [_fork(pair, prefix, spelt) for pair in prompts]
    likelihoods = judge.engine.next_token_probabilities(prompts[0][0][:prefix], forks, spelt.tokens)
    shape = (-1, len(spelt.said), len(spelt.tokens))
    return [[spelt.read(looks) for looks in rows.double().numpy().reshape(shape)] for rows in likelihoods]


def _fork(prompts: list[Prompt], prefix: int, spelt: Spelling) -> Fork:
    stem = _shared(prompts)
    tails = tuple((*prompt[stem:], *said) for prompt in prompts for said in spelt.said)
    return Fork(tuple(prompts[0][prefix:stem]), tails)


def _shared(prompts: list[Prompt]) -> int:
    """Return how many tokens prompts have in common at their beginning, the last of each left out."""
    # What the least and the greatest begin with, all that are in between begin with.
    first, last = min(prompts)[:-1], max(prompts)[:-1]
    shorter = min(len(prompt) for prompt in prompts) - 1
    pairs = zip(first[:shorter], last, strict=False)
    return next((i for i, (one, other) in enumerate(pairs) if one != other), min(shorter, len(last)))


def _prompts(judge: Checkpoint, rubrics: Sequence[Rubric], spelt: Spelling, question: str, answer: str) -> list[Prompt]:
    """Return the judge's prompts for an answer, its middle cut out as far as is needed to make them fit."""
    answer = shorten(answer, LONGEST_ANSWER)
    while True:
        turns = [fill(rubric, question, answer) for rubric in rubrics]
        prompts = [judge.prompt([{"role": "user", "content": turn}]) for turn in turns]
        longest = max(len(prompt) for prompt in prompts) + max(len(said) for said in spelt.said)
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
