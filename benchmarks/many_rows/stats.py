"""What a project's cache did, told after a hundred thousand plans and after a million."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.many_rows import bulk
from benchmarks.many_rows.history import PLAN_ID
from benchmarks.measuring import shop, table
from benchmarks.measuring.table import Spread
from planengine.accounting import tallies
from planengine.accounting.figures.reading import WINDOWS
from planengine.accounting.statistics import cache_stats
from planengine.lifecycle import heartbeats
from planengine.models import AlertRule, Plan, Project

PLANS = 100_000
FULL_PLANS = 1_000_000
DAYS = 30
CALLS = 40
LIMIT_MS = 50.0
DASHBOARD_MS = 300.0
MOST_QUERIES = 30

# What each of them was, by its number: of ten plans one is a miss, one a hit by meaning, eight are exact hits.
KIND = "CASE nth %% 10 WHEN 0 THEN '{}' WHEN 1 THEN '{}' ELSE '{}' END".format
GUARD = "CASE nth %% 10 WHEN 0 THEN (ARRAY['fields', 'direction', 'polarity'])[1 + nth %% 3] ELSE '' END"
TOKENS_SAVED = "CASE nth %% 10 WHEN 0 THEN NULL ELSE 900 END"


@dataclass(frozen=True)
class Stats:
    plans: int
    tally_seconds: float
    ever: Spread
    day: Spread
    dashboard: dict[str, tuple[Spread, int]]


def run(*, full: bool) -> Stats:
    project = shop.open_project()
    plans = FULL_PLANS if full else PLANS
    _fill(project, plans)
    started = time.perf_counter()
    tallies.add_finished_plans(timezone.now())
    tally_seconds = time.perf_counter() - started
    result = Stats(
        plans,
        tally_seconds,
        ever=_time(lambda: cache_stats(project)),
        day=_time(lambda: cache_stats(project, since=timezone.now() - timedelta(days=1))),
        dashboard=_dashboard(project),
    )
    _print(result, project)
    return result


def _fill(project: Project, plans: int) -> None:
    like = Plan.objects.create(project=project, action="Refund order ORD-17", params=[], created_at=timezone.now())
    moment = f"now() - nth * interval '{DAYS * 86400 / plans} seconds'"
    bulk.copy_rows(
        like,
        range(1, plans + 1),
        id=PLAN_ID,
        status="'ready'",
        plan="'{}'",
        source=KIND("model", "semantic", "exact"),
        decision=KIND("miss", "semantic", "exact"),
        decision_reason=KIND("refused", "same_meaning", "same_template"),
        guard=GUARD,
        tokens_saved=TOKENS_SAVED,
        created_at=moment,
        finished_at=moment,
    )
    like.delete()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE planengine_plan")


def _print(result: Stats, project: Project) -> None:
    counted = cache_stats(project)["requests"]
    if counted != result.plans:
        raise RuntimeError(f"{counted} plans were counted, not {result.plans}.")
    table.heading(f"GET /v1/cache/stats after {result.plans:,} plans of {DAYS} days")
    table.line("", "p50", "p95", f"p95 ≤ {LIMIT_MS:g} ms")
    for name, spread in (("since the project began", result.ever), ("of the last day", result.day)):
        table.line(name, f"{spread.p50:.1f} ms", f"{spread.p95:.1f} ms", table.verdict(spread.p95, LIMIT_MS))
    table.heading(f"The admin's first page after {result.plans:,} plans of {DAYS} days")
    table.line("", "p50", "p95", "queries", f" ≤ {DASHBOARD_MS:g} ms, {MOST_QUERIES}")
    for name, (spread, queries) in result.dashboard.items():
        kept = spread.p95 <= DASHBOARD_MS and queries <= MOST_QUERIES
        table.line(name, f"{spread.p50:.1f} ms", f"{spread.p95:.1f} ms", str(queries), "ok" if kept else "OVER")
    table.line("adding all of them to the tallies, once", f"{result.tally_seconds:.1f} s")


def _dashboard(project: Project) -> dict[str, tuple[Spread, int]]:
    """What the page takes, and how many queries, with a process of each kind and a rule for each measure."""
    for kind in ("web", "worker", "beat", "ticks"):
        heartbeats.note(kind, kind)
    for measure in AlertRule.Measure.values:
        AlertRule.objects.create(project=project, measure=measure, threshold=0.5)
    operator = Client()
    operator.force_login(User.objects.create_superuser("bench"))
    measured = {}
    for name, scope in (("all together", ""), ("one project", f"&project={project.pk}")):
        for window, known in WINDOWS.items():
            address = f"/admin/?window={window}{scope}"
            with CaptureQueriesContext(connection) as queries:
                operator.get(address)
                asked = len(queries)
            measured[f"{name}, {known.title}"] = _time(partial(operator.get, address)), asked
    return measured


def _time(call: Callable[[], object]) -> Spread:
    return Spread.of(table.timed(lambda _: call(), CALLS))
