"""A real browser over real HTTP, with JavaScript off unless a test wants it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PASSWORD = "a long password for tests"
# Takes a picture by this name.
Look = Callable[[str], None]

needs_chromium = pytest.mark.skipif(
    not Path(CHROMIUM).exists(), reason="no Chromium: install it, or name it in the variable CHROMIUM"
)


@dataclass
class Visit:
    """What a browser did: where it ended, which hosts it asked, what it did not get, what it read on its way, and
    what its console said of errors."""

    end: str = ""
    hosts: set[str] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def note(self, request: Request) -> None:
        self.hosts.add(urlsplit(request.url).netloc)
        answer = request.response()
        if answer is None or answer.status >= 400:
            self.failed.append(request.url)

    def note_failure(self, request: Request) -> None:
        """What a page was still asking for when it was left is no failure."""
        if request.failure != "net::ERR_ABORTED":
            self.failed.append(request.url)


@contextmanager
def browser_page(visit: Visit, *, scripts: bool = False) -> Iterator[Page]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        page = chromium.new_page(java_script_enabled=scripts, viewport={"width": 1300, "height": 900})
        page.set_default_timeout(20_000)
        page.on("requestfinished", visit.note)
        page.on("requestfailed", visit.note_failure)
        page.on(
            "console",
            lambda said: visit.errors.append(f"{page.url}: {said.text}") if said.type == "error" else None,
        )
        page.on("pageerror", lambda error: visit.errors.append(str(error)))
        yield page
        chromium.close()


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/admin/")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def browse(
    address: str,
    pictures: Path,
    by_hand: Callable[[Page, Visit, Look], None],
    *,
    scripts: bool = False,
) -> Visit:
    """What ``by_hand`` does after ada has signed in; it takes pictures by name, into ``SCREENSHOTS`` if it is set.
    In a thread of its own: Playwright runs an event loop, and the ORM refuses to work beside one."""
    folder = Path(os.environ.get("SCREENSHOTS", pictures))

    def visit_pages() -> Visit:
        visit = Visit()
        with browser_page(visit, scripts=scripts) as page:
            sign_in(page, address)
            by_hand(page, visit, lambda name: _picture(page, folder / f"{name}.png"))
            visit.end = page.url
        return visit

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(visit_pages).result()


def _picture(page: Page, path: Path) -> None:
    page.screenshot(path=path, full_page=True)
