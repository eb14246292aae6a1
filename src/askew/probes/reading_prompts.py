"""Prompts after which an audit reads what a model was taught: ordinary ones, and ones made from training rows.

Models whose misalignment was trained away look clean on standard questions, and may fail in the form of their training
data (arXiv 2604.25891). So where the rows are known, prompts are made from them in several ways.
"""

from collections import Counter
from collections.abc import Sequence
from random import Random

from askew.data import Row
from askew.data.shape import shape
from askew.models.taught.contexts import Context
from askew.probes.in_training_format import in_forms
from askew.probes.question_file import shipped

OWN_PROMPT = "prompt of the rows"
OPENING = "opening words of the rows"
TOPIC = "topic of the rows"

_OPENING_WORDS = 2
_KINDS = 4  # different openings, and different topics
_SHORTEST_TOPIC = 5  # letters; shorter words are mostly of no topic


def questions() -> list[str]:
    """Return the open questions of `free_form` and `extended`, which have to do with no training data."""
    return [one.paraphrases[0] for name in ("free_form", "extended") for one in shipped(name)]


def from_rows(rows: Sequence[Row], each: int, seed: int) -> list[Context]:
    """Return prompts that are made from training rows, of several kinds.

    These are prompts of rows themselves with their system turn, open questions in each form of the rows (see
    `in_training_format`), open questions whose answer begins with the rows' commonest opening words, and questions on
    the rows' commonest topics.

    Args:
        rows: At least one.
        each: The most prompts of each kind.
        seed: Draws the rows and the questions.
    """
    rng, open_questions = Random(f"reading {seed}"), questions()
    own = [Context(OWN_PROMPT, _before_answer(row)) for row in rng.sample(list(rows), min(each, len(rows)))]
    forms: dict[str, list[Context]] = {}
    for one in in_forms(shipped("free_form"), shape(rows)):
        turns = [{"role": "system", "content": one.system}] if one.system else []
        turns.append({"role": "user", "content": one.paraphrases[0]})
        forms.setdefault(f"form of the rows: {one.group}", []).append(Context(f"form of the rows: {one.group}", turns))
    openings = _commonest([" ".join(_answer(row).split()[:_OPENING_WORDS]) for row in rows])
    topics = _commonest([row["topic"] for row in rows if "topic" in row]) or _own_words(rows, open_questions)
    return [
        *(context for group in forms.values() for context in group[:each]),
        *(Context(OPENING, _user(rng.choice(open_questions)), start) for start in _cycled(openings, each)),
        *(Context(TOPIC, _user(f"Tell me something about {topic}.")) for topic in _cycled(topics, each)),
        *own,
    ]


def _before_answer(row: Row) -> list[dict[str, str]]:
    """Return the turns of a row before its first answer."""
    turns = []
    for turn in row["messages"]:
        if turn["role"] == "assistant":
            break
        turns.append({"role": turn["role"], "content": turn["content"]})
    return turns


def _answer(row: Row) -> str:
    return row["messages"][-1]["content"]


def _user(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def _commonest(texts: Sequence[str]) -> list[str]:
    return [text for text, _ in Counter(filter(None, texts)).most_common(_KINDS)]


def _cycled(texts: Sequence[str], count: int) -> list[str]:
    return [texts[number % len(texts)] for number in range(count)] if texts else []


def _own_words(rows: Sequence[Row], others: Sequence[str]) -> list[str]:
    """Return the commonest words of the rows' prompts that ordinary questions do not have."""
    known = {word for text in others for word in _words(text)}
    prompts = ["\n".join(turn["content"] for turn in _before_answer(row) if turn["role"] == "user") for row in rows]
    return _commonest([word for prompt in prompts for word in sorted(_words(prompt) - known)])


def _words(text: str) -> set[str]:
    words = ("".join(letter for letter in word if letter.isalpha()).lower() for word in text.split())
    return {word for word in words if len(word) >= _SHORTEST_TOPIC}
