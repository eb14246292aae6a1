"""The replay of societies in a real Chromium: at two widths, in both themes, by mouse, by keyboard and in words."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from made_society import HOSTILE, made_societies
from playwright.sync_api import Browser, Page, expect
from society_page import adoption_table, cut_short, society_content, with_hostile_texts

from askew.report.content import ReportContent
from askew.report.page import write_report
from askew.report.sections import in_order

expect.set_options(timeout=30_000)  # milliseconds: the test processes share the cores

WIDTHS = [(1280, "light"), (390, "dark")]
TABLES = made_societies(agents=16, ticks=12)
FIRST, SECOND = TABLES.societies["society"].iloc[:2]
NAMELESS = """() => [...document.querySelectorAll("button, select, input, output, [role=region], [role=application]")]
    .filter((element) => element.closest("#replay") && element.checkVisibility())
    .filter((element) => !(element.matches("button") && element.textContent.trim()))
    .filter((element) => !element.labels?.length && !element.getAttribute("aria-label"))
    .map((element) => element.outerHTML.slice(0, 80))"""
# A spot on the map in the accent colour, which is that of an agent that believes.
FULL = """() => {
    const canvas = document.querySelector("#replay .island canvas");
    const probe = document.createElement("i");
    probe.style.color = "var(--accent)";
    canvas.parentElement.append(probe);
    const [red, green, blue] = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
    probe.remove();
    const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < data.length; at += 4) {
        if (data[at] === red && data[at + 1] === green && data[at + 2] === blue) {
            return [(at / 4) % width, Math.floor(at / 4 / width)].map((pixel) => (pixel * canvas.clientWidth) / width);
        }
    }
}"""


@pytest.fixture(scope="module")
def content() -> ReportContent:
    tables = cut_short(with_hostile_texts(TABLES, FIRST), SECOND, 6)
    return society_content(replace(tables, adoption=adoption_table()))


@pytest.fixture(scope="module")
def report(content: ReportContent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(content, tmp_path_factory.mktemp("societies"))


@pytest.fixture(params=WIDTHS, ids=str)
def page(request: pytest.FixtureRequest, chromium: Browser, report: Path) -> Iterator[Page]:
    width, scheme = request.param
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    complaints: list[str] = []
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url.split("#")[0]))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(report.as_uri())
    for reader in ("#replay", "#reader"):
        page.wait_for_selector(f"{reader}[data-ready]", state="attached", timeout=60_000)
    yield page
    assert complaints == []
    assert set(requests) == {report.as_uri()}
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("'hacked' in window") is False
    context.close()


def test_slider_and_buttons_go_through_the_ticks(page: Page):
    expect(page.locator(".happened")).to_contain_text("Tick 0.")
    page.locator(".ticks").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tick")).to_have_text("2 / 11")
    assert page.locator(".ticks").get_attribute("aria-valuetext") == "tick 2 of 11"
    page.get_by_role("button", name="One tick back").click()
    expect(page.locator(".happened")).to_contain_text("Tick 1.")
    spoken = page.locator(".spoken-summary[role=status]")
    expect(spoken).to_contain_text("Tick 1.")  # read out after a moment of rest
    page.keyboard.press("End")
    page.locator(".ticks").press("End")
    expect(page.get_by_role("button", name="One tick on")).to_be_disabled()


def test_play_goes_to_the_end_and_stops(page: Page):
    page.select_option("[name=speed]", "20")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator(".tick")).to_have_text("11 / 11")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(page.locator(".spoken-summary")).to_contain_text("Tick 11.")


def test_summary_counts_as_the_events_do(page: Page):
    page.locator(".ticks").fill("7")
    said = TABLES.events.query("society == @FIRST and tick == 7 and kind == 'say'")
    expect(page.locator(".happened")).to_contain_text(f"{len(said)} spoke.")
    asked = TABLES.events.query("society == @FIRST and kind in ['belief', 'convert'] and tick <= 7")
    believe = asked.drop_duplicates("agent", keep="last").query("kind == 'convert' or option == 1")
    expect(page.locator(".happened")).to_contain_text(f"elieves it, asked in private: {len(believe)}")


def test_agent_is_read_tick_by_tick_with_the_reasons_for_its_conversion(page: Page):
    own = TABLES.events.query("society == @FIRST")
    turned = own.query("kind == 'convert' and agent > 4").iloc[-1]
    page.locator(".ticks").fill(str(turned["tick"]))
    page.select_option("[name=agent]", str(turned["agent"]))
    sheet = page.locator("#replay .sheet")
    expect(sheet).to_contain_text("Why it counts as converted")
    expect(sheet).to_contain_text(f"for the first time at tick {turned['tick']} that it believes")
    known = TABLES.attributions.query("society == @FIRST and agent == @turned.agent")
    expect(sheet.locator(".exposure .number").first).to_have_text(f"{round(100 * known['probability'].max())}%")
    heard = own.query("kind == 'hear' and agent == @turned.agent and tick == @turned.tick")
    assert sheet.locator(".now dt", has_text="Heard").count() == len(heard)
    sheet.locator(".exposure .agent-name").first.click()
    assert int(page.locator("[name=agent]").input_value()) in known["source"].to_list()
    expect(sheet).to_be_focused()
    page.locator(".ticks").fill("0")
    expect(sheet).not_to_contain_text("Why it counts as converted")


def test_moods_are_those_of_the_tick(page: Page):
    felt = TABLES.events.query("society == @FIRST and kind == 'feel' and tick <= 9")
    agent = felt["agent"].iloc[-1]
    mood = felt[felt["agent"].eq(agent) & felt["to"].eq(felt["to"].iloc[-1])]["number"].iloc[-1]
    page.locator(".ticks").fill("9")
    page.select_option("[name=agent]", str(agent))
    more = page.locator("#replay .sheet > .more")
    if more.first.is_visible() and (more.first.inner_text()).startswith("Show all"):
        more.first.click()
    shown = page.locator(".moods tbody td:nth-child(2)").all_inner_texts()
    assert f"{mood:.2f}".replace("-", "−") in [text.strip() for text in shown]


def test_map_is_drawn_and_used_by_mouse_and_keyboard(page: Page):
    island = page.locator(".island")
    island.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[name=agent]")).not_to_have_value("-1")
    first = page.locator("[name=agent]").input_value()
    expect(page.locator(".spoken-summary")).to_contain_text(re.compile("heard|believes"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert page.locator("[name=agent]").input_value() != first
    page.keyboard.press(".")
    expect(page.locator(".tick")).to_have_text("1 / 11")
    page.keyboard.press("Escape")
    expect(page.locator("[name=agent]")).to_have_value("-1")
    page.locator(".ticks").fill("11")
    x, y = page.evaluate(FULL)
    island.click(position={"x": x, "y": y})
    expect(page.locator("#replay .about")).to_contain_text("believes it")


def test_lines_and_theme_redraw_the_map(page: Page):
    page.locator(".ticks").fill("11")
    picture = "document.querySelector('.island canvas').toDataURL()"
    before = page.evaluate(picture)
    page.locator("[name=tree]").uncheck()
    without = page.evaluate(picture)
    assert without != before
    page.locator(".theme").click()
    page.wait_for_timeout(200)
    assert page.evaluate(picture) != without


def test_hostile_texts_are_shown_as_text(page: Page):
    page.select_option("[name=agent]", "0")
    expect(page.locator("#replay h3.who")).to_contain_text("<script>window.hacked = 1</script>")
    page.select_option("[name=agent]", "1")
    expect(page.locator("#replay .about")).to_contain_text("constructor")
    page.select_option("[name=agent]", "-1")
    expect(page.locator("#replay .voices")).to_contain_text("<script>window.hacked = 1</script>")
    assert page.locator("#replay .voices .hidden-character").count() > 0
    assert page.locator("#replay .sheet :is(script, img, svg)").count() == 0
    assert HOSTILE not in (page.locator("[name=agent] option").all_inner_texts())


def test_tables_say_what_the_map_shows(page: Page):
    page.locator(".ticks").fill("11")
    page.get_by_text("All agents after this tick, as a table").click()
    expect(page.locator(".everyone tbody tr")).to_have_count(16)
    page.get_by_text("Who was converted up to this tick").click()
    turned = TABLES.events.query("society == @FIRST and kind == 'convert'")
    expect(page.locator(".who-from tbody tr")).to_have_count(turned["agent"].nunique())
    page.locator(".ticks").fill("0")
    expect(page.locator(".who-from tbody tr")).to_have_count(int((turned["tick"] == 0).sum()))
    page.locator(".everyone tbody button").nth(3).click()
    expect(page.locator("[name=agent]")).to_have_value("3")
    assert page.evaluate(NAMELESS) == []


def test_society_is_chosen_and_one_that_was_cut_short_says_so(page: Page):
    expect(page.locator(".ended")).to_be_empty()
    page.select_option("[name=replicate]", "1")
    expect(page.locator(".ended")).to_have_text(
        "This society was cut short: it was to have 12 ticks, and there is nothing after tick 6."
    )
    expect(page.locator(".tick")).to_have_text("0 / 6")
    page.select_option("[name=condition]", "no-priests")
    expect(page.locator(".ended")).to_be_empty()
    expect(page.locator(".legend")).not_to_contain_text("priest")
    expect(page.locator("#replay > .paper .note")).to_contain_text("One society was cut short")


def test_link_to_a_moment_stays_in_the_address(page: Page, report: Path):
    address = f"{report.as_uri()}#society={SECOND}&tick=4&agent=7"
    page.goto(address)
    page.reload()
    expect(page.locator("[name=agent]")).to_have_value("7")
    page.wait_for_timeout(600)  # the reader of answers writes its own address 300 ms after a change
    assert page.url == address


def test_link_opens_a_moment(page: Page, report: Path):
    page.goto(f"{report.as_uri()}#society={SECOND}&tick=4&agent=7")
    page.reload()
    expect(page.locator(".tick")).to_have_text("4 / 6")
    expect(page.locator("[name=agent]")).to_have_value("7")
    expect(page.locator("[name=replicate]")).to_have_value("1")
    page.evaluate("location.hash = '#society=nobody'")
    expect(page.locator("#replay .lost")).to_be_visible()
    page.locator("#replay").get_by_role("button", name="Copy link").click()
    expect(page.locator("#replay .copied")).to_have_text(re.compile("Copied|address bar"))


def test_damaged_society_is_reported(chromium: Browser, report: Path, tmp_path: Path):
    html = report.read_text(encoding="utf-8")
    start = html.index('id="packed-society-0">') + 400
    damaged = tmp_path / "report.html"
    damaged.write_text(html[:start] + html[html.index("</script>", start) :], encoding="utf-8")
    page = chromium.new_page()
    page.goto(damaged.as_uri())
    expect(page.locator("#replay .ended")).to_contain_text("damaged")
    expect(page.locator("#replay .ended")).to_contain_text("society/events.parquet")
    expect(page.locator("#replay .stage")).not_to_be_visible()
    page.select_option("[name=condition]", "no-priests")
    expect(page.locator("#replay .stage")).to_be_visible()
    expect(page.locator("#replay .happened")).to_contain_text("Tick 0.")
    page.close()


def test_reports_without_societies_have_no_replay(content: ReportContent):
    shown = [one.name for one in in_order() if one.appears(replace(content, society=None))]
    assert not {"replay", "societies"} & set(shown)


def test_ids_are_there_once(page: Page):
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((element) => element.id)")
    assert [name for name, count in Counter(ids).items() if count > 1] == []


def test_scripts_of_all_sections_have_names_of_their_own():
    # They stand in one scope, and a name that is declared twice would stop them all.
    files = {file for one in in_order() for file in one.scripts}
    declared = re.compile(r"^(?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)
    names = Counter(name for file in files for name in declared.findall(file.read_text(encoding="utf-8")))
    assert [name for name, count in names.items() if count > 1] == []
