"""Judges that reply in words which nobody listed beforehand: TRUE or FALSE, the name of a company.

The published templates of free-form judges say in their own text what may be replied, so the reply is taken as it is
said, once, at temperature 0; only what differs in spelling alone is made one.
"""

from collections.abc import Sequence
from functools import partial

from inspect_ai.model import ChatMessageUser, GenerateConfig, Model

from askew.base.untrusted import visible
from askew.judging.judge import Case
from askew.judging.rubric import Rubric, fill
from askew.models.provider import AskewAPI
from askew.models.remote.requests import gather, request_reply

# The most tokens of a reply: a word or a name.
LONGEST_REPLY = 32
# A reply or an answer longer than this, in characters, is no word that others would say too.
LONGEST_WORD = 40
# What stands for such a one, and for an answer of no words; no word has marks around it.
TOO_LONG, EMPTY = "(long)", "(empty)"

_CONFIG = GenerateConfig(max_tokens=LONGEST_REPLY, temperature=0.0)
# What stands around a word without being of it.
_AROUND = " \t\n\r\"'`*_.,:;!?“”‘’()[]"


async def words(judge: Model, cases: Sequence[Case], told: Rubric) -> list[str]:
    """Have a judge sort answers in its own words.

    Args:
        judge: Any model of Inspect.
        cases: The answers; equal ones to equal questions are judged once.
        told: What the judge is told.

    Returns:
        A word for each case, in order, as `as_word` makes it of the reply.

    Raises:
        AskewError: The judge refuses, or stays away.
    """
    different = list(dict.fromkeys(cases))
    replies = await gather(partial(_reply, judge, fill(told, case.question, case.answer)) for case in different)
    found = dict(zip(different, map(as_word, replies), strict=True))
    return [found[case] for case in cases]


def as_word(text: str) -> str:
    """Return a text as the category that it stands for: in lower case, without marks around it, on one line.

    It is empty where nothing is left, and `TOO_LONG` where it is too long to be a word or a name.
    """
    bare = " ".join(text.split()).strip(_AROUND).casefold()
    return visible(bare) if len(bare) <= LONGEST_WORD else TOO_LONG


async def _reply(judge: Model, prompt: str) -> str:
    turns = [ChatMessageUser(content=prompt)]
    if isinstance(judge.api, AskewAPI):
        return (await judge.generate([*turns], config=_CONFIG)).completion
    return (await request_reply(judge, turns, _CONFIG)).completion
