"""A real Chromium: how it is started, and what a visitor sees, asks and complains of."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

CHROMIUM = os.environ.get("RAKKAN_CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Visit:
    """A visitor with a fresh profile; what their browser complains of, and whom it asks, is kept."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.page: Page = context.new_page()
        self.url = url
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on(
            "console", lambda each: self.said.append(each.text) if each.type in ("error", "warning") else None
        )
        self.page.on("pageerror", lambda each: self.said.append(str(each)))
        self.page.on("request", lambda each: self.asked.append(each.url))

    def open(self, path: str = "/") -> Page:
        self.page.goto(self.url + path)
        return self.page

    def verify(self, path: Path) -> Page:
        self.open()
        self.page.set_input_files("#picture", path)
        self.page.get_by_role("button", name="Verify").click()
        expect(self.page.locator("h1.sentence")).to_be_visible()
        return self.page

    @property
    def sentence(self) -> str:
        return self.page.locator("h1.sentence").inner_text()

    def shot(self, name: str) -> None:
        folder = os.environ.get("RAKKAN_SCREENSHOTS")
        if folder:
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    def check(self) -> None:
        """Nothing leaves this machine, nothing is complained of, nothing is wider than the window."""
        elsewhere = [
            each for each in self.asked if not each.startswith((self.url, f"blob:{self.url}", "data:"))
        ]
        assert elsewhere == []
        wide = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0, f"the page is {wide} px wider than the window"
        noise = [
            each for each in self.said if "404" not in each and "422" not in each
        ]  # of the document itself
        assert noise == []
