"""Reads what a perspective map is made of: a file of text, captions or HTML, or the tables of a run.

HTML is read as text and never rendered. The text of a file is untrusted; it is shown escaped and nothing else.
"""

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

from askew.base import json_text
from askew.base.errors import AskewError
from askew.base.untrusted import cut, visible
from askew.data import languages
from askew.perspective.captions import captions

if TYPE_CHECKING:
    import pandas as pd

LARGEST = 100_000_000
"""The largest file that is read, in bytes."""
CAPTIONS, PAGES, PLAIN = (".vtt", ".srt"), (".html", ".htm"), (".txt", ".md", ".text")
TEXTS = (*PLAIN, *CAPTIONS, *PAGES)
"""The endings of the files of a folder that are texts; a single file may have any."""

_HIDDEN = {"script", "style", "template", "noscript", "head", "svg", "math", "textarea", "select", "iframe", "object"}
# The argument that people read, of the tools that reach people.
_SPOKEN = {"send_message": "text", "finish": "summary"}
_INLINE = {"a", "abbr", "b", "bdi", "cite", "code", "em", "font", "i", "mark", "q", "s", "small", "span", "strong", "u"}
# Longest piece, and the number of them, from which the language is told.
_SAMPLE, _SAMPLES = 2_000, 5


@dataclass(frozen=True)
class Part:
    """A part of a source, which is cut into segments by itself.

    Attributes:
        name: Its name; "" if there is only one.
        text: Its text.
        times: For captions, where each begins in the text, and its start and end in seconds; in order.
    """

    name: str
    text: str
    times: Sequence[tuple[int, float, float]] = ()


@dataclass(frozen=True)
class Source:
    """A text to map.

    Attributes:
        title: Its name for people: that of the file or of the run.
        parts: Its parts, in order; at least one, and none without a word.
        notes: What a reader should know about how it was read, in sentences.
    """

    title: str
    parts: Sequence[Part]
    notes: Sequence[str] = field(default_factory=tuple)


def read_source(path: Path, begin: str = "", end: str = "") -> Source:
    """Return the text of a file.

    Args:
        path: A file in UTF-8: captions with times (.vtt, .srt), HTML (.html, .htm), or text with any other ending.
        begin: If given, only what follows the first line that consists of this text.
        end: If given, only what precedes the first line after it that consists of this text.

    Raises:
        AskewError: The file cannot be read, is too large, no text in UTF-8 or empty, or lacks one of the two lines.
    """
    content = _text_of(path)
    content = _between(path, content, begin, end) if begin or end else content
    suffix = path.suffix.lower()
    notes: list[str] = []
    if suffix in CAPTIONS:
        part = _captions(path, content)
    elif suffix in PAGES:
        part = Part("", text_of_html(content))
        notes.append("The text was taken out of HTML: menus and footers of the page are among it.")
    else:
        part = Part("", content)
    if not part.text.strip():
        raise AskewError(f"{path} has no text to map: it is empty" + (" but for markup" if content.strip() else ""))
    return Source(path.name, (part,), notes)


def run_source(title: str, answers: "pd.DataFrame", turns: "pd.DataFrame", events: "pd.DataFrame") -> Source:
    """Return what the models of a run said, in parts: answers, episodes and interviews by arm, and agents' talk.

    Args:
        title: The run's name.
        answers: Columns arm and answer.
        turns: Turns of episodes, with the columns arm, role, text, tool, arguments and result; may be empty. Of an
            episode, what the model says, sends and reports counts; of an interview, its answers.
        events: Events of societies, with the columns society, kind and text; may be empty.

    Raises:
        AskewError: Nobody said anything.
    """
    said: dict[str, Sequence[str]] = {
        f"{arm}: answers": of_arm["answer"].tolist() for arm, of_arm in answers.groupby("arm", sort=False)
    }
    for arm, of_arm in turns.groupby("arm", sort=False) if len(turns) else ():
        rows = of_arm[["role", "text", "tool", "arguments", "result"]].to_dict("records")
        said[f"{arm}: episodes"] = [_said_in_episode(row) for row in rows]
        said[f"{arm}: interviews"] = of_arm.loc[of_arm["role"].eq("interview"), "result"].tolist()
    talk = events[events["kind"].eq("say")] if len(events) else events
    for society, of_one in talk.groupby("society", sort=False) if len(talk) else ():
        said[f"{society}: talk"] = of_one["text"].tolist()
    parts = [Part(name, "\n".join(filter(str.strip, texts))) for name, texts in said.items()]
    parts = [part for part in parts if part.text]
    if not parts:
        raise AskewError(f"the run {title} has no text to map: its models said nothing")
    return Source(title, parts)


