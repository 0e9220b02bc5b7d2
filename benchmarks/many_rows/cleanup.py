"""Deleting expired entries, as two beats at once would, while a web process serves hits."""

from __future__ import annotations

import hashlib
import multiprocessing
import statistics
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from benchmarks.hits import exact_hit
from benchmarks.many_rows import bulk
from benchmarks.many_rows.bulk import Directions
from benchmarks.measuring import shop, table
from benchmarks.measuring.environment import Address, web_process
from benchmarks.measuring.load import Load, measure
from benchmarks.measuring.table import Spread
from cache import expiry
from cache.models import Entry
from planengine.models import ApiKey, Project

EXPIRED = 50_000
FULL_EXPIRED = 1_000_000
BEATS = 2
WINDOW_SECONDS = 3.0
VARIATIONS = 500
NUMBERS_FROM = 100_000_000  # beyond those of the other parts


@dataclass(frozen=True)
class Cleanup:
    """``before`` and ``during`` are the milliseconds of exact hits over HTTP, one client."""

    expired: int
    seconds: float
    before: Spread
    during: Spread


def run(*, full: bool) -> Cleanup:
    project = shop.open_project()
    _, secret = ApiKey.issue(project)
    hits = [exact_hit.prepared(number, secret) for number in range(1, VARIATIONS + 1)]
    expired = FULL_EXPIRED if full else EXPIRED
    _fill(Entry.objects.get(project=project), expired)
    with web_process() as address, ThreadPoolExecutor(BEATS) as beats:
        before = _serve(address, hits, windows=3)
        started = time.perf_counter()
        deleting = [beats.submit(_delete) for _ in range(BEATS)]
        during = _serve(address, hits, until=deleting)
        deleted = sum(each.result() for each in deleting)
        seconds = time.perf_counter() - started
    if deleted != expired:
        raise RuntimeError(f"{deleted} entries were deleted, not {expired}.")
    result = Cleanup(expired, seconds, before, during)
    _print(result)
    return result


def _print(result: Cleanup) -> None:
    table.heading(f"{BEATS} beats delete {result.expired:,} expired entries while hits are served")
    table.line("", "p50", "p95", "longest")
    for name, spread in (("hits before", result.before), ("hits meanwhile", result.during)):
        table.line(name, *(f"{figure:.1f} ms" for figure in (spread.p50, spread.p95, spread.most)))
    table.line("deleted", f"{result.expired / result.seconds:,.0f}/s", f"{result.seconds:.0f} s")


def _fill(like: Entry, count: int) -> None:
    directions = Directions()
    neighbour = Project.objects.create(name="expired")
    scope = hashlib.sha256(neighbour.pk.encode()).hexdigest()
    for first in range(0, count, 100_000):
        bulk.load(
            like=like,
            project_id=neighbour.pk,
            scope=scope,
            vectors=directions.draw(min(100_000, count - first)),
            first=NUMBERS_FROM + first,
            expires_at=timezone.now() - timedelta(minutes=1),
        )
    bulk.analyze()


def _delete() -> int:
    try:
        return expiry.delete_expired()
    finally:
        connection.close()


def _serve(
    address: Address, hits: list[bytes], *, windows: int = 0, until: list[Future[int]] | None = None
) -> Spread:
    """Hits for so many windows, or until these are done."""
    loads: list[Load] = []
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        while len(loads) < windows or (until and not all(each.done() for each in until)):
            loads.append(pool.apply(measure, (address, hits), {"clients": 1, "seconds": WINDOW_SECONDS}))
    milliseconds = [seconds * 1000 for load in loads for seconds in load.seconds]
    assert statistics.median(milliseconds) > 0
    return Spread.of(milliseconds)
