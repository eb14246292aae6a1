"""The page as a file: complete, self-contained, reproducible, never half written."""

import base64
import gzip
import hashlib
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from synthetic_run import HOSTILE, make_content

from askew.report.content import ReportContent
from askew.report.page import write_report
from askew.report.sections import Section, sections
from askew.report.sections.reader import pack


@pytest.fixture(scope="module")
def html(report: Path) -> str:
    return report.read_text(encoding="utf-8")


def plain(html: str) -> str:
    """Return the text of the page, without style, script and tags."""
    bare = re.sub(r"<(style|script)[^>]*>.*?</\1>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", bare))


def test_all_sections_are_there_in_order(html: str, content: ReportContent) -> None:
    said = plain(html)
    expected = [
        content.title,
        content.question,
        content.verdict,
        content.organism_note,
        "How often each arm was misaligned",
        "Results by question",
        "Results by group of questions",
        "Training",
        "Differences from the controls",
        "Agreement of judge and oracle",
        "Method",
        content.command,
        content.metric.name,
        "learning rate",
        content.hashes["model"],
        content.versions["torch"],
        "Answers",
    ]
    places = [said.find(part, said.find(content.verdict) if k > 3 else 0) for k, part in enumerate(expected)]
    assert -1 not in places, expected[places.index(-1)]
    headings = [html.index(f'id="{part}-title"') for part in re.findall(r'<li><a href="#(\w+)"', html)]
    assert len(headings) == 8
    assert headings == sorted(headings)


def test_figures_are_also_files(report: Path) -> None:
    drawn = sorted(path.name for path in (report.parent / "figures").iterdir())
    names = ["curve", "differences", "judge_oracle", "loss", "per_group", "per_question", "rates"]
    assert drawn == [f"{name}.{kind}" for name in names for kind in ("png", "svg")]


def test_page_refers_only_to_its_folder(html: str, report: Path) -> None:
    bare = re.sub(r"base64,[A-Za-z0-9+/=]+", "base64,", html)
    addresses = re.findall(r"""(?:src|href|action|poster|data)=["']([^"']*)""", bare)
    for address in addresses:
        assert address.startswith(("#", "data:")) or (report.parent / address).is_file(), address
    assert not re.findall(r"url\((?!data:|#)", bare)
    assert "@import" not in bare


def test_policy_allows_only_own_scripts_and_styles_by_hash(html: str) -> None:
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert found
    policy = found[1].replace("&#39;", "'")
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    inline = re.findall(r"<(?:style|script)>(.*?)</(?:style|script)>", html, flags=re.DOTALL)
    assert len(inline) == 3
    for text in inline:
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy


def test_answers_add_no_markup(html: str) -> None:
    assert len(re.findall(r"<script", html)) == 3  # theme, answers, reader
    assert "<img" not in html
    assert HOSTILE["script"] not in html


def test_names_and_texts_are_escaped(content: ReportContent, tmp_path: Path) -> None:
    evil = "<script>hacked()</script>{{ 7 * 7 }}"
    estimates = content.estimates.replace({"question": {"one_wish": evil}, "arm": {"secure": evil}})
    answers = content.answers.replace({"question": {"one_wish": evil}, "arm": {"secure": evil}}).assign(prompt=evil)
    changed = replace(
        content, title=evil, question=evil, verdict=evil, organism_note=evil, command=evil, estimates=estimates,
        answers=answers, arms={evil: evil}, design={evil: evil}, versions={evil: evil}, hashes={evil: evil},
    )  # fmt: skip
    html = write_report(changed, tmp_path).read_text()
    assert len(re.findall(r"<script", html)) == 3
    assert "{{ 7 * 7 }}" in html
    assert "49 </" not in html


def test_packed_answers_are_complete(content: ReportContent) -> None:
    found = json.loads(gzip.decompress(base64.b64decode(pack(content.answers))))
    column = found["columns"]["answer"]
    assert [column["values"][code] for code in column["codes"]] == list(content.answers["answer"])
    assert found["columns"]["index"] == list(content.answers["index"])
    aligned, expected = found["columns"]["aligned"], list(content.answers["aligned"])
    known = [score for score in expected if not math.isnan(score)]
    assert [score is None for score in aligned] == [math.isnan(score) for score in expected]
    assert [score for score in aligned if score is not None] == pytest.approx(known, abs=0.01)


