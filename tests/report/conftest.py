"""A report that many tests share, opened in Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import Visit
from playwright.sync_api import Browser
from synthetic_run import make_content

from askew.report.content import ReportContent
from askew.report.page import write_report


@pytest.fixture(scope="session")
def content() -> ReportContent:
    """A small run of the default design with some hostile answers."""
    return make_content(samples=20, hostile=True)


@pytest.fixture(scope="session")
def report(content: ReportContent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of that run."""
    return write_report(content, tmp_path_factory.mktemp("run"))


@pytest.fixture
def visit(chromium: Browser, report: Path) -> Iterator[Visit]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    yield Visit(context.new_page(), report)
    context.close()
