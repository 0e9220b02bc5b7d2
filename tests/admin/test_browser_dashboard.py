"""The dashboard in a real browser, with JavaScript on and the strict Content-Security-Policy of the admin."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page

from planengine.accounting import tallies
from planengine.models import AlertRule, Plan, Project
from tests.admin.browsing import Look, Visit, browse, needs_chromium
from tests.admin.dashboard_rows import a_day, processes

pytestmark = needs_chromium

DESK, PHONE = {"width": 1300, "height": 900}, {"width": 390, "height": 844}
HOSTILE = "<script>document.title='run'</script>‮<img src=x onerror=alert(1)>"


def is_drawn(page: Page, plot: str) -> bool:
    """A canvas that has a size, and something on it."""
    script = """id => {
        const canvas = document.querySelector(`#${id} canvas`);
        if (!canvas || !canvas.width || !canvas.height || !canvas.offsetWidth) return false;
        const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        return pixels.some((value) => value !== 0);
    }"""
    return bool(page.evaluate(script, plot))


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def test_plots_in_light_and_dark_on_a_desk_and_on_a_phone(
    project: Project, ada: User, live_server: Any, tmp_path: Path
) -> None:
    now = timezone.now()
    a_day(project, now)
    processes(now)
    tallies.add_finished_plans(now)
    AlertRule.objects.create(project=project, measure="failures", threshold=0.2, judged_at=now, value=0.05)
    drawn: dict[str, list[bool]] = {}
    lines: list[str] = []
    sideways: list[str] = []

    def by_hand(page: Page, visit: Visit, look: Look) -> None:
        page.get_by_label("Project", exact=True).select_option(project.pk)
        page.get_by_role("button", name="Show", exact=True).click()
        for name, size, scheme in (
            ("dashboard-light", DESK, "light"),
            ("dashboard-dark", DESK, "dark"),
            ("dashboard-phone", PHONE, "light"),
            ("dashboard-phone-dark", PHONE, "dark"),
        ):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.reload()
            page.wait_for_selector("#plot-rate canvas")
            drawn[name] = [is_drawn(page, plot) for plot in ("plot-rate", "plot-times", "plot-wrong")]
            if scrolls_sideways(page):
                sideways.append(name)
            look(name)
        page.locator("#lines summary").click()
        lines.append(page.locator("#lines table").inner_text())

    visit = browse(live_server.url, tmp_path, by_hand, scripts=True)

    assert visit.errors == []
    assert drawn and all(all(each) for each in drawn.values())
    assert sideways == []
    assert visit.hosts == {urlsplit(live_server.url).netloc}
    assert lines[0].count("\n") >= 24 and "90.0\u00a0%" in lines[0]


def test_figures_become_fresh_by_themselves_and_can_be_paused(
    project: Project, ada: User, live_server: Any, tmp_path: Path
) -> None:
    a_day(project, timezone.now(), per_hour=1)
    seen: dict[str, Any] = {}

    def waiting(page: Page) -> str:
        card = page.locator(".orra-figure", has_text="Waiting now")
        return card.locator(".orra-big").inner_text()

    def refresh(page: Page) -> None:
        with page.expect_response(lambda answer: answer.request.resource_type == "fetch"):
            page.evaluate("document.dispatchEvent(new Event('orra:refresh'))")

    def by_hand(page: Page, visit: Visit, look: Look) -> None:
        page.wait_for_selector("#plot-rate canvas")
        page.locator("#lines summary").click()
        page.evaluate("scrollTo(0, 300)")
        seen["before"] = waiting(page)
        with ThreadPoolExecutor(1) as thread:
            thread.submit(add_waiting).result()
        refresh(page)
        page.get_by_text("the oldest for").first.wait_for()
        seen["after"] = waiting(page)
        seen["scrolled"] = page.evaluate("scrollY")
        seen["focus"] = page.evaluate("document.activeElement.textContent")
        seen["open"] = page.evaluate("document.getElementById('lines').open")
        seen["drawn"] = is_drawn(page, "plot-rate")
        page.get_by_role("button", name="Pause").click()
        seen["paused"] = page.locator("#live-told").inner_text()
        seen["toggled"] = page.evaluate("document.documentElement.dataset.theme")
        page.locator("#header .theme-toggle").first.click()
        page.locator("html[data-theme=dark]").wait_for(state="attached")
        page.wait_for_timeout(300)
        seen["drawn in the dark"] = is_drawn(page, "plot-rate")

    def add_waiting() -> None:
        from django.db import connection

        Plan.objects.create(project=project, action="Wait", created_at=timezone.now())
        connection.close()

    visit = browse(live_server.url, tmp_path, by_hand, scripts=True)

    assert visit.errors == []
    assert (seen["before"], seen["after"]) == ("0", "1")
    assert seen["scrolled"] == 300
    assert seen["focus"] == "The same over time, as a table"
    assert seen["open"] and seen["drawn"] and seen["drawn in the dark"]
    assert seen["paused"] == "Paused"


def test_hostile_names_are_shown_and_not_run(
    project: Project, ada: User, live_server: Any, make_plan: Any, tmp_path: Path
) -> None:
    Project.objects.filter(pk=project.pk).update(name=HOSTILE[:100], semantic_closed_at=timezone.now())
    make_plan(project, error={"code": HOSTILE}, decision="miss", decision_reason="</script><b>"[:40])
    AlertRule.objects.create(
        project=project, measure="failures", threshold=0.2, state="firing", since=timezone.now()
    )
    seen: dict[str, Any] = {}

    def by_hand(page: Page, visit: Visit, look: Look) -> None:
        page.reload()
        page.wait_for_selector("#plot-rate canvas")
        seen["title"] = page.title()
        seen["text"] = page.locator("#dashboard").inner_text()
        seen["scripts"] = page.locator("#dashboard script:not([type='application/json'])").count()
        seen["images"] = page.locator("#dashboard img").count()

    visit = browse(live_server.url, tmp_path, by_hand, scripts=True)

    assert visit.errors == []
    assert "run" not in seen["title"]
    assert (seen["scripts"], seen["images"]) == (0, 0)
    assert "<script>document.title" in seen["text"] and "⟨U+202E⟩" in seen["text"]
