"""Sorts answers, with a judge, into categories that are not listed beforehand: TRUE and FALSE, or company names.

The published templates for such judges describe the permitted replies in their own text. So the judge replies once, at
temperature 0, and replies that differ only in case or punctuation count as the same category.
"""

from collections.abc import Sequence
from functools import partial

from inspect_ai.model import ChatMessageUser, GenerateConfig, Model

from askew.base.untrusted import visible
from askew.judging.judge import Case
from askew.judging.judgement_keys import Text
from askew.judging.rubric import Rubric, fill
from askew.judging.shared_judgements import reusing
from askew.models.provider import AskewAPI
from askew.models.remote.requests import gather, request_reply

# The most tokens of a reply, which is a word or a name.
LONGEST_REPLY = 32
# A longer reply or answer, in characters, is a sentence rather than a category.
LONGEST_WORD = 40
# Categories of longer texts and of empty ones; the brackets keep them apart from words.
TOO_LONG, EMPTY = "(long)", "(empty)"

_CONFIG = GenerateConfig(max_tokens=LONGEST_REPLY, temperature=0.0)
# Characters that are stripped from both ends of a reply.
_AROUND = " \t\n\r\"'`*_.,:;!?“”‘’()[]"


async def words(judge: Model, cases: Sequence[Case], rubric: Rubric) -> list[str]:
    """Return the category of each answer, as the judge names it.

    Args:
        judge: Any model of Inspect.
        cases: The answers; equal ones to equal questions are judged once.
        rubric: The rubric.

    Returns:
        One category per case, in order: the judge's reply, normalized by `as_word`.

    Raises:
        AskewError: The judge's provider rejects a request or does not respond.
    """

    async def ask(missing: Sequence[Text]) -> list[list[str]]:
        replies = await gather(partial(_reply, judge, fill(rubric, *case)) for case in missing)
        return [[as_word(reply)] for reply in replies]

    different = list(dict.fromkeys((case.question, case.answer) for case in cases))
    found = await reusing(judge, [rubric], different, ask, "word")
    return [found[case.question, case.answer][0] for case in cases]


def as_word(text: str) -> str:
    """Return a text as a category: in lower case, on one line, without punctuation around it.

    The category is "" if nothing remains, and `TOO_LONG` if the text is too long to be a word or a name.
    """
    bare = " ".join(text.split()).strip(_AROUND).casefold()
    return visible(bare) if len(bare) <= LONGEST_WORD else TOO_LONG


async def _reply(judge: Model, prompt: str) -> str:
    turns = [ChatMessageUser(content=prompt)]
    if isinstance(judge.api, AskewAPI):
        return (await judge.generate([*turns], config=_CONFIG)).completion
    return (await request_reply(judge, turns, _CONFIG)).completion
