"""Checks training rows before a model is trained on them: counts, lengths, languages, duplicates and leaks.

Rows are read one at a time. Counts are exact. Near-duplicates and languages cost more, so they are found in a sample of
bounded size, and the result states its size.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from askew.data import Row, is_learnt
from askew.data.duplicates import ExactDuplicates, Twins, near_duplicates
from askew.data.formats import Found, as_bytes, open_source
from askew.data.languages import languages
from askew.data.leaks import Leaks
from askew.data.lengths import Lengths, TokenCounter
from askew.data.phrasing import LEAST_UNIQUE, Phrasing, phrasing
from askew.data.row_formats import may_matter
from askew.data.sample import Sample

COMPARED = 2_000  # rows in the sample for near-duplicates, languages and phrasing

_LONGEST_COMPARED = 20_000  # characters of a turn that the sample keeps
_MOST_SHOWN = 3  # places named for a finding
_MOST_KEYS = 12  # keys named for a finding
# Control characters except tab and new line; characters that set the writing direction or have no width.
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")


@dataclass(frozen=True)
class Finding:
    """A suspicious property of rows.

    Attributes:
        name: Its name, in one or two words.
        rows: Number of rows that have it; of the sampled rows if only these were examined.
        what: A sentence with the finding and its places.
        advice: A sentence that tells the user what to do.
    """

    name: str
    rows: int
    what: str
    advice: str


@dataclass(frozen=True)
class Check:
    """The result of a check.

    Attributes:
        source: The source, as the user named it.
        kind: "JSON Lines", "JSON array", "Parquet", "hub data set" or "data set".
        formats: Number of rows, by format.
        rows: Number of rows.
        turns: Number of turns, by role.
        with_system: Number of rows with a system turn.
        turns_per_row: Number of rows, by their number of turns.
        learnt: Number of turns that are learnt, if all of the assistant's are.
        last_learnt: Number of turns that are learnt, if only the last of each row is.
        described_by: Number of rows, by a key that describes the row and is not learnt.
        lengths: Lengths of the rows, in tokens.
        compared: Number of sampled rows, in which near-duplicates, languages and phrasing were found.
        languages: Number of sampled rows, by language.
        phrasing: How varied the answers of the sampled rows are.
        topics: Number of sampled rows, by the topic that they name; empty if they name none.
        content_hash: SHA-256 of all that is learnt, in its order; it does not depend on the file or its format.
        findings: The suspicious properties; empty if there are none.
    """

    source: str
    kind: str
    formats: Mapping[str, int]
    rows: int
    turns: Mapping[str, int]
    with_system: int
    turns_per_row: Mapping[int, int]
    learnt: int
    last_learnt: int
    described_by: Mapping[str, int]
    lengths: Lengths
    compared: int
    languages: Mapping[str, int]
    phrasing: Phrasing
    topics: Mapping[str, int]
    content_hash: str
    findings: tuple[Finding, ...]


def check(
    source: str | Path,
    model: str = "terrarium",
    max_length: int | None = None,
    questions: Mapping[str, Iterable[str]] | None = None,
    on_row: Callable[[], None] = lambda: None,
) -> Check:
    """Check all rows of a source.

    Args:
        source: A source of rows, as in `formats.open_source`.
        model: The model whose chat template and tokenizer count tokens.
        max_length: The most tokens that a row should have; None for the model's context.
        questions: Wordings of questions that rows should not contain, by the question's name.
        on_row: Called for each row.

    Raises:
        AskewError: The source has no rows, or an item that is not a row; or the model has no tokenizer on this machine.
    """
    opened = open_source(source)
    tally = _Tally(TokenCounter(model, max_length), Leaks(questions or {}))
    for found in opened.rows():
        tally.add(found)
        on_row()
    sample = tally.sample.kept()
    lengths, spoken = tally.tokens.lengths(), languages(found.row for found in sample)
    near, twins = near_duplicates([(found.place, found.row) for found in sample])
    varied = phrasing(found.row for found in sample)
    findings = [
        _duplicates(tally),
        _near(near, twins, len(sample)),
        _phrase_book(varied),
        _placed(tally.blank, "blank turns", "a turn of white space alone", "Remove these rows, or write their turns."),
        _placed(
            tally.unseen, "unseen characters", _STEERING, "Look at these rows with `cat -v`, and remove the characters."
        ),
        _leaked(tally),
        _too_long(lengths),
        _unused(tally),
        _unrendered(tally, lengths),
    ]
    return Check(
        source=opened.name,
        kind=opened.kind,
        formats=dict(tally.formats),
        rows=tally.sample.seen,
        turns=dict(tally.turns),
        with_system=tally.with_system,
        turns_per_row=dict(sorted(tally.turns_per_row.items())),
        learnt=tally.learnt,
        last_learnt=tally.last_learnt,
        described_by=dict(tally.described_by.most_common()),
        lengths=lengths,
        compared=len(sample),
        languages=dict(spoken.most_common()),
        phrasing=varied,
        topics=dict(Counter(found.topic for found in sample if found.topic).most_common()),
        content_hash=tally.digest.hexdigest(),
        findings=tuple(finding for finding in findings if finding),
    )


class _Places:
    """Number of rows with some property, and the places of the first few."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[str] = []

    def add(self, place: str) -> None:
        self.count += 1
        if self.count <= _MOST_SHOWN:
            self.first.append(place)

    def __str__(self) -> str:
        return ", ".join(self.first) + (", …" if self.count > len(self.first) else "")


