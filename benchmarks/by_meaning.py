"""A lookup by meaning among many entries of one scope, without the embedding itself."""

from __future__ import annotations

import statistics
from datetime import timedelta

import numpy as np
from django.db import connection
from django.utils import timezone
from numpy.typing import NDArray

from benchmarks import shop, table
from cache.lookup import Policy, Request, Scope, find, store
from cache.models import Entry, EntryUse, EntryVector
from orra.ids import entry_id
from planengine.embeddings import get_embedder

SIZES = (1_000, 10_000)
LOOKUPS = 60
WORDING = "Please refund the order {order_id}, it is {reason}"


def run() -> None:
    table.heading("A lookup by meaning, the embedding not counted")
    table.line("entries in scope", "p50", "p95")
    project = shop.open_project()
    embedder = get_embedder()
    for size in SIZES:
        scope = _fill_scope(project.pk, size)
        milliseconds = []
        for number in range(LOOKUPS):
            asked = shop.request(number, wording=WORDING)
            policy = Policy(accept=lambda plan: None, embed=lambda text: embedder.embed([text])[0], floor=0.5)
            decision = find(Request(scope, asked.action, asked.params), policy)
            assert decision.kind == "semantic", decision.as_dict()
            milliseconds.append(decision.milliseconds - decision.embedding_milliseconds)
        p95 = statistics.quantiles(milliseconds, n=20)[-1]
        table.line(f"{size:,}", f"{statistics.median(milliseconds):.2f} ms", f"{p95:.2f} ms")


def _fill_scope(project_id: str, size: int) -> Scope:
    """A scope with one entry that fits and so many others of all directions."""
    scope = Scope(project_id, embedding_model=get_embedder().name, planner=f"benchmark of {size}")
    stored = shop.request(0)
    asked = Request(scope, stored.action, stored.params)
    vector = get_embedder().embed([asked.template.embedding_text])[0]
    fitting = store(
        asked, shop.plan_for(stored), vector=vector, ttl_seconds=3600, services={}, planned_by="model", cost={}
    )
    assert fitting is not None
    expires_at = timezone.now() + timedelta(hours=1)
    facts = {name: getattr(fitting, name) for name in ("project_id", "scope", "scope_facts", "action", "params")}
    facts |= {name: getattr(fitting, name) for name in ("template", "plan", "recipe", "services", "planned_by")}
    others = [
        Entry(id=entry_id(), template_key=f"{number:064}", expires_at=expires_at, **facts)
        for number in range(1, size)
    ]
    Entry.objects.bulk_create(others, batch_size=1000)
    EntryUse.objects.bulk_create([EntryUse(entry=entry) for entry in others], batch_size=1000)
    vectors = _directions(len(others), len(vector))
    EntryVector.objects.bulk_create(
        [
            EntryVector(entry=entry, scope=scope.digest, expires_at=expires_at, embedding=direction)
            for entry, direction in zip(others, vectors, strict=True)
        ],
        batch_size=1000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cache_entry, cache_entryvector")
    return scope


def _directions(count: int, dimensions: int) -> NDArray[np.float32]:
    numbers = np.random.default_rng(count).normal(size=(count, dimensions)).astype(np.float32)
    numbers /= np.linalg.norm(numbers, axis=1, keepdims=True)
    return numbers
