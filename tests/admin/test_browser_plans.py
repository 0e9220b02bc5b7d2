"""What operators do with plans, in a real browser: by keyboard, in the dark, on a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from playwright.sync_api import Page

from cache.models import Entry
from planengine.lifecycle.worker import work_on
from planengine.models import Attempt, HitCheck, Plan, Project
from tests.admin.browsing import Look, Visit, browse, needs_chromium
from tests.admin.pages import logged, page_of

pytestmark = needs_chromium

PHONE = {"width": 390, "height": 844}


def in_all_lights(page: Page, look: Look, name: str, visit: Visit) -> None:
    """Pictures in light and dark, on a desk and on a phone, where nothing may be wider than the screen."""
    look(name)
    page.emulate_media(color_scheme="dark")
    look(f"{name}-dark")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    look(f"{name}-phone-dark")
    page.emulate_media(color_scheme="light")
    look(f"{name}-phone")
    visit.read.append(f"{name}: {page.evaluate('document.documentElement.scrollWidth')} wide")
    page.set_viewport_size({"width": 1300, "height": 900})


def wide_on_a_phone(visit: Visit) -> list[str]:
    told = [line for line in visit.read if line.endswith(" wide")]
    assert told, "nothing was looked at on a phone"
    return [line for line in told if int(line.split()[-2]) > PHONE["width"]]


def look_at_a_plan(page: Page, visit: Visit, look: Look) -> None:
    page.goto(page.url.rstrip("/") + "/planengine/plan/")
    in_all_lights(page, look, "plans", visit)
    page.get_by_role("link", name="Print 5 labels").click()
    visit.read.append(page.title())
    page.locator(".orra-node").first.focus()
    while page.evaluate("document.activeElement.textContent").find("notify") < 0:
        page.keyboard.press("Tab")
    visit.read.append(page.locator(".orra-panels details[open]").inner_text())
    page.locator(".orra-arrow text", has_text="copies").hover()
    visit.read.append(page.locator(".orra-panels details[open]").last.inner_text())
    in_all_lights(page, look, "plan", visit)
    page.get_by_label("Note").fill("other labels")
    page.get_by_role("button", name="Report as wrong").click()
    page.get_by_role("button", name="Plan again").click()
    look("plan-again")


def test_a_plan_is_read_by_keyboard_reported_and_planned_again(
    served: Plan, entry: Entry, ada: User, live_server: Any, tmp_path: Path
) -> None:
    visit = browse(live_server.url, tmp_path, look_at_a_plan, scripts=True)

    again = Plan.objects.get(again_of=served.pk)
    assert visit.end == live_server.url + page_of(again)
    assert (again.status, again.cache_mode, again.params) == ("pending", "bypass", served.params)
    assert HitCheck.objects.get().note == "other labels"
    entry.refresh_from_db()
    assert entry.quarantined_at is not None
    told = logged(object_id=served.pk)
    assert told == ["Reported as wrong.", f"Planned again as {again.pk}."]
    title, focused, pointed = (line for line in visit.read if not line.endswith(" wide"))
    assert title.startswith("Print 5 labels for order ORD-99")
    assert "notify" in focused and "customer_id" in focused and "string" in focused
    assert "print_labels" in pointed and "integer" in pointed and "5" in pointed
    assert wide_on_a_phone(visit) == []
    assert (visit.failed, visit.errors) == ([], [])


def test_two_plans_are_compared(served: Plan, ada: User, live_server: Any, tmp_path: Path) -> None:
    other = Plan.objects.create(
        project=served.project,
        action=served.action,
        params=served.params,
        status="ready",
        plan={
            "tasks": [
                {"id": "task0", "input": {"order_id": "ORD-99", "copies": 7}},
                {
                    "id": "task1",
                    "service": "print_labels",
                    "input": {"order_id": "$task0.order_id", "copies": "$task0.copies"},
                },
            ],
            "parallel_groups": [["task1"]],
        },
        source="composer",
        created_at=served.created_at,
        finished_at=served.finished_at,
        again_of=served.pk,
    )

    def compare(page: Page, visit: Visit, look: Look) -> None:
        page.goto(live_server.url + page_of(served))
        page.get_by_role("row", name="Planned again as").get_by_role("link", name="compare").click()
        visit.read.append(page.locator("#differences").inner_text())
        page.locator("#second-plan .orra-node").last.focus()
        visit.read.append(page.locator("#second-plan details[open]").inner_text())
        visit.read.append(page.locator("#first-plan details[open]").inner_text())
        in_all_lights(page, look, "compare", visit)

    visit = browse(live_server.url, tmp_path, compare, scripts=True)

    told, opened, beside, _ = visit.read
    assert "order_lookup: called once in the first plan, not called in the second." in told
    assert "print_labels: copies is 5 in the first plan, 7 in the second." in told
    assert opened.startswith("print_labels") and beside.startswith("Values")
    assert other.pk in visit.end
    assert wide_on_a_phone(visit) == []
    assert (visit.failed, visit.errors) == ([], [])


def test_a_request_is_asked_about_planned_dry_and_sent(
    served: Plan, ada: User, live_server: Any, tmp_path: Path
) -> None:
    def ask(page: Page, visit: Visit, look: Look) -> None:
        page.goto(live_server.url + page_of(served))
        page.get_by_role("link", name="Ask with it").click()
        visit.read.append(page.get_by_label("Params").input_value())
        page.get_by_label("Params").fill("{")
        page.get_by_role("button", name="Ask the cache").click()
        visit.read.append(page.locator(".errorlist").inner_text())
        page.get_by_label("Action").fill("Print 3 labels for order ORD-4 and tell the customer")
        page.get_by_label("Params").fill('{"order_id": "ORD-4", "copies": 3}')
        page.get_by_role("button", name="Ask the cache").click()
        visit.read.append(page.locator("#decision").inner_text())
        in_all_lights(page, look, "ask", visit)
        page.get_by_role("button", name="Plan it (dry run)").click()
        visit.read.append(page.locator("#dry-run").inner_text())
        in_all_lights(page, look, "ask-dry-run", visit)
        page.get_by_role("button", name="Send as a request").click()

    visit = browse(live_server.url, tmp_path, ask, scripts=True)

    prefilled, refused, decision, planned = (line for line in visit.read if not line.endswith(" wide"))
    assert '"ORD-99"' in prefilled
    assert "JSON" in refused
    assert "hit, same template" in decision
    assert "no model was called. Nothing is stored." in planned
    sent = Plan.objects.exclude(pk=served.pk).get()
    assert visit.end == live_server.url + page_of(sent)
    assert (sent.source, sent.params_by_field) == ("exact", {"order_id": "ORD-4", "copies": 3})
    assert not Attempt.objects.exists()
    assert wide_on_a_phone(visit) == []
    assert (visit.failed, visit.errors) == ([], [])


def test_a_live_list_shows_new_plans(
    shop: Project, make_plan: Callable[..., Plan], ada: User, live_server: Any, tmp_path: Path
) -> None:
    make_plan(shop, "The first of them")

    def watch(page: Page, visit: Visit, look: Look) -> None:
        page.goto(f"{live_server.url}/admin/planengine/plan/")
        page.get_by_label("Live list").check()
        browser = page.context.browser
        assert browser is not None
        other = browser.new_context(storage_state=page.context.storage_state()).new_page()
        other.goto(f"{live_server.url}/admin/planengine/plan/ask/")
        other.get_by_label("Action").fill("A later one")
        other.get_by_role("button", name="Send as a request").click()
        other.close()
        page.bring_to_front()
        page.get_by_role("link", name="A later one").wait_for()
        visit.read.append(page.locator("#result_list").inner_text())
        look("plans-live")

    visit = browse(live_server.url, tmp_path, watch, scripts=True)

    assert "The first of them" in visit.read[0] and "A later one" in visit.read[0]
    assert (visit.failed, visit.errors) == ([], [])


def test_without_scripts_panels_are_opened_by_hand(
    served: Plan, ada: User, live_server: Any, tmp_path: Path
) -> None:
    def read(page: Page, visit: Visit, look: Look) -> None:
        page.goto(live_server.url + page_of(served))
        page.locator(".orra-panels summary", has_text="notify").click()
        visit.read.append(page.locator(".orra-panels details[open]").last.inner_text())
        look("plan-without-scripts")

    visit = browse(live_server.url, tmp_path, read)

    assert "customer_id" in visit.read[0] and "task1" in visit.read[0]
    assert visit.failed == []


def test_a_planned_request_tells_why_the_composer_chose(
    shop: Project, ada: User, make_plan: Callable[..., Plan], live_server: Any, tmp_path: Path
) -> None:
    plan = make_plan(
        shop,
        "Print 2 labels for order ORD-5",
        status="pending",
        params=[{"field": "order_id", "value": "ORD-5"}, {"field": "copies", "value": 2}],
    )
    work_on(plan.pk)

    def read(page: Page, visit: Visit, look: Look) -> None:
        page.goto(live_server.url + page_of(plan))
        visit.read.append(page.locator("#attempts").inner_text())
        visit.read.append(page.locator("#timeline").inner_text())
        in_all_lights(page, look, "plan-composed", visit)

    visit = browse(live_server.url, tmp_path, read, scripts=True)

    plan.refresh_from_db()
    assert plan.status == "ready" and plan.stored_entry_id is not None
    assert "print_labels: nearest to" in visit.read[0]
    assert f"entry {plan.stored_entry_id}" in visit.read[1]
    assert Attempt.objects.get().reasons
