"""A report opened in a browser."""

from pathlib import Path

from playwright.sync_api import Page


class Visit:
    """A page, with its network requests and its console messages and errors."""

    def __init__(self, page: Page, report: Path) -> None:
        self.page = page
        self.address = report.as_uri()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, fragment: str = "") -> Page:
        """Open the report and wait for its reader."""
        self.page.goto(f"{self.address}{fragment}")
        self.page.wait_for_selector("#reader[data-ready]", state="attached")
        return self.page

    def count(self) -> int:
        """Return the number of answers that the reader says it shows."""
        return int(self.page.locator(".count strong").inner_text().replace(",", ""))
