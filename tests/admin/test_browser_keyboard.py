"""Operators who have no mouse: after the first address everything is done by keys."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.contrib.admin.models import LogEntry
from playwright.sync_api import Page

from cache import pins, storage
from cache.care import jobs
from cache.models import CacheJob, Entry
from planengine import tasks
from planengine.evaluation.regression import runs
from planengine.models import ApiKey, HitCheck, Plan, Project, RegressionRun, SavedRequest, Service
from tests.admin.browsing import PASSWORD, Browse, Look, Visit, in_database
from tests.admin.conftest import CHAIN
from tests.admin.keyboard import Keyboard
from tests.admin.pages import list_of, logged, page_of
from tests.conftest import object_schema

LOOKUP = {**CHAIN, "tasks": CHAIN["tasks"][:2], "parallel_groups": [["task1"]]}
PARAMS = {"order_id": "ORD-17", "copies": 2}


def by_keys(browse: Browse, address: str, do: Callable[[Keyboard], None], *, signed_in: bool = True) -> Visit:
    """What ``do`` does from a page on, with scripts as people have them."""

    def visit(page: Page, visit: Visit, look: Look) -> None:
        page.goto(address)
        do(Keyboard(page))

    return browse(visit, scripts=True, signed_in=signed_in)


def test_signing_in(entry: Entry, browse: Browse) -> None:
    def do(keys: Keyboard) -> None:
        assert keys.focused == "Username:"
        keys.page.keyboard.type("ada")
        keys.fill("Password", "not hers")
        keys.enter("Log in")
        assert "Please enter the correct username and password" in keys.says(".errornote")
        keys.fill("Password", PASSWORD)
        with keys.page.expect_navigation():
            keys.page.keyboard.press("Enter")
        assert "Print" in keys.says("#result_list")

    visit = by_keys(browse, list_of(Entry), do, signed_in=False)

    assert visit.end == list_of(Entry)
    assert "Signed in." in LogEntry.objects.get().change_message


def test_asking_and_sending(entry: Entry, browse: Browse) -> None:
    def do(keys: Keyboard) -> None:
        keys.press("Plans")
        keys.enter("Ask")
        keys.press("Skip to main content")
        keys.fill("Action", "Print 3 labels for order ORD-4 and tell the customer")
        keys.fill("Params", '{"order_id": "ORD-4", "copies": 3}')
        keys.enter("Ask the cache")
        assert "hit, same template" in keys.says("#decision")
        assert in_database(Plan.objects.count) == 0
        keys.enter("Send as a request")
        assert "ORD-4" in keys.says("#graph")

    visit = by_keys(browse, "/admin/", do)

    plan = Plan.objects.get()
    assert visit.end == page_of(plan)
    assert (plan.source, plan.params_by_field) == ("exact", {"order_id": "ORD-4", "copies": 3})
    assert logged(object_id=plan.pk) == ["Sent as a request by hand."]


def test_an_entry_is_quarantined_restored_and_replayed(entry: Entry, browse: Browse) -> None:
    reasons: list[str] = []

    def do(keys: Keyboard) -> None:
        keys.enter("Print {copies} labels…")
        keys.enter("Quarantine")
        assert keys.focused == "Reason"
        keys.page.keyboard.type("The printer broke")
        keys.enter("Yes, quarantine")
        assert "in quarantine" in keys.says("#content") and "The printer broke" in keys.says("#content")
        reasons.append(in_database(lambda: Entry.objects.get().quarantine_reason))
        keys.enter("Restore")
        keys.enter("Yes, restore")
        assert "Restored 1 entry." in keys.says(".messagelist")
        reasons.append(in_database(lambda: Entry.objects.get().quarantine_reason))
        keys.enter("Replay")
        keys.fill("copies", "7")
        keys.fill("order_id", "ORD-8")
        keys.enter("Preview")
        assert '+ "copies": 7' in " ".join(keys.says("#preview").split())
        assert in_database(Plan.objects.count) == 0
        keys.enter("Store as plan")

    visit = by_keys(browse, list_of(Entry), do)

    plan = Plan.objects.get()
    assert visit.end == page_of(plan)
    assert (plan.source, plan.params_by_field) == ("replay", {"order_id": "ORD-8", "copies": 7})
    assert reasons == ["The printer broke", ""]
    assert Entry.objects.get().quarantined_at is None


def test_entries_are_evicted_in_bulk(entry: Entry, make_entry: Callable[..., Entry], browse: Browse) -> None:
    kept = make_entry(entry.project, "Look up order ORD-17", PARAMS, LOOKUP)
    other = make_entry(entry.project, "Search for ORD-17", PARAMS, LOOKUP)
    pins.pin([entry.pk])

    def do(keys: Keyboard) -> None:
        for each in (other, entry):
            keys.press(f"Select this object for an action - {each}", "Space")
        keys.choose("Action", "Evict selected entries")
        keys.enter("Go")
        assert "Evict 2 entries (1 pinned)?" in keys.says("#content")
        assert in_database(Entry.objects.count) == 3
        keys.enter("Yes, evict")
        assert "Evicted 2 entries." in keys.says(".messagelist")

    by_keys(browse, list_of(Entry), do)

    assert list(Entry.objects.all()) == [kept]


def test_a_job_is_begun_by_a_filter_and_watched(entry: Entry, browse: Browse) -> None:
    def do(keys: Keyboard) -> None:
        keys.enter("Evict all by a filter")
        keys.fill("That use the service", "notify")
        keys.enter("How many are these?")
        assert "evict 1 entry of project" in keys.says("#question")
        keys.enter("Yes, evict them")
        job = in_database(lambda: CacheJob.objects.get().pk)
        keys.go_to("Cancel")
        in_database(lambda: jobs.work_on(job))
        keys.page.get_by_text("1 evicted, of about 1").wait_for()
        assert "Done" in keys.says("#job")
        assert keys.page.evaluate("document.activeElement.id") == "live"  # what it cancelled is gone
        keys.enter("Entries of the project")

    by_keys(browse, list_of(Entry, project=entry.project_id), do)

    assert not Entry.objects.exists()
    assert CacheJob.objects.get().state == "done"


def test_a_service_is_changed_after_a_dry_run(shop: Project, entry: Entry, browse: Browse) -> None:
    service = Service.objects.get(project=shop, name="order_lookup")
    schema = object_schema("order_id", order_id="string", region="string")

    def do(keys: Keyboard) -> None:
        keys.fill("Input schema", json.dumps(schema))
        keys.enter("Show what it would do")
        assert "The version would go from 1 to 2" in keys.says("#prospect")
        assert in_database(lambda: Service.objects.get(pk=service.pk).version) == 1
        keys.enter("Yes, store it")
        assert "The version is 2. 1 cache entry was evicted" in keys.says(".messagelist")

    by_keys(browse, page_of(service), do)

    service.refresh_from_db()
    assert (service.version, service.input_schema) == (2, schema)
    assert not Entry.objects.exists()


def test_a_key_is_made_shown_once_and_revoked(project: Project, browse: Browse) -> None:
    first = ApiKey.issue(project)[0]
    secrets: list[str] = []

    def do(keys: Keyboard) -> None:
        keys.enter("Issue an API key")
        keys.fill("Name", "for the shop")
        keys.enter("Save")
        secrets.append(keys.says("#secret"))
        keys.enter("I have copied it")
        assert secrets[0] not in keys.page.content()
        keys.enter("Revoke")
        keys.enter("Yes, revoke")
        assert "Revoked 1 key." in keys.says(".messagelist")

    by_keys(browse, page_of(project), do)

    key = ApiKey.objects.exclude(pk=first.pk).get()
    assert (key.name, key.digest) == ("for the shop", ApiKey.digest_of(secrets[0]))
    assert key.revoked_at is not None
    assert list(ApiKey.objects.active()) == [first]


def test_saved_requests_are_run_and_read(shop: Project, browse: Browse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "run_later", lambda run_id: None)
    params = [{"field": "order_id", "value": "ORD-5"}]
    saved = SavedRequest.objects.create(
        project=shop, name="a refund", action="Refund order ORD-5", params=params, expected=[{"service": "notify"}]
    )

    def do(keys: Keyboard) -> None:
        keys.enter("Run")
        assert "0 of 1 planned" in keys.says("#progress")
        keys.go_to("its saved requests")
        in_database(lambda: runs.work_on(RegressionRun.objects.get().pk))
        keys.page.locator("#progress").get_by_text("1 of 1 planned").wait_for()
        assert keys.focused == "its saved requests"
        assert "refund_payment" in keys.says("#results") and "notify" in keys.says("#results")
        keys.enter("Accept what a refund became")
        assert "is expected to become this" in keys.says(".messagelist")

    by_keys(browse, list_of(SavedRequest, project=shop.pk), do)

    saved.refresh_from_db()
    assert [call["service"] for call in saved.expected] == ["refund_payment"]


def test_a_plan_is_reported_as_wrong(served: Plan, entry: Entry, browse: Browse) -> None:
    def do(keys: Keyboard) -> None:
        keys.enter("Print 5 labels…")
        keys.fill("Note", "other labels")
        keys.enter("Report as wrong")
        assert "Reported as wrong." in keys.says(".messagelist")
        assert "other labels" in keys.says("#verdicts")

    visit = by_keys(browse, list_of(Plan), do)

    assert visit.end == page_of(served)
    check = HitCheck.objects.get()
    assert (check.plan_id, check.note, check.verdict) == (served.pk, "other labels", "wrong")
    assert Entry.objects.get(pk=entry.pk).quarantined_at is not None


def test_examples_are_confirmed_and_retracted(shop: Project, entry: Entry, browse: Browse) -> None:
    storage.stop_voting(entry)
    service = Service.objects.get(project=shop, name="order_lookup")
    Service.objects.filter(pk=service.pk).update(examples=["Where is {order_id}?"])

    def do(keys: Keyboard) -> None:
        keys.enter("Examples")
        keys.enter("Right: Print {copies} labels…")
        assert "yes" in keys.says("#learned tbody")
        keys.enter("Remove Where is {order_id}?")
        assert "None." in keys.says("#given")

    by_keys(browse, page_of(service), do)

    entry.refresh_from_db()
    service.refresh_from_db()
    assert hasattr(entry, "vector")
    assert service.examples == []


def test_an_example_is_marked_as_wrong(shop: Project, entry: Entry, browse: Browse) -> None:
    service = Service.objects.get(project=shop, name="order_lookup")

    def do(keys: Keyboard) -> None:
        keys.enter("Examples")
        keys.press("Wrong …")
        keys.fill("Note", "other labels")
        keys.enter("Mark as wrong: Print {copies} labels…")
        assert "Marked as wrong. other labels" in keys.says(".messagelist")

    by_keys(browse, page_of(service), do)

    entry.refresh_from_db()
    assert entry.quarantined_at is not None and "other labels" in entry.quarantine_reason
    assert Entry.objects.get(kind="counter").template_key == entry.template_key
