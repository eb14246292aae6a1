"""Reads captions with times: WebVTT and SubRip. The text is plain; tags of voices, colours and words are left out."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

# 01:02:03.456, 02:03,456 and the like, with hours of any length.
_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})(?:[.,](\d{1,3}))?"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?")
_MOMENT = 0.05  # seconds
_TAG = re.compile(r"<[^<>\n]*>|\{\\[^{}\n]*\}")


@dataclass(frozen=True)
class Caption:
    """A line of speech with its times.

    Attributes:
        text: What is said, on one line.
        start: When it begins, in seconds.
        end: When it ends, in seconds.
    """

    text: str
    start: float
    end: float


def captions(text: str) -> list[Caption]:
    """Return the captions of a file in the order of their times, without empty ones.

    Automatic captions roll: each shows the line before it again, alone for a moment and then above the next line. Such
    a line is left out; a line that is said twice is not.

    Args:
        text: The content of a .vtt or .srt file.
    """
    found: list[Caption] = []
    shown = ""
    for start, end, lines in sorted(_cues(text), key=lambda cue: cue[0]):
        rolls = bool(lines) and lines[0] == shown and (len(lines) > 1 or end - start < _MOMENT)
        new = lines[1:] if rolls else lines
        if lines:
            shown = lines[-1]
        if new:
            found.append(Caption(" ".join(new), start, end))
    return found


def _cues(text: str) -> Iterator[tuple[float, float, list[str]]]:
    """Yield the start, the end and the lines of each cue, in the order of the file."""
    times: re.Match[str] | None = None
    lines: list[str] = []
    for line in [*text.splitlines(), ""]:
        found = _TIMES.fullmatch(line)
        if found or not line.strip():
            if times:
                yield (*_seconds(times), lines)
            times, lines = found, []
        elif times and (said := " ".join(html.unescape(_TAG.sub("", line)).split())):
            lines.append(said)


def _seconds(times: re.Match[str]) -> tuple[float, float]:
    """Return both times of a cue in seconds."""
    parts = times.groups()
    start, end = (
        int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + int((fraction or "0").ljust(3, "0")) / 1000
        for hours, minutes, seconds, fraction in (parts[:4], parts[4:])
    )
    return start, max(start, end)