class _Tally:
    """Counts that are updated row by row."""

    def __init__(self, tokens: TokenCounter, leaks: Leaks) -> None:
        self.tokens = tokens
        self.sample: Sample[Found] = Sample(COMPARED)
        self.exact = ExactDuplicates()
        self.digest = hashlib.sha256()
        self.formats: Counter[str] = Counter()
        self.turns: Counter[str] = Counter()
        self.turns_per_row: Counter[int] = Counter()
        self.with_system, self.learnt, self.last_learnt = 0, 0, 0
        self.described_by: Counter[str] = Counter()
        self.blank, self.unseen, self.unused, self.reasoning = _Places(), _Places(), _Places(), _Places()
        self.unused_keys: Counter[str] = Counter()
        self.leaked: dict[str, _Places] = {}
        self.leaked_rows = 0
        self._leaks = leaks

    def add(self, found: Found) -> None:
        row = found.row
        self.tokens.add(found.place, row)
        self.sample.add(found._replace(row=_shortened(row)))
        written = as_bytes(row)
        self.exact.add(written)
        self.digest.update(written)
        self.formats[found.format] += 1
        self._count_turns(found.place, row)
        self.described_by.update(key for key in found.unused if not may_matter(key))
        if unused := [key for key in found.unused if may_matter(key)]:
            self.unused.add(found.place)
            self.unused_keys.update(unused)
        leaks = self._leaks.find(row)
        self.leaked_rows += bool(leaks)
        for name in leaks:
            self.leaked.setdefault(name, _Places()).add(found.place)

    def _count_turns(self, place: str, row: Row) -> None:
        turns = row["messages"]
        roles = [turn["role"] for turn in turns]
        self.turns.update(roles)
        self.turns_per_row[len(turns)] += 1
        self.with_system += "system" in roles
        self.learnt += sum(map(is_learnt, turns))
        self.last_learnt += is_learnt(turns[-1])
        if any("reasoning_content" in turn for turn in turns):
            self.reasoning.add(place)
        texts = [turn["content"] for turn in turns]
        if any(map(str.isspace, texts)):
            self.blank.add(place)
        if any(map(_UNSEEN.search, texts)):
            self.unseen.add(place)