def text_of_html(content: str) -> str:
    """Return the text of an HTML page; blocks are lines, and scripts, styles and the page's head are left out."""
    reader = _Html()
    reader.feed(content)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.found).split("\n"))
    return "\n".join(filter(None, lines))


def language_of(source: Source) -> str:
    """Return the language of a source as an ISO 639 code; "" if there is too little text to tell, or it is unclear."""
    longest = max((part.text for part in source.parts), key=len)
    steps = max(1, len(longest) // _SAMPLES)
    pieces = [longest[at : at + _SAMPLE] for at in range(0, len(longest), steps)][:_SAMPLES]
    found = languages.language_of("\n".join(pieces))
    return "" if found == languages.UNCLEAR else found


def _said_in_episode(turn: Mapping[Hashable, str]) -> str:
    """Return what a model says in a turn: its words, or those that a call sends to people."""
    if turn["role"] == "model":
        return turn["text"]
    spoken = _SPOKEN.get(turn["tool"]) if turn["role"] == "call" else None
    if spoken is None:
        return ""
    try:
        arguments = json_text.parse(turn["arguments"])
    except ValueError:
        return ""
    return str(arguments.get(spoken, "")) if isinstance(arguments, dict) else ""


def _text_of(path: Path) -> str:
    """Return the whole content of a text file."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise AskewError(f"cannot read {path}: {error.strerror or error}") from error
    if len(content) > LARGEST:
        raise AskewError(f"{path} is larger than {LARGEST:,} bytes: cut it into several files")
    if b"\0" in content:
        raise AskewError(f"{path} is not text: it has NUL bytes. Save it as text in UTF-8 first")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise AskewError(f"{path}, line {line}: this is not text in UTF-8. Save the file in UTF-8 first") from error


def _between(path: Path, content: str, begin: str, end: str) -> str:
    """Return the lines between two lines."""
    lines = content.split("\n")
    bare = [line.strip() for line in lines]
    first = _line(path, bare, begin, 0) + 1 if begin else 0
    last = _line(path, bare, end, first) if end else len(lines)
    return "\n".join(lines[first:last])


def _line(path: Path, lines: Sequence[str], wanted: str, start: int) -> int:
    try:
        return lines.index(wanted.strip(), start)
    except ValueError:
        after = f" after line {start}" if start else ""
        raise AskewError(f"{path} has no line {visible(cut(wanted, 60))!r}{after}") from None


def _captions(path: Path, content: str) -> Part:
    """Return captions as one text, with the place and the times of each."""
    found = captions(content)
    if not found and content.strip():
        raise AskewError(f"{path} has no captions: a line such as 00:01.000 --> 00:04.000, and text below it")
    times: list[tuple[int, float, float]] = []
    at = 0
    for one in found:
        times.append((at, one.start, one.end))
        at += len(one.text) + 1
    return Part("", " ".join(one.text for one in found), times)


class _Html(HTMLParser):
    """Collects the text of a page in `found`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._hidden: list[str] = []  # the hidden elements that are open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden.append(tag)
        elif tag == "body":
            self._hidden.clear()  # a head that was never closed ends here
        if tag not in _INLINE:
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._hidden:
            del self._hidden[self._hidden.index(tag) :]
        if tag not in _INLINE:
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.found.append(re.sub(r"\s+", " ", data))
