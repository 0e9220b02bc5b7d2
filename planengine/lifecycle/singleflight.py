"""Flights: requests that one plan can serve are planned once, whichever processes they came to.

    join ──no such flight──▶ leads ── plans, stores ──▶ completes it: its followers are released
      └──it is under way───▶ follows: the Plan stays pending, and no worker is occupied

A flight is a row with a unique fingerprint, a lease and a fencing token. A leader that dies loses its lease, and
the next who comes takes the flight over; whoever holds an older token can do nothing with it.

There is one flight for a template, and beside it a few *lanes*, for those whom its plan could not serve. Which
lane follows from the request, so that identical ones meet in the same. In a lane the followers wait for their
turn rather than for the leader's plan: no template ever takes more planner calls at once than there are lanes and
one. Nobody waits for a flight other than its own, so no two can wait for each other.

The rows are read and written by the database's clock, the only one that all processes share.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from cache.requests import Request
from orra.base import metrics
from orra.base.leases import LEASE
from planengine.models import Flight, Follower, Plan

# A flight may be completed between the try to lead it and the try to follow it.
TRIES = 3

# In both, who leads follows no longer. Parameters of the first: fingerprint, project, leader, lease, leader.
LEAD = """
    WITH led AS (
        INSERT INTO planengine_flight AS flight
            (fingerprint, project_id, leader_id, token, started_at, lease_expires_at)
        VALUES (%s, %s, %s, 1, statement_timestamp(), statement_timestamp() + %s * interval '1 second')
        ON CONFLICT (fingerprint) DO UPDATE
            SET token = flight.token + 1, leader_id = excluded.leader_id,
                lease_expires_at = excluded.lease_expires_at
            WHERE flight.lease_expires_at <= statement_timestamp()
        RETURNING id, token, fingerprint
    ), followed AS (DELETE FROM planengine_follower WHERE plan_id = %s AND EXISTS (SELECT FROM led))
    SELECT id, token, fingerprint FROM led
"""

# Parameters: leader, lease, flight, leader.
TAKE_OVER = """
    WITH led AS (
        UPDATE planengine_flight
        SET token = token + 1, leader_id = %s, lease_expires_at = statement_timestamp() + %s * interval '1 second'
        WHERE id = %s AND lease_expires_at <= statement_timestamp()
        RETURNING id, token, fingerprint
    ), followed AS (DELETE FROM planengine_follower WHERE plan_id = %s AND EXISTS (SELECT FROM led))
    SELECT id, token, fingerprint FROM led
"""

# Locks the flight first, as its completion does, which therefore sees either this follower or none. Parameters:
# plan, identity, fingerprint, plan.
FOLLOW = """
    INSERT INTO planengine_follower AS follower (plan_id, flight_id, identity, since)
    SELECT %s, id, %s, statement_timestamp() FROM planengine_flight
    WHERE fingerprint = %s AND leader_id <> %s FOR KEY SHARE
    ON CONFLICT (plan_id) DO UPDATE SET flight_id = excluded.flight_id, since = excluded.since
"""

# Parameters: flight, token, identity, whether only that one.
OF_FLIGHT = """
    flight_id = (SELECT id FROM planengine_flight WHERE id = %s AND token = %s) AND (identity = %s OR NOT %s)
"""


# Their leaders were lost when nobody followed, and nobody has asked for their templates since. Parameter: seconds.
FORGET_ABANDONED = """
    DELETE FROM planengine_flight AS flight
    WHERE lease_expires_at < statement_timestamp() - %s * interval '1 second'
        AND NOT EXISTS (SELECT FROM planengine_follower WHERE flight_id = flight.id)