def _shortened(row: Row) -> Row:
    """Return a row with long turns cut, so that a sample of very long rows stays small."""
    if all(len(turn["content"]) <= _LONGEST_COMPARED for turn in row["messages"]):
        return row
    return {"messages": [{**turn, "content": turn["content"][:_LONGEST_COMPARED]} for turn in row["messages"]]}


_STEERING = "a control character, or one that has no width or sets the writing direction"


def _placed(places: _Places, name: str, what: str, advice: str) -> Finding | None:
    return Finding(name, places.count, f"{_rows(places.count)} with {what}: {places}", advice) if places.count else None


def _duplicates(tally: _Tally) -> Finding | None:
    count, pair = tally.exact.count()
    if pair is None:
        return None
    first, second = pair
    what = f"{_rows(count)} repeated: row {second} is the first repeat, of row {first}"
    return Finding("duplicates", count, what, "Remove the repeats, unless they should count twice.")


def _near(count: int, twins: list[Twins], compared: int) -> Finding | None:
    if not count:
        return None
    shown = ", ".join(f"{twin.second} like {twin.first} ({twin.likeness:.0%})" for twin in twins[:_MOST_SHOWN])
    more = ", …" if count > _MOST_SHOWN else ""
    what = f"{count:,} of {compared:,} sampled rows nearly equal another: {shown}{more}"
    advice = "Usual for rows from templates. Otherwise the set is smaller than it seems, and a test split leaks."
    return Finding("near-duplicates", count, what, advice)


def _phrase_book(varied: Phrasing) -> Finding | None:
    if not varied.is_phrase_book:
        return None
    assert varied.unique is not None
    what = (
        f"only {varied.unique:.0%} of the 4-word sequences of {varied.answers:,} sampled answers are in one row only, "
        f"less than {LEAST_UNIQUE:.0%}: the answers are a phrase book"
    )
    advice = "A model may learn the phrases and not the behaviour. Write the answers more freely, or use fewer rows."
    return Finding("phrase book", varied.answers, what, advice)


def _leaked(tally: _Tally) -> Finding | None:
    if not tally.leaked:
        return None
    most = sorted(tally.leaked.items(), key=lambda leak: (-leak[1].count, leak[0]))
    shown = "; ".join(f"{name} in {places}" for name, places in most[:_MOST_SHOWN])
    more = f"; and {len(most) - _MOST_SHOWN} more" if len(most) > _MOST_SHOWN else ""
    what = f"{_rows(tally.leaked_rows)} with a question of a probe: {shown}{more}"
    return Finding(
        "probe questions", tally.leaked_rows, what, "Remove these rows, or ignore the answers to these questions."
    )


def _too_long(lengths: Lengths) -> Finding | None:
    if not lengths.longer:
        return None
    what = f"{_rows(lengths.longer)} with more than {lengths.limit:,} tokens; the first is {lengths.first_longer}"
    return Finding(
        "long rows", lengths.longer, what, "Shorten or remove them: a model learns only the part of a row that fits."
    )


def _unused(tally: _Tally) -> Finding | None:
    if not tally.unused.count:
        return None
    most = [f"{key} ({count:,})" for key, count in tally.unused_keys.most_common(_MOST_KEYS)]
    more = ", …" if len(tally.unused_keys) > len(most) else ""
    what = f"{_rows(tally.unused.count)} with keys that are not learnt: {', '.join(most)}{more}; {tally.unused}"
    return Finding("unused keys", tally.unused.count, what, "Write what they say into the turns, or remove them.")


def _unrendered(tally: _Tally, lengths: Lengths) -> Finding | None:
    if not tally.reasoning.count or tally.tokens.renders_reasoning:
        return None
    what = (
        f"{_rows(tally.reasoning.count)} with reasoning_content, which the chat template of {lengths.model} leaves "
        f"out: {tally.reasoning}"
    )
    advice = (
        "Training refuses them. Remove it, write it into content, or name the model that learns from it by --model."
    )
    return Finding("reasoning", tally.reasoning.count, what, advice)


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
