"""What operators do with services, examples and saved requests, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from cache import pins
from cache.models import Entry
from orra.base.strictjson import Json
from planengine import tasks
from planengine.evaluation.regression import runs
from planengine.models import Label, Plan, Project, RegressionRun, SavedRequest, Service, ServiceVersion
from planengine.models.states import PlanStatus
from tests.admin.browsing import Browse, Look, Visit, in_all_lights, in_database
from tests.admin.pages import logged, page_of
from tests.conftest import object_schema

REFUND: Json = {
    "tasks": [
        {"id": "task0", "input": {"order_id": "ORD-5"}},
        {"id": "task1", "service": "refund_payment", "input": {"order_id": "$task0.order_id"}},
    ],
    "parallel_groups": [["task1"]],
}
# A title that would run, if it could.
SCHEMA: Json = object_schema(
    "order_id", order_id="string", region={"type": "string", "title": "<img src=x onerror=alert(1)>"}
)


@pytest.fixture
def service(shop: Project) -> Service:
    return Service.objects.get(project=shop, name="order_lookup")


def test_a_service_is_changed_after_a_look_at_what_that_does(
    service: Service, entry: Entry, browse: Browse
) -> None:
    pins.pin([entry.pk])
    told: list[str] = []

    def by_hand(page: Page, visit: Visit, look: Look) -> None:
        page.goto(page_of(service))
        in_all_lights(page, look, "service")
        told.append(page.locator("#dependents").inner_text())
        page.get_by_label("Input schema").fill(json.dumps(SCHEMA))
        page.get_by_role("button", name="Show what it would do").click()
        told.append(page.locator("#prospect").inner_text())
        in_all_lights(page, look, "service-prospect")
        page.get_by_role("button", name="Yes, store it, pinned entries too").click()
        told.append(page.locator(".messagelist").inner_text())
        page.get_by_role("link", name="Versions", exact=True).click()
        in_all_lights(page, look, "service-versions")
        page.get_by_label("From version 1").check()
        page.get_by_label("To version 2").check()
        page.get_by_role("button", name="Show what differs").click()
        told.append(page.locator("#diff").inner_text())

    browse(by_hand)

    depends, prospect, message, diff = told
    assert "1 of the project's latest 1, 1 of them pinned" in depends
    assert "The version would go from 1 to 2 (input schema)." in prospect
    assert "1 cache entry would be evicted, 1 of them pinned" in prospect
    assert '"title": "<img src=x onerror=alert(1)>"' in prospect and '+     "region": {' in prospect
    assert "The version is 2. 1 cache entry was evicted, 1 of them pinned" in message
    assert "From version 1" in diff and '"region": {' in diff
    service.refresh_from_db()
    assert (service.version, service.input_schema) == (2, SCHEMA)
    assert not Entry.objects.exists()
    assert ServiceVersion.objects.filter(service=service).count() == 2
    assert "1 of them pinned" in logged()[0]


def test_examples_are_added_confirmed_and_retracted(service: Service, entry: Entry, browse: Browse) -> None:
    read: list[str] = []

    def by_hand(page: Page, visit: Visit, look: Look) -> None:
        page.goto(page_of(service))
        page.locator(".object-tools").get_by_role("link", name="Examples").click()
        page.get_by_label("One more").fill("Where is {order}?")
        page.get_by_role("button", name="Add the example").click()
        read.append(page.locator(".messagelist").inner_text())
        for text in ("Where is {order_id}?", "Show me {order_id} <script>alert(1)</script>"):
            page.get_by_label("One more").fill(text)
            page.get_by_role("button", name="Add the example").click()
        in_all_lights(page, look, "examples")
        page.get_by_role("button", name="Remove Show me").click()
        read.append(page.locator("#given").inner_text())
        page.locator("#learned").get_by_text("Wrong …").click()
        page.get_by_label("Note").fill("it prints too many")
        page.get_by_role("button", name="Mark as wrong").click()
        read.append(page.locator("#learned").inner_text())

    browse(by_hand)

    refused, given, learned = read
    assert "names no input of the service" in refused
    assert "Where is {order_id}?" in given and "Show me" not in given
    assert "in quarantine" in learned and "counter-example" in learned
    service.refresh_from_db()
    assert (service.examples, service.version) == (["Where is {order_id}?"], 1)
    entry.refresh_from_db()
    assert "it prints too many" in entry.quarantine_reason


def test_a_plan_is_saved_run_and_its_change_accepted(
    service: Service,
    make_plan: Callable[..., Plan],
    browse: Browse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The run is worked on between two looks of the browser, as a worker would."""
    monkeypatch.setattr(tasks, "run_later", lambda run_id: None)
    params = [{"field": "order_id", "value": "ORD-5"}]
    planned = make_plan(service.project, "Refund order ORD-5", PlanStatus.READY, params=params, plan=REFUND)
    SavedRequest.objects.create(
        project=service.project, name="to be refused", action="Bake a cake with almonds", expected=[]
    )
    read: list[str] = []

    def by_hand(page: Page, visit: Visit, look: Look) -> None:
        page.goto(page_of(planned))
        page.get_by_role("button", name="Save as test request").click()
        look("saved-request")
        page.get_by_label("Expected").fill('[{"service": "order_lookup"}]')
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("button", name="Run", exact=True).click()
        read.append(page.locator("#progress").inner_text())
        look("run-waiting")
        in_database(lambda: runs.work_on(RegressionRun.objects.get().pk))
        page.reload()
        read.append(page.locator("#progress").inner_text())
        read.append(page.locator("#results").inner_text())
        in_all_lights(page, look, "run")
        page.get_by_role("button", name="Accept what Refund order").click()
        read.append(page.locator(".messagelist").inner_text())

    browse(by_hand)

    waiting, finished, results, accepted = read
    assert "0 of 2 planned" in waiting and "No worker has taken it up yet" in waiting
    assert "2 of 2 planned" in finished and "1 changed" in finished and "1 as expected" in finished
    assert "order_lookup: called once in what is expected, not called in the plan." in results
    assert "is expected to become this" in accepted
    kept = SavedRequest.objects.get(plan_id=planned.pk)
    assert kept.expected == [{"service": "refund_payment", "input": {"order_id": "$task0.order_id"}}]
    assert RegressionRun.objects.get().is_finished
    assert Plan.objects.count() == 1


def test_a_project_s_page_tells_its_promise(project: Project, browse: Browse) -> None:
    Project.objects.update(tokens_per_day=1000)
    Label.objects.bulk_create(
        Label(project=project, origin="miss", odds=at / 3 - 10.0, wrong=at >= 55) for at in range(60)
    )
    read: list[str] = []

    def by_hand(page: Page, visit: Visit, look: Look) -> None:
        page.goto(page_of(project))
        in_all_lights(page, look, "project")
        page.get_by_label("Budget, in tokens per day").fill("2000")
        page.get_by_role("button", name="Save and continue editing").click()
        read.append(page.locator("#budget").inner_text())

    browse(by_hand)

    assert "0 tokens of 2,000, 2,000 left" in read[0]
    assert Project.objects.get().tokens_per_day == 2000
