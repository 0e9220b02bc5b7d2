"""What operators do with cache entries, in a real browser: the page and the database are both looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page

from benchmarks.many_rows import bulk
from benchmarks.many_rows.bulk import Directions
from cache import pins
from cache.care import jobs
from cache.care.jobs import Wanted
from cache.models import CacheJob, Entry
from orra.base.strictjson import Json
from planengine.models import Plan
from tests.admin.browsing import Browse, Look, Visit, in_all_lights, in_database
from tests.admin.conftest import CHAIN
from tests.admin.pages import list_of, logged, page_of


def test_an_entry_is_quarantined_and_restored_and_extended(entry: Entry, served: Plan, browse: Browse) -> None:
    Entry.objects.filter(pk=entry.pk).update(cost={"prompt_tokens": 900, "milliseconds": 2300})
    states: list[Any] = []

    def by_hand(page: Page, visit: Visit, look: Look) -> None:
        page.goto(page_of(entry))
        visit.read.append(page.locator("#content").inner_text())
        in_all_lights(page, look, "entry")
        page.get_by_role("button", name="Quarantine").click()
        visit.read.append(page.locator("#content").inner_text())
        in_all_lights(page, look, "quarantine-asked")
        page.get_by_role("button", name="Yes, quarantine").click()
        visit.read.append(page.locator(".errorlist").inner_text())
        page.get_by_label("Reason").fill("The printer <b>broke</b>")
        page.get_by_role("button", name="Yes, quarantine").click()
        visit.read.append(page.locator("#content").inner_text())
        look("quarantined")
        states.append(in_database(lambda: Entry.objects.get(pk=entry.pk).quarantine_reason))
        page.get_by_role("button", name="Restore").click()
        page.get_by_role("button", name="Yes, restore").click()
        visit.read.append(page.locator(".messagelist").inner_text())
        states.append(in_database(lambda: Entry.objects.get(pk=entry.pk).quarantined_at))
        page.get_by_role("button", name="Extend").click()
        page.get_by_label("Longer by").select_option("90 days")
        look("extend-asked")
        page.get_by_role("button", name="Yes, extend").click()
        visit.read.append(page.locator(".messagelist").inner_text())

    visit = browse(by_hand)

    shown, asked, refused, quarantined, restored, extended = visit.read
    assert "1 hit in 30 days" in shown and "seconds of waiting" in shown
    assert "Quarantine 1 entry?" in asked
    assert "This field is required" in refused
    assert "The printer <b>broke</b>" in quarantined and "in quarantine" in quarantined
    assert "Restored 1 entry." in restored
    assert "Extended 1 entry by 90 days." in extended
    assert states == ["The printer <b>broke</b>", None]
    days = (Entry.objects.get().expires_at - timezone.now()).days
    assert 90 <= days <= 200
    assert len(logged()) == 3
    assert visit.end == page_of(entry)


def test_a_replay_types_each_value_once(entry: Entry, browse: Browse) -> None:
    counted: list[int] = []

    def by_hand(page: Page, visit: Visit, look: Look) -> None:
        page.goto("/admin/")
        page.locator("#content-main").get_by_role("link", name="Entries", exact=True).click()
        page.locator("#result_list tbody").get_by_role("link").first.click()
        page.get_by_role("link", name="Replay").click()
        look("replay")
        page.get_by_label("copies").fill("")
        page.get_by_role("button", name="Preview").click()
        visit.read.append(page.locator(".errorlist").inner_text())
        page.get_by_label("copies").fill("7")
        page.get_by_label("order_id").fill("ORD-8")
        page.get_by_role("button", name="Preview").click()
        visit.read += [page.locator("#preview").inner_text(), page.locator("#action-now").inner_text()]
        in_all_lights(page, look, "replay-preview")
        counted.append(in_database(Plan.objects.count))
        page.get_by_text("Write it in your own words").click()
        page.get_by_label("Action", exact=True).fill("Cancel order ORD-8 and its 7 labels")
        page.get_by_role("button", name="Store as plan").click()
        visit.read.append(page.locator("#content").inner_text())
        look("replay-refused")
        counted.append(in_database(Plan.objects.count))
        page.get_by_label("Action", exact=True).fill("")
        page.get_by_role("button", name="Store as plan").click()
        visit.read.append(page.locator("#content").inner_text())

    visit = browse(by_hand)

    empty, preview, action, refused, stored = visit.read
    assert "This field is required" in empty
    assert action == "Print 7 labels for order ORD-8 and tell the customer"
    assert '- "copies": 2' in " ".join(preview.split()) and '+ "copies": 7' in " ".join(preview.split())
    assert "The words do not fit" in refused and "Nothing was stored" in refused
    assert counted == [0, 0]
    plan = Plan.objects.get()
    assert plan.action == action and plan.source == "replay"
    document: Json = plan.plan
    assert document["tasks"][0]["input"] == {"copies": 7, "order_id": "ORD-8"}
    assert visit.end == page_of(plan)


def test_chosen_entries_are_evicted_after_a_question(
    entry: Entry, make_entry: Callable[..., Entry], browse: Browse
) -> None:
    lookup = {**CHAIN, "tasks": CHAIN["tasks"][:2], "parallel_groups": [["task1"]]}
    params = {"order_id": "ORD-17", "copies": 2}
    kept = make_entry(entry.project, "Look up order ORD-17", params, lookup)
    other = make_entry(entry.project, "Search for ORD-17", params, lookup)
    pins.pin([entry.pk])
    counted: list[int] = []

    def by_hand(page: Page, visit: Visit, look: Look) -> None:
        page.goto(list_of(Entry))
        in_all_lights(page, look, "entries")
        for each in (entry, other):
            page.locator(f'input[name="_selected_action"][value="{each.pk}"]').check()
        page.get_by_label("Action:").select_option("Evict selected entries")
        page.get_by_role("button", name="Go").click()
        visit.read.append(page.locator("#content").inner_text())
        in_all_lights(page, look, "evict-asked")
        counted.append(in_database(Entry.objects.count))
        page.get_by_role("button", name="Yes, evict").click()
        visit.read.append(page.locator(".messagelist").inner_text())

    visit = browse(by_hand)

    asked, done = visit.read
    assert "Evict 2 entries (1 pinned)?" in asked
    assert "Evicted 2 entries." in done
    assert counted == [3]
    assert list(Entry.objects.all()) == [kept]


def test_a_job_is_begun_watched_over_a_reload_and_done(entry: Entry, ada: User, browse: Browse) -> None:
    bulk.load(like=entry, vectors=Directions().draw(3_000))
    pins.pin([entry.pk])

    def by_hand(page: Page, visit: Visit, look: Look) -> None:
        page.goto(list_of(Entry, service="notify", project=entry.project_id))
        page.get_by_role("link", name="Evict all by a filter").click()
        look("job-begin")
        page.get_by_role("button", name="How many are these?").click()
        visit.read.append(page.locator("#question").inner_text())
        in_all_lights(page, look, "job-asked")
        page.get_by_role("button", name="Yes, evict them").click()
        work = in_database(lambda: CacheJob.objects.get().pk)
        for _ in range(2):
            in_database(lambda: jobs.work_on(work, seconds=0))
            page.reload()
            visit.read.append(page.locator("progress").get_attribute("value") or "")
        in_all_lights(page, look, "job")
        in_database(lambda: jobs.work_on(work, seconds=600))
        page.reload()
        visit.read.append(page.locator("#job").inner_text())
        look("job-done")

    visit = browse(by_hand)

    asked, first, second, done = visit.read
    assert "evict 3,001 entries of project “shop” that use “notify”, 1 of them pinned" in asked
    assert "The pinned ones stay" in asked
    assert 0 < int(first) < int(second) < 100
    assert "100 %" in done and "3,000 evicted, of about 3,000" in done
    job = CacheJob.objects.get()
    assert (job.state, job.done, job.started_by) == ("done", 3_000, ada)
    assert list(Entry.objects.all()) == [entry]
    assert visit.end == page_of(job)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_job_s_page_refreshes_itself(scripts: bool, entry: Entry, ada: User, browse: Browse) -> None:
    """With scripts in place, without them by reloading."""
    bulk.load(like=entry, vectors=Directions().draw(1_999))
    wanted = Wanted("quarantine", entry.project_id, {}, reason="x")
    job = jobs.begin(wanted, jobs.estimate_of(wanted), user_id=ada.pk)

    def by_hand(page: Page, visit: Visit, look: Look) -> None:
        page.goto(page_of(job))
        if scripts:
            page.evaluate("window.stayed = true")
        in_database(lambda: jobs.work_on(job.pk, seconds=0))
        page.locator("progress[value='50']").wait_for()
        if scripts:
            assert page.evaluate("window.stayed") is True
        in_database(lambda: jobs.work_on(job.pk, seconds=600))
        page.locator("progress[value='100']").wait_for()
        page.get_by_text("2,000 put into quarantine").wait_for()

    browse(by_hand, scripts=scripts)

    assert Entry.objects.exclude(quarantined_at=None).count() == 2_000
