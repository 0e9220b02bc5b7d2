"""Jobs over all entries of a project that a filter finds: evicted or quarantined, batch by batch.

The row is the truth. A batch is one short transaction that changes entries and moves the job's cursor, so whoever
takes up a job whose worker was lost goes on behind the last whole batch. Entries are looked at from the oldest to
those of the moment the job began; what is stored later stays. A job gives its worker back now and then, so that
plans do not wait for it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from cache import storage
from cache.care.estimates import KEY, Estimate, estimate
from cache.care.selection import Entries, in_words, select
from cache.examples import observed
from cache.models import CacheJob, Entry
from orra.base.database.keys import oldest_first
from orra.base.strictjson import Json

log = structlog.get_logger(__name__)

# So many entries are looked at in a transaction.
BATCH = 1_000
# A batch takes a fraction of a second; a job whose worker was lost waits for the rest of this.
LEASE = timedelta(seconds=30)
SLICE_SECONDS = 10.0
MOST_FAILURES = 5
AGAIN_AFTER = timedelta(seconds=10)
OPEN = (CacheJob.State.WAITING, CacheJob.State.RUNNING)
DID = {CacheJob.Kind.EVICT: "evicted", CacheJob.Kind.QUARANTINE: "put into quarantine"}

CLAIM = """
    UPDATE cache_cachejob SET state = 'running', lease_token = lease_token + 1,
        lease_expires_at = %(until)s, started_at = coalesce(started_at, %(now)s)
    WHERE id = %(job)s AND state IN ('waiting', 'running')
        AND (lease_expires_at IS NULL OR lease_expires_at <= %(now)s)
    RETURNING lease_token
