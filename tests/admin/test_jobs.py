"""Jobs over all entries of a project: what they change, and that nothing of it is lost or done twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone
from kombu.exceptions import OperationalError

from benchmarks.many_rows import bulk
from benchmarks.many_rows.bulk import Directions
from cache import pins, tasks
from cache.care import estimates, jobs
from cache.care.estimates import Estimate
from cache.care.jobs import Wanted
from cache.care.selection import InvalidSelection, in_words, read_selection
from cache.models import CacheJob, Entry, EntryVector, ObservedWord
from orra.base.strictjson import Json
from planengine.models import Project
from planengine.requests import PlanRequest
from planengine.reuse import plan_cache
from tests.admin.conftest import CHAIN
from tests.admin.pages import address, body, list_of, page_of, said, text

LOOK_UP: Json = {
    "tasks": [{"id": "task0", "input": {"order_id": "ORD-17"}}, CHAIN["tasks"][1]],
    "parallel_groups": [["task1"]],
}
MANY = 5_000


class Killed(BaseException):
    """What ends a worker in the middle of a batch."""


@pytest.fixture
def other(shop: Project, make_entry: Callable[..., Entry]) -> Entry:
    """An entry that does not use ``notify``."""
    return make_entry(shop, "Look up order ORD-17", {"order_id": "ORD-17"}, LOOK_UP)


@pytest.fixture
def many(entry: Entry, other: Entry) -> None:
    """So many that use ``notify`` and half as many that do not, one after the other."""
    directions = Directions()
    for like, count, first in ((entry, MANY, 1), (other, MANY // 2, MANY + 1)):
        bulk.load(like=like, vectors=directions.draw(count), first=first)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cache_entry, cache_entryvector, cache_entryuse")  # as autovacuum would


def begin(project: Project, kind: str = "evict", **more: Any) -> CacheJob:
    chosen = more.pop("chosen", {"service": "notify"})
    wanted = Wanted(kind, project.pk, chosen, **more)
    return jobs.begin(wanted, jobs.estimate_of(wanted), user_id=None)


def of_notify() -> Any:
    return Entry.objects.filter(services__has_key="notify")


def let_lease_end(job: CacheJob) -> None:
    CacheJob.objects.filter(pk=job.pk).update(lease_expires_at=timezone.now())


def test_a_worker_that_is_killed_loses_nothing_and_does_nothing_twice(
    many: None,
    entry: Entry,
    other: Entry,
    make_entry: Callable[..., Entry],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = entry.project
    pins.pin([entry.pk])
    job = begin(shop)
    assert (job.estimate, job.rows) == (MANY, MANY + MANY // 2 + 2)
    batches: list[int] = []
    work_off = jobs._work_off

    def dying(job: CacheJob, window: Any) -> None:
        work_off(job, window)
        batches.append(len(window))
        if len(batches) == 3:
            raise Killed

    monkeypatch.setattr(jobs, "_work_off", dying)
    with pytest.raises(Killed):
        jobs.work_on(job.pk)
    job.refresh_from_db()
    assert (job.state, job.seen) == ("running", 2 * jobs.BATCH)
    left = of_notify().count()
    assert left == MANY + 1 - job.done  # the third batch was taken back as a whole

    # Meanwhile requests are served, and stored.
    found = plan_cache.find(shop, PlanRequest("Look up order ORD-3", {"order_id": "ORD-3"}))
    assert (found.kind, found.entry_id) == ("exact", other.pk)
    later = make_entry(shop, "Kindly print 2 labels for ORD-17", {"order_id": "ORD-17", "copies": 2}, CHAIN)

    assert jobs.left_alone() == [] and not jobs.work_on(job.pk)  # while the lease lasts nobody takes it up
    let_lease_end(job)
    assert jobs.left_alone() == [job.pk]
    assert not jobs.work_on(job.pk, seconds=600)
    job.refresh_from_db()
    assert (job.state, job.done, job.seen) == ("done", MANY, MANY + MANY // 2 + 2)
    assert set(of_notify()) == {entry, later}
    assert Entry.objects.count() == MANY // 2 + 3
    assert jobs.left_alone() == []


def test_a_job_gives_its_worker_back_now_and_then(many: None, entry: Entry) -> None:
    job = begin(entry.project, with_pinned=True)
    rounds = 1
    while jobs.work_on(job.pk, seconds=0):
        rounds += 1
        assert rounds < 30
    job.refresh_from_db()
    assert (job.state, job.done, job.lease_token) == ("done", MANY + 1, rounds)


def test_pinned_ones_go_only_where_that_is_wished(entry: Entry) -> None:
    pins.pin([entry.pk])
    for with_pinned, left in ((False, 1), (True, 0)):
        job = begin(entry.project, with_pinned=with_pinned)
        jobs.work_on(job.pk)
        assert of_notify().count() == left


def test_a_quarantine_takes_votes_and_words_and_says_why(entry: Entry, other: Entry) -> None:
    assert ObservedWord.objects.filter(skeleton=entry.skeleton).exists()
    job = begin(entry.project, "quarantine", reason="The printer is broken.")
    jobs.work_on(job.pk)
    entry.refresh_from_db()
    other.refresh_from_db()
    assert entry.quarantine_reason == "The printer is broken." and other.quarantined_at is None
    assert list(EntryVector.objects.values_list("pk", flat=True)) == [other.pk]
    assert not ObservedWord.objects.filter(skeleton=entry.skeleton).exists()
    assert ObservedWord.objects.filter(skeleton=other.skeleton).exists()
    again = begin(entry.project, "quarantine", reason="Again.")
    jobs.work_on(again.pk)
    again.refresh_from_db()
    assert (again.state, again.done) == ("done", 0)


def test_what_was_found_wrong_is_remembered_unless_it_is_asked_for(entry: Entry) -> None:
    request = PlanRequest("Print 9 labels for order ORD-9", {"order_id": "ORD-9", "copies": 9})
    assert plan_cache.keep_counter(entry.project, request, CHAIN, vector=None) is not None
    jobs.work_on(begin(entry.project).pk)
    assert list(Entry.objects.values_list("kind", flat=True)) == ["counter"]
    jobs.work_on(begin(entry.project, chosen={"kind": "counter"}).pk)
    assert not Entry.objects.exists()


def test_a_job_that_is_cancelled_ends_and_can_go_on(many: None, entry: Entry) -> None:
    job = begin(entry.project)
    for _ in range(4):
        assert jobs.work_on(job.pk, seconds=0)
    assert jobs.cancel(job)
    assert not jobs.work_on(job.pk)
    job.refresh_from_db()
    assert job.state == "cancelled" and 0 < job.done < MANY and job.finished_at is not None
    assert not jobs.cancel(job)
    assert jobs.resume(job) and not jobs.resume(job)
    jobs.work_on(job.pk, seconds=600)
    job.refresh_from_db()
    assert (job.state, job.done) == ("done", MANY + 1)


def test_a_batch_that_goes_on_failing_ends_the_job(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = User.objects.create_user("ada")
    job = begin(entry.project)
    CacheJob.objects.update(started_by=ada)

    def failing(job: CacheJob, window: Any) -> None:
        raise ValueError("no\nsecret line")

    with monkeypatch.context() as patched:
        patched.setattr(jobs, "_work_off", failing)
        for number in range(jobs.MOST_FAILURES):
            job.refresh_from_db()
            assert (job.state, job.failures) == ("running" if number else "waiting", number)
            jobs.work_on(job.pk)
            assert jobs.left_alone() == []  # it is not tried again at once
            let_lease_end(job)
    job.refresh_from_db()
    assert (job.state, job.error) == ("failed", "no")
    assert LogEntry.objects.get().change_message == "Failed: 0 entries evicted."
    assert jobs.resume(job)
    jobs.work_on(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done, job.error) == ("done", 1, "")


def test_who_was_held_up_for_too_long_does_no_harm(
    entry: Entry, other: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = begin(entry.project)
    step = jobs._step

    def taken_over(job_id: int, token: int) -> bool:
        CacheJob.objects.filter(pk=job_id).update(lease_token=token + 1)
        return step(job_id, token)

    monkeypatch.setattr(jobs, "_step", taken_over)
    assert not jobs.work_on(job.pk)
    assert of_notify().exists()


def test_a_project_has_one_open_job_of_a_kind(entry: Entry, make_project: Callable[..., Project]) -> None:
    first = begin(entry.project)
    with pytest.raises(jobs.JobOpen) as refused:
        begin(entry.project)
    assert refused.value.job == first
    begin(entry.project, "quarantine", reason="x")
    begin(make_project("another"))
    assert CacheJob.objects.count() == 3


def test_a_job_goes_with_its_project(entry: Entry) -> None:
    job = begin(entry.project)
    entry.project.delete()
    assert not jobs.work_on(job.pk)


class TestEstimates:
    def test_few_are_counted(self, many: None, entry: Entry) -> None:
        pins.pin([entry.pk])
        found = jobs.estimate_of(Wanted("evict", entry.project_id, {"service": "notify"}))
        assert found == Estimate(rows=MANY + MANY // 2 + 2, found=MANY + 1, pinned=1, exact=True)
        assert found.about == "5,001"

    def test_many_are_estimated_from_a_sample(
        self, many: None, entry: Entry, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(estimates, "SAMPLE", 1_000)
        found = jobs.estimate_of(Wanted("evict", entry.project_id, {"service": "notify"}))
        assert not found.exact and found.about.startswith("about ") and found.about.endswith("00")
        assert 0 < found.found < found.rows == MANY + MANY // 2 + 2

    def test_beyond_that_the_statistics_tell_how_many_there_are(
        self, many: None, entry: Entry, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bulk_count = Entry.objects.count()
        monkeypatch.setattr(estimates, "SAMPLE", 1_000)
        monkeypatch.setattr(estimates, "COUNTED", 2_000)
        found = jobs.estimate_of(Wanted("evict", entry.project_id, {}))
        assert 2_000 < found.rows <= 3 * bulk_count and not found.exact


class TestSelections:
    def test_they_are_read_and_told(self) -> None:
        told = {"service": " notify ", "state": "quarantined", "older_than_days": "30", "q": "x", "words": ""}
        chosen = read_selection(told)
        assert chosen == {"service": "notify", "state": "quarantined", "older_than_days": "30"}
        assert in_words(chosen) == "that use “notify”, in quarantine, older than 30 days"

    @pytest.mark.parametrize(
        "told",
        [
            {"state": "lost"},
            {"older_than_days": "-1"},
            {"older_than_days": "9" * 9},
            {"older_than_days": "²"},
            {"service": "x" * 201},
            {"words": "a\x00b"},
        ],
    )
    def test_what_is_no_filter_is_refused(self, told: dict[str, str]) -> None:
        with pytest.raises(InvalidSelection):
            read_selection(told)

    def test_damaged_ones_are_told_as_far_as_they_go(self) -> None:
        assert in_words(["x"]) == in_words({"drop": "table"}) == ""


class TestPages:
    START = "/admin/cache/cachejob/start/"

    def fields(self, of: Project, **more: str) -> dict[str, str]:
        return {"do": "evict", "project": of.pk, "service": "notify", **more}

    def test_the_list_leads_to_it_with_its_filters(self, operator: Client, entry: Entry) -> None:
        page = body(operator, list_of(Entry, service="notify", project=entry.project_id, q="labels"))
        for kind in ("evict", "quarantine"):
            link = f"{self.START}?do={kind}&amp;project={entry.project_id}&amp;service=notify&amp;words=labels"
            assert f'href="{link}"' in page
        form = body(operator, f"{self.START}?do=evict&project={entry.project_id}&service=notify")
        assert 'name="service" value="notify"' in form and f'value="{entry.project_id}"' in form
        assert not CacheJob.objects.exists()

    def test_an_estimate_is_shown_before_anything_begins(self, operator: Client, entry: Entry) -> None:
        pins.pin([entry.pk])
        page = text(operator.post(self.START, self.fields(entry.project)).content.decode())
        assert "This would evict 1 entry of project “shop” that use “notify”, 1 of them pinned." in page
        assert "The pinned ones stay, unless you tick" in page
        assert not CacheJob.objects.exists()

    def test_what_was_looked_at_is_what_begins(self, operator: Client, entry: Entry) -> None:
        token = operator.post(self.START, self.fields(entry.project)).context["token"]
        operator.post(self.START, self.fields(entry.project, service="refund_payment", confirmed=token))
        assert not CacheJob.objects.exists()
        answer = operator.post(self.START, self.fields(entry.project, confirmed=token))
        job = CacheJob.objects.get()
        assert answer["Location"] == page_of(job)
        assert (job.kind, job.chosen, job.started_by) == ("evict", {"service": "notify"}, User.objects.get())
        assert "1 entry of project “shop”" in LogEntry.objects.get().change_message

    def test_its_end_is_in_the_log(self, operator: Client, entry: Entry) -> None:
        token = operator.post(self.START, self.fields(entry.project)).context["token"]
        operator.post(self.START, self.fields(entry.project, confirmed=token))
        job = CacheJob.objects.get()
        jobs.work_on(job.pk)
        assert LogEntry.objects.first().change_message == "Done: 1 entries evicted."  # type: ignore[union-attr]
        page = body(operator, page_of(job))
        assert '<progress class="orra-progress" max="100" value="100"' in page
        assert 'http-equiv="refresh"' not in page
        assert "Done 1 evicted, of about 1" in text(page)

    def test_its_progress_is_shown_and_shown_again(self, operator: Client, many: None, entry: Entry) -> None:
        job = begin(entry.project)
        shown = []
        for _ in range(3):
            jobs.work_on(job.pk, seconds=0)
            page = body(operator, page_of(job))
            assert 'http-equiv="refresh"' in page and "planengine/fresh.js" in page
            shown.append(int(page.split('max="100" value="')[1].split('"')[0]))
        assert 0 < shown[0] < shown[1] < shown[2] < 100

    def test_it_is_cancelled_and_gone_on_with(self, operator: Client, entry: Entry) -> None:
        job = begin(entry.project)
        assert operator.get(address(job, "cancel")).status_code == 405
        answer = operator.post(address(job, "cancel"), follow=True)
        assert "ends after the batch" in said(answer)
        assert "Go on" in text(answer.content.decode())  # no worker had begun it
        assert not jobs.work_on(job.pk)
        operator.post(address(job, "resume"))
        jobs.work_on(job.pk)
        job.refresh_from_db()
        assert (job.state, job.done) == ("done", 1)
        changes = set(LogEntry.objects.values_list("change_message", flat=True))
        assert len(changes) == 2

    def test_there_is_one_at_a_time(self, operator: Client, entry: Entry) -> None:
        token = operator.post(self.START, self.fields(entry.project)).context["token"]
        for _ in range(2):
            answer = operator.post(self.START, self.fields(entry.project, confirmed=token), follow=True)
        assert "has such a job already" in said(answer)
        assert CacheJob.objects.count() == 1

    @pytest.mark.parametrize(
        ("fields", "where"),
        [
            ({"do": "quarantine"}, "reason"),
            ({"project": "p_nobody"}, "project"),
            ({"project": "\x00"}, "project"),
            ({"older_than_days": "many"}, "older_than_days"),
            ({"state": "lost"}, "state"),
            ({"do": "drop"}, "do"),
        ],
    )
    def test_a_fault_is_told_at_its_field(
        self, fields: dict[str, str], where: str, operator: Client, entry: Entry
    ) -> None:
        answer = operator.post(self.START, self.fields(entry.project, **fields))
        assert list(answer.context["form"].errors) == [where]
        assert not CacheJob.objects.exists()

    def test_rights(self, staff: Callable[..., Client], entry: Entry) -> None:
        job = begin(entry.project)
        viewer = staff("cache.view_entry")
        assert "Progress" in body(viewer, page_of(job))
        assert viewer.get(self.START).status_code == 403
        for view in ("cancel", "resume"):
            assert viewer.post(address(job, view)).status_code == 403
        changer = staff("cache.view_entry", "cache.change_entry")
        assert changer.post(self.START, self.fields(entry.project)).status_code == 403
        assert changer.post(self.START, self.fields(entry.project, do="quarantine", reason="x")).status_code == 200
        assert staff("planengine.view_plan").get(page_of(job)).status_code == 403

    def test_strangers_text_is_shown_and_not_run(self, operator: Client, entry: Entry) -> None:
        script = "<script>alert(1)</script>"
        Project.objects.filter(pk=entry.project_id).update(name=script)
        entry.project.refresh_from_db()
        job = begin(entry.project, "quarantine", chosen={"service": script}, reason=script)
        CacheJob.objects.update(error=script)
        for page in (page_of(job), list_of(CacheJob)):
            assert script not in body(operator, page)
        answer = operator.post(self.START, self.fields(entry.project, service=script, words=script))
        assert script not in answer.content.decode()


def test_of_many_the_words_are_forgotten_at_the_end(entry: Entry, make_entry: Callable[..., Entry]) -> None:
    """Those that another example of the skeleton has are still known."""
    kept = make_entry(entry.project, "Print 2 fresh labels for ORD-17", {"order_id": "ORD-17", "copies": 2}, CHAIN)
    pins.pin([kept.pk])
    assert kept.skeleton == entry.skeleton
    jobs.work_on(begin(entry.project).pk)
    known = set(ObservedWord.objects.filter(skeleton=kept.skeleton).values_list("word", flat=True))
    assert "labels" in known and "customer" not in known


def test_a_job_is_about_what_there_was_when_it_began(entry: Entry) -> None:
    job = begin(entry.project)
    Entry.objects.filter(pk=entry.pk).update(created_at=timezone.now() + timedelta(seconds=1))
    jobs.work_on(job.pk)
    assert of_notify().exists()


class TestTasks:
    @pytest.fixture
    def sent(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        told: list[int] = []
        monkeypatch.setattr(tasks.work_on_job, "apply_async", lambda arguments, **how: told.extend(arguments))
        return told

    def test_the_sweep_tells_workers_of_what_nobody_is_at(
        self, entry: Entry, make_project: Callable[..., Project], sent: list[int]
    ) -> None:
        lost, held, done = begin(entry.project), begin(make_project("held")), begin(make_project("done"))
        CacheJob.objects.filter(pk=held.pk).update(
            state="running", lease_expires_at=timezone.now() + timedelta(seconds=9)
        )
        jobs.work_on(done.pk)
        tasks.take_up_jobs()
        assert sent == [lost.pk]

    def test_a_worker_sends_on_what_is_not_done(
        self, many: None, entry: Entry, sent: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(jobs.work_on, "__kwdefaults__", {"seconds": 0})
        job = begin(entry.project)
        tasks.work_on_job(job.pk)
        assert sent == [job.pk]
        jobs.work_on(job.pk, seconds=600)
        tasks.work_on_job(job.pk)
        assert sent == [job.pk]

    def test_with_the_broker_down_nothing_is_lost(self, entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(arguments: Any, **how: Any) -> None:
            raise OperationalError("away")

        monkeypatch.setattr(tasks.work_on_job, "apply_async", refuse)
        job = begin(entry.project)
        assert not tasks.enqueue_job(job.pk)
        tasks.take_up_jobs()
        assert jobs.left_alone() == [job.pk]
