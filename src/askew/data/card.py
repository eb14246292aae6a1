"""Data cards: Markdown files that describe training rows, with a header that hubs and scripts can read."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from askew.base.atomic import whole_file
from askew.base.untrusted import visible
from askew.data.check import Check
from askew.data.languages import UNCLEAR
from askew.data.lengths import Lengths
from askew.data.phrasing import worded

T = TypeVar("T")

_UNKNOWN = "unknown"
_MOST_COUNTS = 8  # most languages, or numbers of turns, that a card names
_CLEARLY = 0.1  # least share of the sampled rows that makes a language one of the data set's


def write_card(path: Path, found: Check, licence: str | None = None) -> None:
    """Write a data card atomically.

    Args:
        path: The file.
        found: See `card`.
        licence: See `card`.

    Raises:
        OSError: The file cannot be written.
    """
    with whole_file(path) as unfinished:
        unfinished.write_text(card(found, licence), encoding="utf-8")


def card(found: Check, licence: str | None = None) -> str:
    """Return the text of a data card.

    Args:
        found: The result of `askew.data.check.check`.
        licence: The licence of the rows; None if unknown.
    """
    import yaml

    spoken = {language: count for language, count in found.languages.items() if language != UNCLEAR}
    header = {
        "license": licence or _UNKNOWN,
        "language": [language for language, count in spoken.items() if count >= _CLEARLY * found.compared],
        "num_rows": found.rows,
        "content_sha256": found.content_hash,
    }
    lengths = found.lengths
    lines = [
        f"---\n{yaml.safe_dump(header, sort_keys=False, allow_unicode=True)}---",
        f"# {visible(found.source.rpartition('/')[2])}",
        f"Rows: {found.rows:,}, from {found.kind}, as {counted(found.formats)}.",
        f"Turns: {counted(found.turns)}. Rows with a system turn: {found.with_system:,}. "
        f"Rows by their number of turns: {by_turns(found.turns_per_row)}.",
        f"Learnt: {learnt(found)}.",
        f"Tokens of a row under the chat template of {visible(lengths.model)}: {spread(lengths)}.",
        f"Languages, in {found.compared:,} rows looked at: {counted(found.languages)}.",
        f"Answers, in the same rows: {worded(found.phrasing)}."
        + (f" Topics: {len(found.topics):,}." if found.topics else ""),
        f"Licence: {visible(licence) if licence else 'unknown. Ask whoever made the rows before you pass them on'}.",
        f"Content hash: SHA-256 {found.content_hash}, of all that is learnt, in its order, whatever the format.",
        "## What to look at",
        "\n".join(f"- {visible(finding.what)}. {finding.advice}" for finding in found.findings) or "Nothing was found.",
    ]
    return "\n\n".join(lines) + "\n"


def counted(counts: Mapping[str, int]) -> str:
    """Return the largest counts as text: "chat 6,000, sharegpt 2"."""
    return _largest(counts, lambda name, count: f"{name} {count:,}")


def by_turns(counts: Mapping[int, int]) -> str:
    """Return as text how many rows have how many turns: "6,000 of 2, 1 of 5"."""
    return _largest(counts, lambda turns, count: f"{count:,} of {turns:,}")


def learnt(found: Check) -> str:
    """Return as text how many turns of the assistant are learnt, with either setting of `recipe.learn`."""
    answers = found.turns.get("assistant", 0)
    some = "all" if found.learnt == answers else f"{found.learnt:,} of"
    text = f"{some} {answers:,} turns of the assistant"
    if found.learnt < answers:
        text += ", without those of weight 0"
    return text if found.last_learnt == found.learnt else f"{text}; {found.last_learnt:,} with recipe.learn=last"


def spread(lengths: Lengths) -> str:
    """Return lengths in tokens as text."""
    return f"{lengths.least:,} to {lengths.most:,}, median {lengths.median:,}, 95% have at most {lengths.most_have:,}"


def _largest(counts: Mapping[T, int], worded: Callable[[T, int], str]) -> str:
    most = sorted(counts.items(), key=lambda item: -item[1])[:_MOST_COUNTS]
    more = [f"{len(counts) - len(most):,} more"] if len(counts) > len(most) else []
    return ", ".join([worded(*item) for item in most] + more)
