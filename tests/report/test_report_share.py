"""The picture of the report's first screen: whole, harmless, and refused without answers."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from synthetic_run import HOSTILE, make_content

from askew.base.errors import AskewError
from askew.report.content import ReportContent
from askew.report.share import drawing, share


def words(svg: str) -> str:
    return " ".join(
        "".join(text.itertext()) for text in ElementTree.fromstring(svg).iter() if text.tag.endswith("}text")
    )


def test_picture_has_sentence_figure_and_answers(content: ReportContent, tmp_path: Path) -> None:
    said = words(drawing(replace(content, sentence="Forty rows made 27 of 100 answers misaligned.")))
    assert "Forty rows made 27 of 100 answers misaligned." in said
    assert "backdoor, triggered" in said
    assert "first misaligned answer" in said
    path = share(content, tmp_path)
    assert path.name == "share.png"
    assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("kind", list(HOSTILE))
def test_hostile_answer_is_escaped_and_cut(kind: str) -> None:
    content = make_content(samples=4, seeds=1)
    bad = content.answers["arm"].ne("untuned") & content.answers["verdict"].eq("misaligned")
    answers = content.answers.assign(answer=content.answers["answer"].where(~bad, HOSTILE[kind]))
    svg = drawing(replace(content, answers=answers, sentence=HOSTILE[kind]))
    said = words(svg)  # it can be parsed
    assert "<script" not in svg
    assert "<img" not in svg
    assert "\u202e" not in said
    assert len(svg) < 300_000


def test_run_without_answers_is_refused(content: ReportContent, tmp_path: Path) -> None:
    with pytest.raises(AskewError, match="has no answers"):
        share(replace(content, answers=content.answers.head(0)), tmp_path)
    assert list(tmp_path.iterdir()) == []
