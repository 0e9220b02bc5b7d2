"""What a process remembers of hits, asked as the edge does."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from planengine.lifecycle import hits
from planengine.requests import PlanRequest


def asked_by(secret: str, request: PlanRequest, *, ago: timedelta = timedelta(), **more: str) -> hits.Asked | None:
    """The request of a caller who is remembered. It arrived so long ago."""
    caller = hits.caller_of(secret)
    if caller is None:
        return None
    return hits.asked_by(caller, request, arrived_at=timezone.now() - ago, **more)


def again(secret: str, request: PlanRequest, *, ago: timedelta = timedelta(), **more: str) -> hits.Hit | None:
    """By what is remembered of the caller and of the template."""
    asked = asked_by(secret, request, ago=ago, **more)
    return None if asked is None else hits.by_template(asked)


def stored(hit: hits.Hit | None) -> bool:
    """Runs the one statement, as the edge does."""
    assert hit is not None
    with connection.cursor() as cursor:
        cursor.execute(hit.statement, hit.values)
        return hits.settle(hit, cursor.fetchone())


def check_that_none_passes(change: Callable[[], object], find: Callable[[int], hits.Hit | None]) -> None:
    """Many at once, each with the hit of its number: whoever begins after the change has committed stores nothing
    from memory."""

    def ask(number: int) -> bool:
        try:
            hit = find(number)
            return hit is not None and stored(hit)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as crowd:
        assert all(crowd.map(ask, range(40)))
        asked = [crowd.submit(ask, number) for number in range(40, 120)]
        change()
        assert not any(crowd.map(ask, range(120, 160)))
        assert {future.result() for future in asked} <= {True, False}
