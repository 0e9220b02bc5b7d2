"""A replay by hand, in a real browser with JavaScript off, over real HTTP."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import BrowserContext, Request, sync_playwright

from cache.models import Entry
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

pytestmark = pytest.mark.skipif(
    not Path(CHROMIUM).exists(), reason="no Chromium: install it, or name it in the variable CHROMIUM"
)


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[BrowserContext]:
    # Playwright runs an event loop in this thread, and Django takes that for asynchronous code.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield chromium.new_context(java_script_enabled=False, viewport={"width": 1300, "height": 900})
        chromium.close()


def test_an_operator_signs_in_and_replays_an_entry(
    entry: Entry, live_server: Any, browser: BrowserContext, tmp_path: Path
) -> None:
    User.objects.create_superuser("ada", password="a long password for tests")
    hosts: set[str] = set()
    failed: list[str] = []

    def note(request: Request) -> None:
        hosts.add(urlsplit(request.url).netloc)
        answer = request.response()
        if answer is None or answer.status >= 400:
            failed.append(request.url)

    page = browser.new_page()
    page.on("requestfinished", note)
    page.on("requestfailed", lambda request: failed.append(request.url))

    def look(name: str) -> None:
        page.screenshot(path=Path(os.environ.get("SCREENSHOTS", tmp_path)) / f"{name}.png", full_page=True)

    page.goto(live_server.url + "/admin/")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("a long password for tests")
    page.get_by_role("button", name="Log in").click()
    look("index")
    page.locator("#content-main").get_by_role("link", name="Entries").click()
    look("entries")
    page.locator("#result_list").get_by_role("link").first.click()
    look("entry")
    page.get_by_role("link", name="Replay").click()
    page.get_by_label("Action", exact=True).fill("Print 7 labels for order ORD-8 and tell the customer")
    page.get_by_label("order_id", exact=True).fill("ORD-8")
    page.get_by_label("copies", exact=True).fill("seven")
    page.get_by_role("button", name="Preview").click()
    assert "The JSON is malformed" in page.locator(".errorlist").inner_text()
    page.get_by_label("copies", exact=True).fill("7")
    page.get_by_role("button", name="Preview").click()
    assert '"ORD-8"' in page.locator("#preview").inner_text()
    look("replay")
    page.get_by_role("button", name="Store as plan").click()
    plan = Plan.objects.get()
    assert page.url == live_server.url + page_of(plan)
    look("plan")
    assert (plan.source, plan.plan["tasks"][0]["input"]) == ("replay", {"order_id": "ORD-8", "copies": 7})
    assert hosts == {urlsplit(live_server.url).netloc}
    assert failed == []