"""


@dataclass(frozen=True)
class Route:
    """Which flights a request may share. ``template`` and ``lane`` are fingerprints of flights, ``identity``
    is equal for identical requests."""

    template: str
    lane: str
    identity: str


@dataclass(frozen=True)
class Lead:
    """The right to plan for a flight, for as long as nobody has taken it over."""

    flight_id: int
    token: int
    route: Route
    in_lane: bool


def route_of(request: Request, *, lanes: int) -> Route:
    template = _digest(request.scope.digest, request.template.key)
    lane = int(request.identity, 16) % lanes
    return Route(template, _digest(template, str(lane)), request.identity)


def join(plan: Plan, route: Route, *, in_lane: bool) -> Lead | None:
    """The lead of the plan's flight when nobody has it; ``None`` when the plan follows now, or leads already."""
    fingerprint = route.lane if in_lane else route.template
    for _ in range(TRIES):
        lead = _lead(LEAD, [fingerprint, plan.project_id, plan.pk, LEASE.total_seconds(), plan.pk], route)
        if lead is not None:
            metrics.FLIGHTS.labels("led" if lead.token == 1 else "taken_over").inc()
            return lead
        with connection.cursor() as cursor:
            cursor.execute(FOLLOW, [plan.pk, route.identity, fingerprint, plan.pk])
            if cursor.rowcount:
                metrics.FLIGHTS.labels("joined").inc()
                return None
    return None


def take_over(follower: Follower, route: Route) -> Lead | None:
    """The lead of the flight that a plan follows, if its leader is lost or has passed it on."""
    lead = _lead(TAKE_OVER, [follower.plan_id, LEASE.total_seconds(), follower.flight_id, follower.plan_id], route)
    if lead is not None:
        was_passed_on = follower.flight is not None and follower.flight.leader_id == follower.plan_id
        metrics.FLIGHTS.labels("passed_on" if was_passed_on else "taken_over").inc()
    return lead


def leave(plan: Plan) -> None:
    """The plan follows no flight any more."""
    Follower.objects.filter(plan=plan).delete()


def extend(lead: Lead) -> bool:
    """Whether the flight is still the caller's."""
    return bool(_led(lead).update(lease_expires_at=Now() + LEASE))


@contextmanager
def held(lead: Lead) -> Iterator[bool]:
    """Whether the flight is the caller's, in a transaction during which nobody takes it over or joins it."""
    with transaction.atomic():
        yield _led(lead).select_for_update().exists()


# What follows belongs into `held`.


def release(lead: Lead, *, identical: bool = False) -> list[str]:
    """Its followers, or those of the identical request only, follow it no longer; the ids of their plans."""
    return _ids(lead, identical, "UPDATE planengine_follower SET flight_id = NULL")


def dismiss(lead: Lead, *, identical: bool = False) -> list[str]:
    """As :func:`release`, for plans that are finished with it."""
    return _ids(lead, identical, "DELETE FROM planengine_follower")


def complete(lead: Lead) -> list[str]:
    """Ends the flight; the ids of all who followed it."""
    released = release(lead)
    _led(lead).delete()
    return released


def pass_on(lead: Lead) -> list[str]:
    """Leaves the flight to its followers; the id of the one whose turn it is. Without any, the flight ends."""
    followers = Follower.objects.filter(flight=lead.flight_id, flight__token=lead.token)
    following = list(followers.order_by("since", "plan_id").values_list("plan_id", flat=True)[:1])
    if following:
        _led(lead).update(leader_id=following[0], lease_expires_at=Now(), token=F("token") + 1)
    else:
        _led(lead).delete()
    return following


def forget_abandoned(*, seconds: float) -> int:
    """Ends the flights that nobody has led or followed for so long; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET_ABANDONED, [seconds])
        return int(cursor.rowcount)


def _lead(statement: str, params: Sequence[str | float | None], route: Route) -> Lead | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        row = cursor.fetchone()
    return Lead(row[0], row[1], route, in_lane=row[2] != route.template) if row else None


def _led(lead: Lead) -> QuerySet[Flight]:
    return Flight.objects.filter(pk=lead.flight_id, token=lead.token)


def _ids(lead: Lead, identical: bool, statement: str) -> list[str]:
    params: list[str | int] = [lead.flight_id, lead.token, lead.route.identity, identical]
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} WHERE {OF_FLIGHT} RETURNING plan_id", params)
        return [plan_id for (plan_id,) in cursor.fetchall()]


def _digest(*parts: str) -> str:
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()
