"""Asking for plans, and what becomes of them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from orra_client.calls.call import Call, Flow, Listing, Pause, path_of, query_of
from orra_client.errors import PlanUnfinished
from orra_client.reading import Json, reads
from orra_client.results.pages import reads_page
from orra_client.results.plans import Plan

MOST_WAIT_SECONDS = 60
USUAL_TIMEOUT = 120.0
FIRST_LOOK_SECONDS, MOST_BETWEEN_LOOKS = 0.2, 2.0

Params = Mapping[str, Json] | Sequence[Mapping[str, Json]] | None


def create_plan(
    action: str,
    params: Params = None,
    *,
    cache: str = "use",
    wait_seconds: float = 0.0,
    idempotency_key: str | None = None,
) -> Call[Plan]:
    """Asks for a plan. It may not be finished yet: ``plan`` waits for it, and so does ``wait_for_plan``.

    ``cache``: ``use``, ``bypass``, ``refresh`` or ``only``. Without an ``idempotency_key`` it has one of its own,
    so that it can be sent again when the connection breaks.
    """
    body: dict[str, Json] = {"action": action, "cache": cache, "wait_seconds": wait_seconds}
    if params is not None:
        body["params"] = dict(params) if isinstance(params, Mapping) else list(params)
    key = str(uuid.uuid4()) if idempotency_key is None else idempotency_key
    return Call(
        "POST", path_of("plans"), reads(Plan), body=body, headers={"Idempotency-Key": key}, seconds=wait_seconds
    )


def plan(
    action: str,
    params: Params = None,
    *,
    cache: str = "use",
    timeout: float = USUAL_TIMEOUT,
    idempotency_key: str | None = None,
) -> Flow[Plan]:
    """The finished plan for an action: ready, not actionable or failed. Raises
    :class:`~orra_client.errors.PlanUnfinished` after ``timeout`` seconds."""
    began = time.monotonic()
    wait = min(max(timeout, 0.0), MOST_WAIT_SECONDS)
    asked = yield create_plan(action, params, cache=cache, wait_seconds=wait, idempotency_key=idempotency_key)
    return (yield from _until_finished(asked, began, timeout))


def wait_for_plan(plan_id: str, *, timeout: float = USUAL_TIMEOUT) -> Flow[Plan]:
    """The plan once it is finished. Raises :class:`~orra_client.errors.PlanUnfinished` after ``timeout``
    seconds."""
    began = time.monotonic()
    return (yield from _until_finished((yield get_plan(plan_id)), began, timeout))


def _until_finished(plan: Plan, began: float, timeout: float) -> Flow[Plan]:
    pause = FIRST_LOOK_SECONDS
    while not plan.is_finished:
        left = timeout - (time.monotonic() - began)
        if left <= 0:
            raise PlanUnfinished(plan, timeout)
        yield Pause(min(pause, left))
        pause = min(2 * pause, MOST_BETWEEN_LOOKS)
        plan = yield get_plan(plan.id)
    return plan


def get_plan(plan_id: str) -> Call[Plan]:
    """One plan."""
    return Call("GET", path_of("plans", plan_id), reads(Plan))


def list_plans(
    *,
    status: str | None = None,
    source: str | None = None,
    entry_id: str | None = None,
    created_after: datetime | None = None,
    created_before: datetime | None = None,
    page_size: int | None = None,
) -> Listing[Plan]:
    """The project's plans, newest first, without their attempts; pages are fetched as they are needed."""
    filters = query_of(
        status=status,
        source=source,
        entry_id=entry_id,
        created_after=created_after,
        created_before=created_before,
        limit=page_size,
    )
    return Listing(Call("GET", path_of("plans"), reads_page(Plan), query=filters))


def report_plan(plan_id: str, verdict: str = "wrong_plan", *, note: str = "") -> Call[Plan]:
    """Says that a plan is wrong (``wrong_plan``), or right after all (``right_plan``). The last verdict counts, so
    it may be said again."""
    return Call("POST", path_of("plans", plan_id, "report"), reads(Plan), body={"verdict": verdict, "note": note})
