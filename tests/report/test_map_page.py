"""The page of a perspective map in a real Chromium: bars, keys, markers, marked words, hostile text."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import Visit
from playwright.sync_api import Browser, expect

from askew.perspective.axis import axis
from askew.perspective.mapping import Checks, make_map
from askew.perspective.planted import planted
from askew.perspective.scorers import Setting, scorers
from askew.perspective.segments import segments
from askew.perspective.source import Part, Source
from askew.perspective.validation import validate
from askew.perspective.write import write_map

HOSTILE = "</script><img src=x onerror='window.hacked = 1'>\u202eevil\u0007 A risk\U0001f642 and a danger."
SETTING = Setting(axis("risk-opportunity"))


@pytest.fixture(scope="module")
def source() -> Source:
    text = " ".join(one.text for one in planted(3))
    return Source("<b>talk</b>", [Part("<i>one</i>", text), Part("two", HOSTILE)])


@pytest.fixture(scope="module")
def page(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Path:
    scorer = scorers.get("lexicon").make(SETTING)
    checks = Checks(validate("lexicon", scorer, 2))
    mapped = make_map(source, "lexicon", scorer, SETTING, checks=checks)
    return write_map(mapped, tmp_path_factory.mktemp("map"), checks, None)


@pytest.fixture
def shown(chromium: Browser, page: Path) -> Iterator[Visit]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    visit = Visit(context.new_page(), page)
    visit.page.goto(visit.address)
    visit.page.wait_for_selector("#arc[data-ready]")
    yield visit
    context.close()


def test_the_page_makes_no_requests_and_no_complaints(shown: Visit) -> None:
    shown.page.locator(".theme").click()
    assert shown.requests == [shown.address]
    assert shown.complaints == []
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_a_click_on_a_bar_opens_its_segment(shown: Visit, source: Source) -> None:
    count = len(segments(source))
    box = shown.page.locator("#arc svg").bounding_box()
    assert box is not None
    for number in (1, 7, count):
        shown.page.mouse.click(box["x"] + box["width"] * (number - 0.5) / count, box["y"] + box["height"] / 2)
        expect(shown.page.locator("#which")).to_contain_text(f"Segment {number} of {count}")
    assert shown.page.locator("#arc .low, #arc .middle, #arc .high, #arc .none").count() == count


def test_keys_move_from_segment_to_segment(shown: Visit, source: Source) -> None:
    count = len(segments(source))
    arc = shown.page.locator("#arc")
    arc.focus()
    for key, number in (("Home", 1), ("ArrowRight", 2), ("PageUp", 12), ("ArrowLeft", 11), ("End", count)):
        shown.page.keyboard.press(key)
        expect(arc).to_have_attribute("aria-valuenow", str(number))
    assert (arc.get_attribute("aria-valuetext") or "").startswith(f"Segment {count} of {count}: ")
    assert shown.page.locator("#next").is_disabled()


def test_markers_and_addresses_open_segments(shown: Visit) -> None:
    marker = shown.page.locator("[data-segment]").last
    marker.click()
    number = marker.get_attribute("data-segment")
    expect(shown.page.locator("#which")).to_contain_text(f"Segment {number} of")
    assert shown.page.url.endswith(f"#segment={number}")
    shown.page.goto(f"{shown.address}#segment=5")
    expect(shown.page.locator("#which")).to_contain_text("Segment 5 of")


def test_words_that_moved_a_score_are_marked(shown: Visit) -> None:
    shown.page.locator("[data-segment]").first.click()
    marks = shown.page.locator("#text mark.low")
    assert marks.count() >= 2
    expect(shown.page.locator("#why")).to_contain_text(marks.first.inner_text())


def test_hostile_text_is_text(shown: Visit) -> None:
    shown.page.locator("#arc").focus()
    shown.page.keyboard.press("End")
    text = shown.page.locator("#text").text_content() or ""
    assert text.replace("U+202E", "\u202e").replace("U+0007", "\u0007") == HOSTILE
    assert shown.page.locator("#text mark").all_inner_texts() == ["evil", "risk", "danger"]
    assert shown.page.locator("#text img, h1 b, #parts i").count() == 0
    assert shown.page.evaluate("'hacked' in window") is False
    assert shown.complaints == []


def test_text_is_legible_in_both_themes(shown: Visit) -> None:
    luminance = """(colour) => {
      const [r, g, b] = colour.match(/[\\d.]+/g).map((part) => {
        const share = Number(part) / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    }"""
    for scheme in ("light", "dark"):
        shown.page.emulate_media(color_scheme=scheme)
        paper = shown.page.evaluate(f"({luminance})(getComputedStyle(document.body).backgroundColor)")
        for selector, least in (
            (".legend .quiet", 4.5),
            (".ends", 4.5),
            ("#arc .low", 3),
            ("#arc .high", 3),
            ("#arc .middle", 3),
        ):
            name = "fill" if selector.startswith("#arc") else "color"
            found = shown.page.evaluate(f"({luminance})(getComputedStyle(document.querySelector('{selector}')).{name})")
            light, dark = max(paper, found), min(paper, found)
            assert (light + 0.05) / (dark + 0.05) >= least, (scheme, selector)
