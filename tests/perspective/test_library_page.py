"""The page of a podcast library whose map this one follows: its segments, and its footer beside ours."""

from pathlib import Path

import pytest

from askew.perspective.axis import axis
from askew.perspective.mapping import PerspectiveMap, make_map
from askew.perspective.scorers import Setting, scorers
from askew.perspective.segments import segments
from askew.perspective.source import Source, read_source

BEGIN, END = "Show full transcript", "Related conversations"
# Its footer: "124 full-transcript segments: median 0 · mean -6 · … · 17% risk-forward, 83% mixed, 0% opportunity-…".
PUBLISHED = {"segments": 124, "median": 0, "mean": -6, "low": 0.17, "high": 0.0}


@pytest.fixture(scope="module")
def page(published: Path) -> Source:
    path = published / "transcript" / "library-page.txt"
    if not path.is_file():
        pytest.skip(f"no library page: there is no file {path}")
    return read_source(path, BEGIN, END)


@pytest.fixture(scope="module")
def mapped(page: Source) -> PerspectiveMap:
    setting = Setting(axis("risk-opportunity"))
    return make_map(page, "lexicon", scorers.get("lexicon").make(setting), setting)


def test_segments_of_187_words_are_as_many_as_the_page_says(page: Source) -> None:
    cut = segments(page)
    assert len(cut) == PUBLISHED["segments"]
    assert {one.words for one in cut} == {186, 187}
    assert 980 < sum(len(one.text) for one in cut) / len(cut) < 995
    # The number pins the rule down to a word, and 190 words would give two segments fewer.
    assert [len(segments(page, words)) for words in (185, 186, 188, 190)] == [125, 124, 123, 122]


def test_the_transcript_ends_where_the_talk_does(page: Source) -> None:
    text = page.parts[0].text
    assert text.startswith("Hello everybody.")
    assert "Slice bands" not in text


def test_the_footer_stands_beside_the_published_one(mapped: PerspectiveMap) -> None:
    ours = mapped.as_zero  # that page knows no segment without evidence
    rows = {"median": ours.median, "mean": ours.mean, "low": ours.low, "high": ours.high}
    print("\n".join(f"{name}: ours {value:.2f}, published {PUBLISHED[name]}" for name, value in rows.items()))
    # The lexicon was not fitted to the page. Both find a text that leans to risk and hardly ever to opportunity; ours
    # finds far more of it, because "misaligned", "malicious" and "insecure" are what this talk is about.
    assert ours.mean < 0
    assert ours.low > PUBLISHED["low"]
    assert ours.high < 0.15
    assert ours.lowest < -38
    assert mapped.figures.n - mapped.figures.scored > 10
