"""A report that many tests share, and a Chromium to open it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import Visit
from playwright.sync_api import Browser, sync_playwright
from synthetic_run import make_content

from askew.report.content import ReportContent
from askew.report.page import write_report

QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]


@pytest.fixture(scope="session")
def content() -> ReportContent:
    """A small run of the default design with some hostile answers."""
    return make_content(samples=20, hostile=True)


@pytest.fixture(scope="session")
def report(content: ReportContent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of that run."""
    return write_report(content, tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")  # while it is open, no event loop can be started, and other modules start some
def chromium() -> Iterator[Browser]:
    """A Chromium without its background traffic."""
    names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip(f"no Chromium found (looked for {', '.join(names)} on the PATH)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu", *QUIET])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, report: Path) -> Iterator[Visit]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    yield Visit(context.new_page(), report)
    context.close()
