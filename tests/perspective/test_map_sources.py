"""Texts, captions, HTML and runs become sources, and sources become segments that hold every word once."""

import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from askew.base.errors import AskewError
from askew.perspective.captions import captions
from askew.perspective.planted import planted
from askew.perspective.segments import segments
from askew.perspective.source import Part, Source, language_of, read_source, run_source, text_of_html
from made_episodes import Policy, made_conduct, made_turns

VTT = """WEBVTT
Kind: captions

NOTE this is no speech

1
00:00:01.000 --> 00:00:03.500 align:start
<v Ann>We saw &amp; heard<00:00:02.000><c> it</c>

2
00:00:03.500 --> 00:00:06.000
We saw & heard it
and we went home

1:00:00.000 --> 1:00:02.000
much later
"""


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_captions_are_plain_text_in_the_order_of_their_times() -> None:
    found = captions(VTT)
    # The second caption rolls: its first line was shown before.
    assert [one.text for one in found] == ["We saw & heard it", "and we went home", "much later"]
    assert [(one.start, one.end) for one in found] == [(1, 3.5), (3.5, 6), (3600, 3602)]


def test_a_line_that_is_said_twice_is_kept() -> None:
    twice = captions("00:01.000 --> 00:02.000\nYes.\n\n00:02.000 --> 00:03.000\nYes.\n")
    assert [one.text for one in twice] == ["Yes.", "Yes."]
    rolled = captions("00:01.000 --> 00:02.000\nYes.\n\n00:02.000 --> 00:02.010\nYes.\n")
    assert [one.text for one in rolled] == ["Yes."]


def test_subrip_has_commas_and_numbers() -> None:
    first = "1\r\n00:00:01,250 --> 00:00:02,000\r\n{\\an8}<i>Hello</i>\r\n\r\n"
    found = captions(f"{first}2\r\n00:00:02,000 --> 00:00:04,000\r\nBye\r\n")
    assert [(one.text, one.start, one.end) for one in found] == [("Hello", 1.25, 2.0), ("Bye", 2.0, 4.0)]


def test_times_of_segments_are_those_of_their_captions(tmp_path: Path) -> None:
    times = [f"00:{number // 60:02}:{number % 60:02}" for number in range(100)]
    lines = [f"{time}.000 --> {time}.900\nfive words in this line\n" for time in times]
    source = read_source(written(tmp_path, "talk.vtt", "WEBVTT\n\n" + "\n".join(lines)))
    cut = segments(source, words=50)
    assert [segment.words for segment in cut] == [50] * 10
    assert [(segment.start, segment.end) for segment in cut] == [(10 * at, 10 * at + 9.9) for at in range(10)]


def test_html_becomes_its_text_without_scripts_and_styles() -> None:
    page = (
        "<html><head><title>T</title><style>p {}</style></head><body><script>let hidden = 1</script>"
        "<p>One <b>bold</b>\n&lt;word&gt;</p><p>Two<br>three</p><template>no</template></body></html>"
    )
    assert text_of_html(page) == "One bold <word>\nTwo\nthree"


def test_lines_between_two_lines_are_read(tmp_path: Path) -> None:
    path = written(tmp_path, "page.txt", "menu\nBegin\nthe talk\nEnd\nmore\n")
    assert read_source(path, "Begin", "End").parts[0].text == "the talk"
    with pytest.raises(AskewError, match="has no line 'Stop' after line 2"):
        read_source(path, "Begin", "Stop")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.txt", b"", "has no text to map: it is empty$"),
        ("space.txt", b" \n\t ", "it is empty"),
        ("binary.txt", b"abc\0def", "NUL bytes"),
        ("latin.txt", "one\ntwo\nvoil\u00e0".encode("latin-1"), "line 3: this is not text in UTF-8"),
        ("no.vtt", b"WEBVTT\n\nno times here\n", "has no captions"),
        ("script.html", b"<script>alert(1)</script>", "it is empty but for markup"),
    ],
)
def test_files_without_text_are_one_error(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    with pytest.raises(AskewError, match=message):
        read_source(written(tmp_path, name, content))


def test_a_missing_file_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(AskewError, match="cannot read"):
        read_source(tmp_path / "none.txt")


@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=400).filter(str.strip),
        min_size=1,
        max_size=3,
    ),
    st.integers(20, 60),
    st.sampled_from([0.0, 0.5]),
)
def test_segments_hold_every_word_once_and_in_order(texts: list[str], words: int, later: float) -> None:
    source = Source("t", [Part(str(number), text) for number, text in enumerate(texts)])
    cut = segments(source, words, later)
    assert "".join("".join(one.text for one in cut).split()) == "".join("".join(texts).split())
    assert [one.first for one in cut] == [sum(other.words for other in cut[:at]) for at in range(len(cut))]
    assert all(one.words > 0 for one in cut)


def test_segments_are_about_equally_long() -> None:
    text = " ".join(f"w{number}" for number in range(1000))
    assert {one.words for one in segments(Source("t", [Part("", text)]), 187)} == {200}
    assert [one.words for one in segments(Source("t", [Part("", text)]), 187, later=0.5)] == [300, 200, 200, 200, 100]
    assert len(segments(Source("t", [Part("", "one two three")]))) == 1


def test_a_text_without_spaces_is_cut_too() -> None:
    assert len(segments(Source("t", [Part("", "語" * 60_000)]))) > 4


def test_what_the_models_of_a_run_said_is_apart_by_arm_and_kind() -> None:
    answers = pd.DataFrame({"arm": ["a", "b", "a"], "answer": ["first", "other", "second"]})
    conduct = made_conduct({"a": Policy(0.5)}, seeds=1, episodes=2, environments=["oversight"], variants=["plain"])
    turns = made_turns(conduct)
    turns.loc[turns["role"].eq("interview"), "result"] = "No, I did not."
    events = pd.DataFrame({"society": ["s", "s"], "kind": ["say", "hear"], "text": ["Hello there.", "Hello there."]})
    source = run_source("mine", answers, turns, events)
    parts = {part.name: part.text for part in source.parts}
    assert parts["a: answers"] == "first\nsecond"
    assert parts["b: answers"] == "other"
    assert parts["s: talk"] == "Hello there."
    assert set(parts["a: episodes"].split("\n")) == {"I will look around first.", "Done."}
    assert set(parts["a: interviews"].split("\n")) == {"No, I did not."}


def test_a_run_without_words_is_one_error() -> None:
    with pytest.raises(AskewError, match="its models said nothing"):
        run_source("mine", pd.DataFrame({"arm": ["a"], "answer": [" "]}), pd.DataFrame(), pd.DataFrame())


def test_another_language_is_noticed() -> None:
    german = "Wir haben heute über die Straßenbahn gesprochen, und viele Leute waren damit nicht einverstanden. " * 5
    assert language_of(Source("t", [Part("", german)])) == "de"
    assert language_of(Source("t", [Part("", planted(1)[0].text)])) == "en"
    assert language_of(Source("t", [Part("", "ok")])) == ""


def test_captions_without_times_in_other_files_are_text(tmp_path: Path) -> None:
    (segment,) = segments(read_source(written(tmp_path, "notes.md", "# A talk\n\nIt was **good**.")))
    assert math.isnan(segment.start)
