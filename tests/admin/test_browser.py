"""A replay by hand, in a real browser with JavaScript off, over real HTTP."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, Request, sync_playwright

from cache.models import Entry
from orra.base.strictjson import Json
from planengine.models import Plan
from tests.admin.pages import page_of

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

pytestmark = pytest.mark.skipif(
    not Path(CHROMIUM).exists(), reason="no Chromium: install it, or name it in the variable CHROMIUM"
)


@dataclass
class Visit:
    """What a browser did: where it ended, which hosts it asked, what it did not get, what it read on its way."""

    end: str = ""
    hosts: set[str] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)

    def note(self, request: Request) -> None:
        self.hosts.add(urlsplit(request.url).netloc)
        answer = request.response()
        if answer is None or answer.status >= 400:
            self.failed.append(request.url)


@contextmanager
def browser_page(visit: Visit) -> Iterator[Page]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        page = chromium.new_page(java_script_enabled=False, viewport={"width": 1300, "height": 900})
        page.set_default_timeout(20_000)
        page.on("requestfinished", visit.note)
        page.on("requestfailed", lambda request: visit.failed.append(request.url))
        yield page
        chromium.close()


def replay_by_hand(address: str, look: Callable[[Page, str], None]) -> Visit:
    visit = Visit()
    with browser_page(visit) as page:
        page.goto(f"{address}/admin/")
        page.get_by_label("Username").fill("ada")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        look(page, "index")
        page.locator("#content-main").get_by_role("link", name="Entries").click()
        look(page, "entries")
        page.locator("#result_list tbody").get_by_role("link").first.click()
        look(page, "entry")
        page.get_by_role("link", name="Replay").click()
        page.get_by_label("Action", exact=True).fill("Print 7 labels for order ORD-8 and tell the customer")
        page.get_by_label("order_id", exact=True).fill("ORD-8")
        page.get_by_label("copies", exact=True).fill("seven")
        page.get_by_role("button", name="Preview").click()
        visit.read.append(page.locator(".errorlist").inner_text())
        look(page, "refused")
        page.get_by_label("copies", exact=True).fill("7")
        page.get_by_role("button", name="Preview").click()
        visit.read.append(page.locator("#preview").inner_text())
        look(page, "preview")
        page.get_by_role("button", name="Store as plan").click()
        look(page, "plan")
        visit.end = page.url
    return visit


def test_an_operator_signs_in_and_replays_an_entry(entry: Entry, live_server: Any, tmp_path: Path) -> None:
    User.objects.create_superuser("ada", password=PASSWORD)
    pictures = Path(os.environ.get("SCREENSHOTS", tmp_path))

    def look(page: Page, name: str) -> None:
        page.screenshot(path=pictures / f"{name}.png", full_page=True)

    # In a thread of its own: Playwright runs an event loop, and the ORM refuses to work beside one.
    with ThreadPoolExecutor(1) as thread:
        visit = thread.submit(replay_by_hand, live_server.url, look).result()
    plan = Plan.objects.get()
    assert visit.end == live_server.url + page_of(plan)
    assert (plan.status, plan.source) == ("ready", "replay")
    stored: Json = plan.plan
    assert stored["tasks"][0]["input"] == {"order_id": "ORD-8", "copies": 7}
    refused, previewed = visit.read
    assert "The JSON is malformed" in refused
    assert '"ORD-8"' in previewed
    assert visit.hosts == {urlsplit(live_server.url).netloc}
    assert visit.failed == []
