"""The dashboard in a real browser, with JavaScript on and the strict Content-Security-Policy of the admin."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from playwright.sync_api import Page

from planengine.accounting import tallies
from planengine.models import AlertRule, Plan, Project
from tests.admin.browsing import Browse, Look, Visit, in_all_lights, in_database
from tests.admin.dashboard_rows import a_day, processes

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


def test_plots_in_light_and_dark_on_a_desk_and_on_a_phone(project: Project, browse: Browse) -> None:
    now = timezone.now()
    a_day(project, now)
    processes(now)
    tallies.add_finished_plans(now)
    AlertRule.objects.create(project=project, measure="failures", threshold=0.2, judged_at=now, value=0.05)
    drawn: dict[str, list[bool]] = {}
    lines: list[str] = []

    def by_hand(page: Page, visit: Visit, look: Look) -> None:
        page.goto("/admin/")
        page.get_by_label("Project", exact=True).select_option(project.pk)
        page.get_by_role("button", name="Show", exact=True).click()

        def look_at_plots(name: str) -> None:
            page.reload()
            page.wait_for_selector("#plot-rate canvas")
            drawn[name] = [is_drawn(page, plot) for plot in ("plot-rate", "plot-times", "plot-wrong")]
            look(name)

        in_all_lights(page, look_at_plots, "dashboard")
        page.locator("#lines summary").click()
        lines.append(page.locator("#lines table").inner_text())

    browse(by_hand, scripts=True)

    assert len(drawn) == 4 and all(all(each) for each in drawn.values())
    assert lines[0].count("\n") >= 24 and "90.0\u00a0%" in lines[0]


def test_figures_become_fresh_by_themselves_and_can_be_paused(project: Project, browse: Browse) -> None:
    a_day(project, timezone.now(), per_hour=1)
    seen: dict[str, Any] = {}

    def waiting(page: Page) -> str:
        card = page.locator(".orra-figure", has_text="Waiting now")
        return card.locator(".orra-big").inner_text()

    def refresh(page: Page) -> None:
        with page.expect_response(lambda answer: answer.request.resource_type == "fetch"):
            page.evaluate("document.dispatchEvent(new Event('orra:refresh'))")

    def by_hand(page: Page, visit: Visit, look: Look) -> None:
        page.goto("/admin/")
        page.wait_for_selector("#plot-rate canvas")
        page.locator("#lines summary").click()
        page.evaluate("scrollTo(0, 300)")
        seen["before"] = waiting(page)
        in_database(lambda: Plan.objects.create(project=project, action="Wait", created_at=timezone.now()))
        refresh(page)
        page.get_by_text("the oldest for").first.wait_for()
        seen["after"] = waiting(page)
        seen["scrolled"] = page.evaluate("scrollY")
        seen["focus"] = page.evaluate("document.activeElement.textContent")
        seen["open"] = page.evaluate("document.getElementById('lines').open")
        seen["drawn"] = is_drawn(page, "plot-rate")
        page.get_by_label("Live, every 15 s").uncheck()
        seen["paused"] = page.locator("#fresh-said").inner_text()
        seen["toggled"] = page.evaluate("document.documentElement.dataset.theme")
        page.locator("#header .theme-toggle").first.click()
        page.locator("html[data-theme=dark]").wait_for(state="attached")
        page.wait_for_timeout(300)
        seen["drawn in the dark"] = is_drawn(page, "plot-rate")

    browse(by_hand, scripts=True)

    assert (seen["before"], seen["after"]) == ("0", "1")
    assert seen["scrolled"] == 300
    assert seen["focus"] == "The same over time, as a table"
    assert seen["open"] and seen["drawn"] and seen["drawn in the dark"]
    assert seen["paused"] == "Paused"


def test_hostile_names_are_shown_and_not_run(project: Project, make_plan: Any, browse: Browse) -> None:
    Project.objects.filter(pk=project.pk).update(name=HOSTILE[:100], semantic_closed_at=timezone.now())
    make_plan(project, error={"code": HOSTILE}, decision="miss", decision_reason="</script><b>"[:40])
    AlertRule.objects.create(
        project=project, measure="failures", threshold=0.2, state="firing", since=timezone.now()
    )
    seen: dict[str, Any] = {}

    def by_hand(page: Page, visit: Visit, look: Look) -> None:
        page.goto("/admin/")
        page.wait_for_selector("#plot-rate canvas")
        seen["title"] = page.title()
        seen["text"] = page.locator("#dashboard").inner_text()
        seen["scripts"] = page.locator("#dashboard script:not([type='application/json'])").count()
        seen["images"] = page.locator("#dashboard img").count()

    browse(by_hand, scripts=True)

    assert "run" not in seen["title"]
    assert (seen["scripts"], seen["images"]) == (0, 0)
    assert "<script>document.title" in seen["text"] and "⟨U+202E⟩" in seen["text"]
