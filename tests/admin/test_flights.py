"""What an operator sees of plans that wait for one another, and of models that are left alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from planengine.models import Breaker, Flight, Follower, Plan, Project
from planengine.models.states import PlanStatus
from tests.admin.pages import body, list_of, page_of, text


@pytest.fixture
def flight(shop: Project, make_plan: Callable[..., Plan]) -> Flight:
    """Two plans wait for a third."""
    now = timezone.now()
    leader = make_plan(shop, "Refund order ORD-1", PlanStatus.PLANNING)
    flight = Flight.objects.create(
        fingerprint="f",
        project=shop,
        leader_id=leader.pk,
        token=2,
        started_at=now - timedelta(minutes=3),
        lease_expires_at=now + timedelta(minutes=1),
    )
    for number in (2, 3):
        waiting = make_plan(shop, f"Refund order ORD-{number}", PlanStatus.PENDING)
        Follower.objects.create(plan=waiting, flight=flight, identity=str(number), since=now)
    return flight


def test_a_flight_shows_who_waits_for_what(operator: Client, flight: Flight) -> None:
    listed = text(body(operator, list_of(Flight)))
    for part in (flight.leader_id, "Refund order ORD-1", "in the air", "shop"):
        assert part in listed
    page = body(operator, page_of(flight))
    for follower in Follower.objects.select_related("plan"):
        assert page_of(follower.plan) in page
    assert "3 minutes ago" in text(page)
    assert "Refund order ORD-3" in text(page)


def test_a_flight_is_found_by_any_of_its_plans(operator: Client, flight: Flight) -> None:
    for plan_id in (flight.leader_id, Follower.objects.latest("pk").plan_id):
        assert "1 flight" in text(body(operator, list_of(Flight, q=plan_id)))
    assert "0 flights" in text(body(operator, list_of(Flight, q="o_another")))


def test_a_flight_whose_worker_was_lost_says_so(operator: Client, flight: Flight) -> None:
    Flight.objects.update(lease_expires_at=timezone.now())
    assert "its worker was lost" in text(body(operator, list_of(Flight)))


def test_followers_say_what_they_wait_for(operator: Client, flight: Flight) -> None:
    assert text(body(operator, list_of(Follower))).count(flight.leader_id) == 2
    Follower.objects.update(flight=None)
    assert "to be planned for itself" in text(body(operator, list_of(Follower)))


def test_plans_are_not_shown_to_who_may_not_see_them(staff: Callable[..., Client], flight: Flight) -> None:
    page = body(staff("planengine.view_flight"), page_of(flight))
    assert "/plan/" not in page
    assert "ORD-3" not in page


@pytest.mark.parametrize(
    ("failures", "minutes", "state"),
    [(0, None, "answers"), (2, None, "asked"), (3, 1, "left alone"), (3, -1, "to be tried")],
)
def test_a_model_is_asked_or_left_alone(operator: Client, failures: int, minutes: int | None, state: str) -> None:
    retry_at = None if minutes is None else timezone.now() + timedelta(minutes=minutes)
    breaker = Breaker.objects.create(endpoint="model-a@0123", failures=failures, retry_at=retry_at)
    assert state in text(body(operator, list_of(Breaker)))
    assert state in text(body(operator, page_of(breaker)))


def test_a_model_that_is_left_alone_can_be_had_asked_again(operator: Client) -> None:
    breaker = Breaker.objects.create(endpoint="model-a@0123", failures=3, retry_at=timezone.now())
    assert "Have the selected models asked again" in text(body(operator, list_of(Breaker)))
    operator.post(
        list_of(Breaker),
        {"action": "delete_selected", "_selected_action": [breaker.pk], "index": "0", "post": "yes"},
    )
    assert not Breaker.objects.exists()
