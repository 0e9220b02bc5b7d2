"""What operators do with plans, in a real browser: by keyboard, in the dark, on a phone."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from cache.models import Entry
from planengine.lifecycle.worker import work_on
from planengine.models import Attempt, HitCheck, Plan, Project
from tests.admin.browsing import Browse, Look, Visit, in_all_lights
from tests.admin.pages import list_of, logged, page_of


def look_at_a_plan(page: Page, visit: Visit, look: Look) -> None:
    page.goto(list_of(Plan))
    in_all_lights(page, look, "plans")
    page.get_by_role("link", name="Print 5 labels").click()
    visit.read.append(page.title())
    page.locator(".orra-node").first.focus()
    while page.evaluate("document.activeElement.textContent").find("notify") < 0:
        page.keyboard.press("Tab")
    visit.read.append(page.locator(".orra-panels details[open]").inner_text())
    page.locator(".orra-arrow text", has_text="copies").hover()
    visit.read.append(page.locator(".orra-panels details[open]").last.inner_text())
    in_all_lights(page, look, "plan")
    page.get_by_label("Note").fill("other labels")
    page.get_by_role("button", name="Report as wrong").click()
    page.get_by_role("button", name="Plan again").click()
    look("plan-again")


def test_a_plan_is_read_by_keyboard_reported_and_planned_again(served: Plan, entry: Entry, browse: Browse) -> None:
    visit = browse(look_at_a_plan, scripts=True)

    again = Plan.objects.get(again_of=served.pk)
    assert visit.end == page_of(again)
    assert (again.status, again.cache_mode, again.params) == ("pending", "bypass", served.params)
    assert HitCheck.objects.get().note == "other labels"
    entry.refresh_from_db()
    assert entry.quarantined_at is not None
    told = logged(object_id=served.pk)
    assert told == ["Reported as wrong.", f"Planned again as {again.pk}."]
    title, focused, pointed = visit.read
    assert title.startswith("Print 5 labels for order ORD-99")
    assert "notify" in focused and "customer_id" in focused and "string" in focused
    assert "print_labels" in pointed and "integer" in pointed and "5" in pointed


def test_two_plans_are_compared(served: Plan, browse: Browse) -> None:
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
        page.goto(page_of(served))
        page.get_by_role("row", name="Planned again as").get_by_role("link", name="compare").click()
        visit.read.append(page.locator("#differences").inner_text())
        page.locator("#second-plan .orra-node").last.focus()
        visit.read.append(page.locator("#second-plan details[open]").inner_text())
        visit.read.append(page.locator("#first-plan details[open]").inner_text())
        in_all_lights(page, look, "compare")

    visit = browse(compare, scripts=True)

    told, opened, beside = visit.read
    assert "order_lookup: called once in the first plan, not called in the second." in told
    assert "print_labels: copies is 5 in the first plan, 7 in the second." in told
    assert opened.startswith("print_labels") and beside.startswith("Values")
    assert other.pk in visit.end


def test_a_request_is_asked_about_planned_dry_and_sent(served: Plan, browse: Browse) -> None:
    def ask(page: Page, visit: Visit, look: Look) -> None:
        page.goto(page_of(served))
        page.get_by_role("link", name="Ask with it").click()
        visit.read.append(page.get_by_label("Params").input_value())
        page.get_by_label("Params").fill("{")
        page.get_by_role("button", name="Ask the cache").click()
        visit.read.append(page.locator(".errorlist").inner_text())
        page.get_by_label("Action").fill("Print 3 labels for order ORD-4 and tell the customer")
        page.get_by_label("Params").fill('{"order_id": "ORD-4", "copies": 3}')
        page.get_by_role("button", name="Ask the cache").click()
        visit.read.append(page.locator("#decision").inner_text())
        in_all_lights(page, look, "ask")
        page.get_by_role("button", name="Plan it (dry run)").click()
        visit.read.append(page.locator("#dry-run").inner_text())
        in_all_lights(page, look, "ask-dry-run")
        page.get_by_role("button", name="Send as a request").click()

    visit = browse(ask, scripts=True)

    prefilled, refused, decision, planned = visit.read
    assert '"ORD-99"' in prefilled
    assert "JSON" in refused
    assert "hit, same template" in decision
    assert "no model was called. Nothing is stored." in planned
    sent = Plan.objects.exclude(pk=served.pk).get()
    assert visit.end == page_of(sent)
    assert (sent.source, sent.params_by_field) == ("exact", {"order_id": "ORD-4", "copies": 3})
    assert not Attempt.objects.exists()


def test_a_live_list_shows_new_plans(shop: Project, make_plan: Callable[..., Plan], browse: Browse) -> None:
    make_plan(shop, "The first of them")

    def watch(page: Page, visit: Visit, look: Look) -> None:
        page.goto(list_of(Plan))
        page.get_by_label("Live, every 5 s").check()
        page.get_by_role("link", name="The first of them").focus()
        other = page.context.new_page()
        other.goto("/admin/planengine/plan/ask/")
        other.get_by_label("Action").fill("A later one")
        other.get_by_role("button", name="Send as a request").click()
        other.close()
        page.bring_to_front()
        page.get_by_role("link", name="A later one").wait_for()
        visit.read.append(page.locator("#newest").inner_text())
        visit.read.append(page.evaluate("document.activeElement.textContent"))
        look("plans-live")

    visit = browse(watch, scripts=True)

    rows, focused = visit.read
    assert "The first of them" in rows and "A later one" in rows and "2 plans" in rows
    assert focused == "The first of them"


def test_without_scripts_panels_are_opened_by_hand(served: Plan, browse: Browse) -> None:
    def read(page: Page, visit: Visit, look: Look) -> None:
        page.goto(page_of(served))
        page.locator(".orra-panels summary", has_text="notify").click()
        visit.read.append(page.locator(".orra-panels details[open]").last.inner_text())
        look("plan-without-scripts")

    visit = browse(read)

    assert "customer_id" in visit.read[0] and "task1" in visit.read[0]


def test_a_planned_request_tells_why_the_composer_chose(
    shop: Project, make_plan: Callable[..., Plan], browse: Browse
) -> None:
    plan = make_plan(
        shop,
        "Print 2 labels for order ORD-5",
        status="pending",
        params=[{"field": "order_id", "value": "ORD-5"}, {"field": "copies", "value": 2}],
    )
    work_on(plan.pk)

    def read(page: Page, visit: Visit, look: Look) -> None:
        page.goto(page_of(plan))
        visit.read.append(page.locator("#attempts").inner_text())
        visit.read.append(page.locator("#timeline").inner_text())
        in_all_lights(page, look, "plan-composed")

    visit = browse(read, scripts=True)

    plan.refresh_from_db()
    assert plan.status == "ready" and plan.stored_entry_id is not None
    assert "print_labels: nearest to" in visit.read[0]
    assert f"entry {plan.stored_entry_id}" in visit.read[1]
    assert Attempt.objects.get().reasons
