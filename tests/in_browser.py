"""A Chromium for tests of pages, and the check that a page fits narrow and wide windows without a complaint."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WINDOWS: tuple[tuple[int, Literal["light", "dark"]], ...] = ((1280, "light"), (390, "dark"))
"""Widths in pixels, and color schemes."""
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")


@pytest.fixture(scope="module")  # while it is open, no event loop can be started, and other modules start some
def chromium() -> Iterator["Browser"]:
    """A Chromium without its background traffic."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        pytest.skip(f"no Chromium found (looked for {', '.join(_NAMES)} on the PATH)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu", *_QUIET])
        yield browser
        browser.close()


def check_fits(browser: "Browser", report: Path, section: str) -> None:
    """Open a page in every window, and check that its section is shown, nothing complains and nothing overflows."""
    for width, scheme in WINDOWS:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page, complaints = context.new_page(), []
        page.on("console", lambda message, said=complaints: said.append(message.text))
        page.on("pageerror", lambda error, said=complaints: said.append(str(error)))
        page.goto(f"{report.as_uri()}#{section}")
        page.locator(f"#{section}").scroll_into_view_if_needed()
        assert page.locator(f"#{section}").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert not complaints
        context.close()
