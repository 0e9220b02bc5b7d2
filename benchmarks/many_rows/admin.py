"""The operators' lists and pages after a hundred thousand plans and entries, and after a million plans.

Each page is asked for as a browser would, through Django's handler: the whole of it is measured, its queries are
counted. A page is a name and an address; whoever adds one to :func:`pages` has it measured.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from benchmarks.many_rows import bulk, history
from benchmarks.many_rows.bulk import Directions
from benchmarks.measuring import shop, table
from benchmarks.measuring.table import Spread
from cache.care import jobs
from cache.care.jobs import Wanted
from cache.models import CacheJob, Entry
from orra.operators.pages import list_of, page_of
from planengine.models import Attempt, DailyUsage, HitCheck, Label, Plan, Project, Tally

PLANS, ENTRIES = 100_000, 20_000
FULL_PLANS, FULL_ENTRIES = 1_000_000, 100_000
DAYS = 30
LONG = timedelta(days=30)
CALLS = 40
LIMIT_MS = 500.0
NUMBERS_FROM = 200_000_000  # beyond those of the other parts

# Of a thousand plans one failed, one hundred are misses, as many hits by meaning, the others exact hits.
KIND = "CASE nth %% 10 WHEN 0 THEN '{}' WHEN 1 THEN '{}' ELSE '{}' END".format


@dataclass(frozen=True)
class Measured:
    name: str
    spread: Spread
    queries: int


def run(*, full: bool) -> list[Measured]:
    project = shop.open_project()
    entry = Entry.objects.filter(project=project).latest("created_at")
    plans, entries = (FULL_PLANS, FULL_ENTRIES) if full else (PLANS, ENTRIES)
    _fill(project, entry, plans, entries)
    operator = Client()
    operator.force_login(User.objects.create_superuser(f"operator-{project.pk}"))
    measured = [_measure(name, partial(_ask, operator, path)) for name, path in pages(project, entry)]
    wanted = Wanted("evict", project.pk, {"service": "refund_payment"})
    measured.append(_measure("estimating a job", partial(jobs.estimate_of, wanted)))
    _print(measured, plans, entries)
    _work_off(wanted)
    return measured


def pages(project: Project, entry: Entry) -> Iterator[tuple[str, str]]:
    """What is measured: a name, an address."""
    yield "index", "/admin/"
    for model in (Plan, Attempt, Entry, Label, HitCheck, DailyUsage, Tally, CacheJob):
        yield f"{model._meta.verbose_name_plural}", list_of(model)
    yield "plans, the thousandth page", _far(Plan, "created_at")
    yield "plans of a project", list_of(Plan, project=project.pk)
    yield "plans that failed", list_of(Plan, status__exact="failed")
    yield "plans that missed", list_of(Plan, decision="miss")
    yield "plans bypassed: there are none", list_of(Plan, decision="bypass")
    yield "plans, by an id", list_of(Plan, q=_some(Plan).pk)
    yield "plans, by words", list_of(Plan, q="refund order")
    yield "plans, by words that none says", list_of(Plan, q="zebra crossing")
    yield "entries that use a service", list_of(Entry, service="refund_payment")
    yield "entries that are pinned: few", list_of(Entry, pinned__exact="1")
    yield "entries, by words that none says", list_of(Entry, q="zebra crossing")
    yield "attempts without a draft: few", list_of(Attempt, outcome="error")
    yield "a plan", page_of(_some(Plan))
    yield "an entry, hit often", page_of(entry)
    yield "another entry", page_of(_some(Entry))
    yield "before a job", f"/admin/cache/cachejob/start/?do=evict&project={project.pk}&service=refund_payment"


def _some(model: type[Model]) -> Model:
    return model._default_manager.order_by("pk")[100:101].get()


def _far(model: type[Model], moment: str) -> str:
    """A page that a thousand pages come before."""
    row = model._default_manager.order_by(f"-{moment}", "-pk")[50_000:50_001].get()
    place = json.dumps([str(getattr(row, moment)), row.pk])
    return list_of(model, older_than=base64.urlsafe_b64encode(place.encode()).decode())


def _fill(project: Project, entry: Entry, plans: int, entries: int) -> None:
    numbers = range(NUMBERS_FROM + 1, NUMBERS_FROM + plans + 1)
    directions = Directions()
    for first in range(0, entries, 50_000):
        vectors = directions.draw(min(50_000, entries - first))
        bulk.load(like=entry, vectors=vectors, first=NUMBERS_FROM + first, expires_at=timezone.now() + LONG)
    plan = Plan.objects.create(project=project, action="Refund order ORD-17", params=[], created_at=timezone.now())
    history.fill(
        plan,
        numbers,
        moment=f"now() - (nth - {NUMBERS_FROM}) * interval '{DAYS * 86400 / plans} seconds'",
        hour=f"now() - (nth - {NUMBERS_FROM}) * interval '1 hour'",
        fewer=10,
        plans={
            "status": "CASE nth %% 1000 WHEN 0 THEN 'failed' ELSE 'ready' END",
            "plan": "CASE nth %% 1000 WHEN 0 THEN NULL ELSE '{}'::jsonb END",
            "source": KIND("model", "semantic", "exact"),
            "decision": KIND("miss", "semantic", "exact"),
            "decision_reason": KIND("refused", "same_meaning", "same_template"),
            # One entry has a tenth of the hits, the others share the rest.
            "cache_entry_id": f"""CASE nth %% 10 WHEN 0 THEN NULL WHEN 1 THEN '{entry.pk}'
                ELSE 'ce_' || left(md5(({NUMBERS_FROM} + nth %% {entries})::text), 24) END""",
        },
        attempts={"error_code": "CASE nth %% 1000 WHEN 0 THEN 'unreachable' ELSE '' END"},
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _measure(name: str, call: Callable[[], object]) -> Measured:
    queries = 0

    def count(execute: Callable[..., Any], *asked: Any) -> Any:
        nonlocal queries
        queries += 1
        return execute(*asked)

    with connection.execute_wrapper(count):
        call()
    return Measured(name, Spread.of(table.timed(lambda _: call(), CALLS)), queries)


def _work_off(wanted: Wanted) -> None:
    job = jobs.begin(wanted, jobs.estimate_of(wanted), user_id=None)
    started = time.perf_counter()
    while jobs.work_on(job.pk):
        pass
    seconds = time.perf_counter() - started
    job.refresh_from_db()
    if job.state != CacheJob.State.DONE:
        raise RuntimeError(f"The job ended as {job.state}: {job.error}")
    table.line(f"a job that evicts {job.done:,} entries", f"{job.done / seconds:,.0f}/s", f"{seconds:.0f} s")


def _ask(operator: Client, path: str) -> None:
    answer = operator.get(path, headers={"host": "localhost"})
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answers {answer.status_code}.")
    if b'id="gave-up"' in answer.content:
        raise RuntimeError(f"{path} was given up.")


def _print(measured: list[Measured], plans: int, entries: int) -> None:
    table.heading(f"Pages of the admin after {plans:,} plans and with {entries:,} entries")
    table.line("", "p50", "p95", "queries", f"p95 ≤ {LIMIT_MS:g} ms")
    for each in measured:
        table.line(
            each.name,
            f"{each.spread.p50:.0f} ms",
            f"{each.spread.p95:.0f} ms",
            str(each.queries),
            table.verdict(each.spread.p95, LIMIT_MS),
        )
