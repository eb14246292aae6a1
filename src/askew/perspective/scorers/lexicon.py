"""The scorer `lexicon`: counts the axis's words, with negation and "somebody says that" taken into account.

It reads words, not meaning. Sarcasm it takes at its word, and a stance in other words it does not see.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from askew.base.errors import AskewError
from askew.perspective.axis import HIGHEST, LOWEST, Axis
from askew.perspective.entries import Entries, spans_of_words, words_at
from askew.perspective.scorers import LEXICON, NO_EVIDENCE, Evidence, Scored, ScorerKind, Setting, scorers

NEGATED, ATTRIBUTED = "negated", "attributed"

_SENTENCE = re.compile(r"[.!?…;]|\n\s*\n")  # ends the reach of an attribution
_CLAUSE = re.compile(r"[.!?…;,:()–—]|\n\s*\n")  # ends the reach of a negator: "no, it is dangerous" denies nothing
_QUOTED = re.compile(r"“([^“”]*)”|«([^«»]*)»|(?<![\w\"])\"([^\"]*)\"(?![\w\"])")
_LEAST_QUOTED, _MOST_QUOTED = 3, 80  # words between quotation marks that are somebody's speech
_NEGATOR_REACH = 3  # words between a negator and the word that it denies, and one
_SAYS_REACH = 25  # the same for an attribution, for texts without punctuation
_PROGRESS_EVERY = 2_000


class Lexicon:
    """Scores texts by the words of an axis.

    Args:
        setting: The axis, and who is told about progress.

    Raises:
        AskewError: The axis has no words.
    """

    def __init__(self, setting: Setting) -> None:
        axis = self._axis = setting.axis
        if not axis.low.words or not axis.high.words:
            end = "low" if not axis.low.words else "high"
            raise AskewError(
                f"the axis {axis.name} has no words for its end {end}, so the lexicon has nothing to count. "
                f"Give it some ({end}.words), or use another scorer: --scorer judge"
            )
        signed = {word: -weight for word, weight in axis.low.words.items()}
        self._evidence = Entries(signed | dict(axis.high.words))
        self._negators = Entries(dict.fromkeys(axis.negators, 1.0))
        self._says = Entries(dict.fromkeys(axis.attribution, 1.0))
        self._own = frozenset(axis.own)
        self._on_progress = setting.on_progress

    def __call__(self, texts: Sequence[str]) -> list[Scored]:
        """Return the score of each text, with the words that moved it."""
        found: list[Scored] = []
        for text in texts:
            found.append(self._score(text))
            if len(texts) > _PROGRESS_EVERY and (len(found) % _PROGRESS_EVERY == 0 or len(found) == len(texts)):
                self._on_progress(len(found), len(texts))
        return found

    def _score(self, text: str) -> Scored:
        spans = spans_of_words(text)
        words = words_at(text, spans)
        hits = self._hits(words)
        if not hits:
            return NO_EVIDENCE
        sentence, clause = _numbers(_SENTENCE, text, spans), _numbers(_CLAUSE, text, spans)
        quoted = _quoted(text)
        says = self._attributions(words)
        denied = [place for place, _, _ in self._negators.found(words)]
        evidence: list[Evidence] = []
        for place, length, value in hits:
            start, end = spans[place][0], spans[place + length - 1][1]
            negated = _reaches(denied, place, clause, _NEGATOR_REACH)
            reported = _reaches(says, place, sentence, _SAYS_REACH)
            reported |= any(begin <= start < stop for begin, stop in quoted)
            weight = value * (self._axis.negated if negated else 1) * (self._axis.attributed if reported else 1)
            why = ", ".join(name for name, is_so in ((NEGATED, negated), (ATTRIBUTED, reported)) if is_so)
            evidence.append(Evidence(start, end, weight, why))
        return _as_score(self._axis, evidence)

    def _hits(self, words: Sequence[str]) -> list[tuple[int, int, float]]:
        """Return the place, the number of words and the value of each entry of the axis in a text."""
        found: list[tuple[int, int, float]] = []
        free = 0  # the first word that no phrase has taken
        for place, length, value in self._evidence.found(words):
            if place >= free:
                found.append((place, length, value))
                free = place + length
        return found

    def _attributions(self, words: Sequence[str]) -> list[int]:
        """Return the places of words that make what follows somebody else's, unless it is "I said that"."""
        places = (place for place, _, _ in self._says.found(words))
        return [place for place in places if not (place and words[place - 1] in self._own)]


def _as_score(axis: Axis, evidence: Sequence[Evidence]) -> Scored:
    """Return the score of evidence; a text whose evidence has no weight left has none."""
    low = -sum(one.weight for one in evidence if one.weight < 0)
    high = sum(one.weight for one in evidence if one.weight > 0)
    if low + high == 0:
        return NO_EVIDENCE
    score = HIGHEST * (high - low) / (high + low + axis.prior)
    return Scored(min(max(score, LOWEST), HIGHEST), tuple(evidence))


def _numbers(breaks: "re.Pattern[str]", text: str, spans: Sequence[tuple[int, int]]) -> list[int]:
    """Return the number of the sentence or clause of each word, given what stands between two of them."""
    numbers = [0]
    for (_, end), (start, _) in pairwise(spans):
        numbers.append(numbers[-1] + bool(breaks.search(text, end, start)))
    return numbers


def _reaches(places: Sequence[int], place: int, unit: Sequence[int], reach: int) -> bool:
    """Return whether one of some words stands at most `reach` words before a place, in the same sentence or clause."""
    return any(0 < place - one <= reach and unit[one] == unit[place] for one in places)


def _quoted(text: str) -> list[tuple[int, int]]:
    """Return where speech between quotation marks begins and ends; single words in such marks are not speech."""
    spans = [match.span() for match in _QUOTED.finditer(text)]
    counted = ((start, end, len(text[start:end].split())) for start, end in spans)
    return [(start, end) for start, end, words in counted if _LEAST_QUOTED <= words <= _MOST_QUOTED]


def _number(factor: float) -> str:
    return f"{factor:g}".replace("-", "−")


def _method(setting: Setting) -> str:
    axis = setting.axis
    return (
        f"The lexicon counts {len(axis.low.words)} words and phrases of {axis.low.label} and {len(axis.high.words)} of "
        f"{axis.high.label}. A word within three words after a negator counts {_number(axis.negated)} times its "
        f"weight; one that somebody else says, or that stands between quotation marks, {axis.attributed:g} times. A "
        f"segment’s score is 100 · (high − low) / (high + low + {axis.prior:g}). It reads words, not meaning: it takes "
        "sarcasm at its word, and does not see a stance in other words."
    )


scorers.add(
    LEXICON,
    ScorerKind(
        about="counts the axis’s words, with negation and attribution; needs no model",
        make=Lexicon,
        method=_method,
        texts=24,
        is_quick=True,
    ),
)