"""


class JobOpen(Exception):
    """The project has a job of this kind that has not ended. ``job`` is it, if it is still there."""

    def __init__(self, job: CacheJob | None) -> None:
        super().__init__("The project has such a job already.")
        self.job = job


@dataclass(frozen=True)
class Wanted:
    """What is to be done to which entries of a project."""

    kind: str
    project_id: str
    chosen: dict[str, str]
    with_pinned: bool = False
    reason: str = ""

    @property
    def told(self) -> str:
        """Which entries are meant, for people, without their number and project."""
        return in_words(self.chosen)


def estimate_of(wanted: Wanted) -> Estimate:
    """About how many entries there are of what is wanted, pinned ones included."""
    return estimate(_may_be_meant(wanted.kind, wanted.project_id, wanted.chosen), wanted.chosen)


def begin(wanted: Wanted, about: Estimate, *, user_id: int | None) -> CacheJob:
    """A job that waits for a worker. Raises :class:`JobOpen`."""
    try:
        with transaction.atomic():
            job = CacheJob.objects.create(
                project_id=wanted.project_id,
                kind=wanted.kind,
                chosen=wanted.chosen,
                with_pinned=wanted.with_pinned,
                reason=wanted.reason[: storage.MAX_REASON],
                estimate=about.found if wanted.with_pinned else max(0, about.found - about.pinned),
                rows=about.rows,
                started_by_id=user_id,
            )
    except IntegrityError:
        raise JobOpen(_open_of(wanted.project_id, wanted.kind)) from None
    log.info("cache job begun", job=job.pk, project=job.project_id, kind=job.kind)
    return job


def cancel(job: CacheJob) -> bool:
    """Has the job end after the batch under way, or at once where no worker has begun it; whether it was open.
    What it did stays done."""
    with transaction.atomic():
        held = CacheJob.objects.select_for_update().filter(pk=job.pk, state__in=OPEN).first()
        if held is None:
            return False
        held.cancelled = True
        held.save(update_fields=["cancelled"])
        if held.state == CacheJob.State.WAITING and not held.seen:
            _end(held)
    return True


def resume(job: CacheJob) -> bool:
    """Has a job that was cancelled or failed go on where it ended; whether it was one. Raises :class:`JobOpen`."""
    ended = CacheJob.objects.filter(pk=job.pk, state__in=[CacheJob.State.CANCELLED, CacheJob.State.FAILED])
    fresh = {"cancelled": False, "failures": 0, "error": "", "finished_at": None, "lease_expires_at": None}
    try:
        with transaction.atomic():
            return bool(ended.update(state=CacheJob.State.WAITING, **fresh))
    except IntegrityError:
        raise JobOpen(_open_of(job.project_id, job.kind)) from None


def left_alone() -> list[int]:
    """The jobs that no worker is at: they wait, or their worker was lost."""
    free = Q(lease_expires_at=None) | Q(lease_expires_at__lte=timezone.now())
    return list(CacheJob.objects.filter(free, state__in=OPEN).order_by("pk").values_list("pk", flat=True))


def work_on(job_id: int, *, seconds: float = SLICE_SECONDS) -> bool:
    """Works off batches for so many seconds; whether there is more to do. ``False`` at once while somebody else is
    at the job. A batch that fails is tried again later, and ends the job when it goes on failing."""
    token = _claim(job_id)
    if token is None:
        return False
    until = time.monotonic() + seconds
    try:
        while _step(job_id, token):
            if time.monotonic() >= until:
                return _give_back(job_id, token)
    except Exception as error:
        return _note_failure(job_id, token, error)
    return False


def _claim(job_id: int) -> int | None:
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"job": job_id, "now": now, "until": now + LEASE})
        row = cursor.fetchone()
    return row[0] if row else None


def _give_back(job_id: int, token: int) -> bool:
    held = CacheJob.objects.filter(pk=job_id, lease_token=token)
    return bool(held.update(lease_expires_at=timezone.now()))


def _note_failure(job_id: int, token: int, error: Exception) -> bool:
    log.error("cache job failed", job=job_id, error=str(error))
    held = CacheJob.objects.filter(pk=job_id, lease_token=token)
    held.update(
        failures=F("failures") + 1,
        error=str(error).partition("\n")[0][:2000],
        lease_expires_at=timezone.now() + AGAIN_AFTER,
    )
    given_up = held.filter(failures__gte=MOST_FAILURES)
    if given_up.update(state=CacheJob.State.FAILED, finished_at=timezone.now()):
        _audit(CacheJob.objects.get(pk=job_id))
    return False


def _step(job_id: int, token: int) -> bool:
    """One batch, or the end of the job; whether there is more to do."""
    with transaction.atomic():
        held = CacheJob.objects.filter(pk=job_id, lease_token=token, state=CacheJob.State.RUNNING)
        job = held.select_for_update().first()
        if job is None:  # taken over, or gone with its project
            return False
        window = [] if job.cancelled else _next_window(job)
        if window:
            _work_off(job, window)
        elif job.words:
            scope, skeleton, words = job.words.pop()
            observed.forget(scope, words, skeleton)
        else:
            _end(job)
            return False
        job.failures, job.error, job.lease_expires_at = 0, "", timezone.now() + LEASE
        job.save(
            update_fields=["seen", "done", "cursor", "words", "rows", "failures", "error", "lease_expires_at"]
        )
    return True


def _next_window(job: CacheJob) -> Sequence[tuple[datetime, str]]:
    after = None if job.cursor is None else (datetime.fromisoformat(job.cursor[0]), job.cursor[1])
    entries = Entry.objects.filter(project_id=job.project_id, created_at__lte=job.until)
    return list(oldest_first(entries, KEY, after=after).values_list(*KEY)[:BATCH])


def _work_off(job: CacheJob, window: Sequence[tuple[datetime, str]]) -> None:
    meant = _may_be_meant(job.kind, job.project_id, job.chosen)
    if not job.with_pinned:
        meant = meant.filter(pinned=False)
    meant = select(meant.filter(pk__in=[entry_id for _, entry_id in window]), job.chosen)
    if job.kind == CacheJob.Kind.EVICT:
        changed = _evict(job, meant)
    else:
        found = meant.order_by("pk").values_list("pk", flat=True)
        changed = storage.put_into_quarantine(found, job.reason, forget=lambda entries: _remember(job, entries))
    last_at, last_id = window[-1]
    job.cursor = [last_at.isoformat(), last_id]
    job.seen += len(window)
    job.rows = max(job.rows, job.seen)
    job.done += len(changed)


def _evict(job: CacheJob, meant: Entries) -> Sequence[str]:
    columns = ("kind", "scope", "skeleton", "words")
    entries = list(meant.only(*columns).order_by("pk").select_for_update())
    _remember(job, [entry for entry in entries if entry.kind == Entry.Kind.PLAN])
    evicted = [entry.pk for entry in entries]
    Entry.objects.filter(pk__in=evicted).delete()
    return evicted


def _remember(job: CacheJob, entries: Iterable[Entry]) -> None:
    """Which words are to be forgotten when all is done. To find out which of them other examples have, all of
    these are looked at: once for a job, not for every batch."""
    known: dict[tuple[str, str], set[str]] = {
        (scope, skeleton): set(words) for scope, skeleton, words in job.words
    }
    for place, words in storage.words_by_skeleton(entries).items():
        known.setdefault(place, set()).update(words)
    job.words = [[scope, skeleton, sorted(words)] for (scope, skeleton), words in known.items()]


def _end(job: CacheJob) -> None:
    job.state = CacheJob.State.CANCELLED if job.cancelled else CacheJob.State.DONE
    job.finished_at, job.lease_expires_at, job.error = timezone.now(), None, ""
    job.save(update_fields=["state", "finished_at", "lease_expires_at", "error"])
    _audit(job)
    log.info("cache job ended", job=job.pk, state=job.state, entries=job.done)


def _audit(job: CacheJob) -> None:
    """Tells the log of what operators did how many it were in the end."""
    if job.started_by_id is None:
        return
    said = f"{_outcome(job)}: {job.done:,} entries {DID[CacheJob.Kind(job.kind)]}."
    LogEntry.objects.create(
        user_id=job.started_by_id,
        content_type=ContentType.objects.get_for_model(CacheJob),
        object_id=str(job.pk),
        object_repr=str(job),
        action_flag=CHANGE,
        change_message=said,
    )


def _outcome(job: CacheJob) -> str:
    return {"done": "Done", "cancelled": "Cancelled", "failed": "Failed"}.get(job.state, job.state)


def _may_be_meant(kind: str, project_id: str, chosen: Json) -> Entries:
    """The entries of a project that a job of this kind may change: what was found wrong is remembered unless
    somebody asks for it by its kind, and only plans serve anybody."""
    entries: Entries = Entry.objects.filter(project_id=project_id)
    if kind == CacheJob.Kind.QUARANTINE:
        return entries.filter(kind=Entry.Kind.PLAN, quarantined_at=None)
    if chosen.get("kind") == Entry.Kind.COUNTER:
        return entries
    return entries.exclude(kind=Entry.Kind.COUNTER)


def _open_of(project_id: str, kind: str) -> CacheJob | None:
    return CacheJob.objects.filter(project_id=project_id, kind=kind, state__in=OPEN).first()
