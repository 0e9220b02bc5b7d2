"""A real browser over real HTTP, with JavaScript off unless a test wants it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from playwright.sync_api import Browser, Page, Request, Response, ViewportSize, sync_playwright

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
    "--enable-blink-features=ComputedAccessibilityInfo",  # what an element is called for who cannot see it
)
PASSWORD = "a long password for tests"
DESK: ViewportSize = {"width": 1300, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}

T = TypeVar("T")


@dataclass
class Visit:
    """What a browser did: where it ended, what a test read on its way, what it did not get, which other hosts it
    asked, and what its console said of errors."""

    address: str
    end: str = ""
    read: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("request", self._note_host)
        page.on("response", self._note_status)
        page.on("requestfailed", self._note_failure)
        page.on(
            "console",
            lambda said: self.errors.append(f"{page.url}: {said.text}") if said.type == "error" else None,
        )
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _note_host(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme != "data" and f"{parts.scheme}://{parts.netloc}" != self.address:
            self.strangers.append(request.url)

    def _note_status(self, answer: Response) -> None:
        if answer.status >= 400:
            self.failed.append(answer.url)

    def _note_failure(self, request: Request) -> None:
        """What a page was still asking for when it was left is no failure."""
        if request.failure != "net::ERR_ABORTED":
            self.failed.append(request.url)


# Takes a picture by this name.
Look = Callable[[str], None]
ByHand = Callable[[Page, Visit, Look], None]


class Browse(Protocol):
    """What somebody does ``by_hand``, signed in as ada (unless ``signed_in`` is false). It fails where a page was
    not there, an error was logged, or another host was asked."""

    def __call__(self, by_hand: ByHand, *, scripts: bool = False, signed_in: bool = True) -> Visit: ...


class Chromium:
    """One browser for many tests, in a thread of its own: Playwright runs an event loop, and the ORM refuses to
    work beside one. Each visit has its own cookies and storage."""

    def __init__(self, thread: ThreadPoolExecutor, browser: Browser) -> None:
        self._thread, self._browser = thread, browser

    def visit(self, address: str, session: str, by_hand: ByHand, *, scripts: bool) -> Visit:
        return self._thread.submit(self._visit, address, session, by_hand, scripts).result()

    def _visit(self, address: str, session: str, by_hand: ByHand, scripts: bool) -> Visit:
        context = self._browser.new_context(base_url=address, java_script_enabled=scripts, viewport=DESK)
        if session:
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": address}])
        visit = Visit(address)
        try:
            page = context.new_page()
            page.set_default_timeout(20_000)
            visit.watch(page)
            by_hand(page, visit, lambda name: _picture(page, name))
            visit.end = page.url.removeprefix(address)
        finally:
            context.close()
        assert (visit.failed, visit.errors, visit.strangers) == ([], [], [])
        return visit


@contextmanager
def started() -> Iterator[Chromium]:
    with ThreadPoolExecutor(1) as thread:
        playwright = thread.submit(lambda: sync_playwright().start()).result()
        try:
            launch = playwright.chromium.launch
            browser = thread.submit(lambda: launch(executable_path=CHROMIUM, args=list(ARGUMENTS))).result()
            yield Chromium(thread, browser)
            thread.submit(browser.close).result()
        finally:
            thread.submit(playwright.stop).result()


def in_database(work: Callable[[], T]) -> T:
    """Done beside a browser, whose event loop the ORM refuses to work with."""

    def do() -> T:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(do).result()


def in_all_lights(page: Page, look: Look, name: str) -> None:
    """Pictures in light and dark, on a desk and on a phone, where nothing may be wider than the screen."""
    for size, where in ((PHONE, "-phone"), (DESK, "")):
        page.set_viewport_size(size)
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            look(f"{name}{where}-{scheme}")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= size["width"], f"{name} is {wide} pixels wide of {size['width']}"


def _picture(page: Page, name: str) -> None:
    """Into the folder that ``SCREENSHOTS`` names; nobody looks at pictures otherwise."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