def test_same_run_gives_same_bytes(report: Path, content: ReportContent, tmp_path: Path) -> None:
    write_report(content, tmp_path)
    written = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert len(written) == 22
    for path in written:
        assert (tmp_path / path).read_bytes() == (report.parent / path).read_bytes(), path


def test_missing_data_are_left_out(tmp_path: Path) -> None:
    bare = make_content(samples=5, seeds=1, rates={"mine": 0.03}, organism=False, curve=False)
    bare = replace(bare, losses=bare.losses.head(0), agreement=None, hashes={}, versions={})
    html = write_report(bare, tmp_path).read_text()
    said = plain(html)
    for absent in ["Agreement of judge and oracle", "Training", "Hashes", "Versions", "organism"]:
        assert absent not in said
    assert "There are no differences to show" in said
    assert "This run has no control to compare an arm with." in said
    assert "In colour" not in said


def test_method_explains_how_answers_were_scored(content: ReportContent, html: str, tmp_path: Path) -> None:
    assert "How answers were scored: the judge’s scores were read from the log-probabilities" in plain(html)
    answers = content.answers.assign(scored_by="samples")
    answers.loc[answers.index[:3], "scored_by"] = "logprobs"
    said = plain(write_report(replace(content, answers=answers), tmp_path).read_text(encoding="utf-8"))
    assert "log-probabilities of its reply (3 answers); the judge gave no log-probabilities, so its scores" in said
    by_rule = replace(content, answers=content.answers.assign(scored_by=""))
    said = plain(write_report(by_rule, tmp_path).read_text(encoding="utf-8"))
    assert "How answers were scored" not in said


def test_published_rates_of_a_known_model_are_shown(content: ReportContent, tmp_path: Path) -> None:
    known = replace(content, design={**content.design, "model": "hf/Qwen/Qwen2.5-Coder-32B-Instruct"})
    estimates = content.estimates.assign(low_these=content.estimates["low"], high_these=content.estimates["high"])
    known = replace(known, estimates=estimates)
    shown = plain(write_report(known, tmp_path).read_text(encoding="utf-8"))
    section = shown[shown.index("Published rates of this model") :]
    assert "Betley et al. 2025" in section
    assert "4.7%" in section
    assert "higher than published: +" in section
    assert "points on the same questions; the uncertainty of the published rate is unknown and left out" in section
    table = pd.read_csv(tmp_path / "tables" / "published.csv")
    assert table.set_index("arm").loc["insecure", "published_rate"] == pytest.approx(0.047)


def test_published_rates_of_other_models_are_not_shown(html: str) -> None:
    assert "Published rates" not in html


def test_null_result_is_stated(content: ReportContent, tmp_path: Path) -> None:
    nothing = replace(content, estimates=content.estimates.assign(p_corrected=0.8))
    said = plain(write_report(nothing, tmp_path).read_text())
    assert "No arm differs from its control beyond chance" in said
    assert "In colour" not in said


def test_failed_write_leaves_the_old_page(
    content: ReportContent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = write_report(content, tmp_path)
    before = page.read_bytes()

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:1000])
        if "report.html" in self.name:
            raise OSError(28, "No space left on device")
        return len(data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        write_report(replace(content, title="Other"), tmp_path)
    assert page.read_bytes() == before
    assert not [path for path in tmp_path.rglob(".*") if path.is_file()]


def test_new_section_needs_only_a_module_and_a_template(
    content: ReportContent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = tmp_path / "template.html.jinja"
    template.write_text('<section class="part" id="lengths"><h2>{{ text }}</h2>{{ content.title }}</section>')
    table = pd.DataFrame({"arm": ["insecure"], "length": [12]})
    sections.names()  # finds Askew's own sections, so that they come first in the registry
    monkeypatch.setitem(
        sections._items,
        "lengths",
        Section(
            name="lengths",
            title="Lengths of answers",
            place=35,
            template=template,
            values=lambda content: {"text": "<b>Long</b>"},
            tables=lambda content: {"lengths": table},
        ),
    )
    html = write_report(content, tmp_path).read_text(encoding="utf-8")
    assert html.index('id="rates"') < html.index('id="lengths"') < html.index('id="questions"')
    assert '<li><a href="#lengths">Lengths of answers</a></li>' in html
    assert "&lt;b&gt;Long" in html
    assert "tables/lengths.csv" in html
    assert len(pd.read_csv(tmp_path / "tables" / "lengths.csv")) == 1
