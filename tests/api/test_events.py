"""GET /v1/plans/{id}/events, as Django answers: what there is to tell so far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from planengine.lifecycle.waiting import EVENTS_HEADER
from planengine.models import Plan, Project
from tests.conftest import Api

pytestmark = pytest.mark.django_db

REFUND = ("Refund order ORD-17", {"order_id": "ORD-17"})


def told(answer: Any) -> list[tuple[str, str]]:
    """The ids and names of the events."""
    assert answer.status_code == 200, answer.content
    blocks = [block for block in answer.content.decode().split("\n\n") if "event: " in block]
    lines = [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]
    return [(line.get("id", ""), line["event"]) for line in lines]


def events_of(api: Api, plan: Any, **headers: str) -> Any:
    return api.get(f"/v1/plans/{plan['id']}/events", **headers)


def test_a_finished_plan_tells_its_events_and_says_that_there_are_no_more(api: Api) -> None:
    answer = events_of(api, api.plan(*REFUND), Accept="text/event-stream")

    assert [name for _, name in told(answer)] == ["queued", "cache", "attempt_started", "answered", "ready"]
    assert answer["Content-Type"] == "text/event-stream; charset=utf-8"
    assert EVENTS_HEADER not in answer
    assert answer.content.startswith(b"retry: ")


def test_a_hit_has_events_too(api: Api) -> None:
    api.plan(*REFUND)

    hit = api.plan("Refund order ORD-99", {"order_id": "ORD-99"})

    assert [name for _, name in told(events_of(api, hit))] == ["queued", "cache", "ready"]


def test_a_hit_does_not_pay_for_them(
    api: Api, project: Project, django_assert_num_queries: Callable[..., Any]
) -> None:
    Project.objects.update(recheck_share=0)
    api.plan(*REFUND)
    api.plan(*REFUND)

    with django_assert_num_queries(3):
        assert api.plan("Refund order ORD-99", {"order_id": "ORD-99"})["source"] == "exact"


def test_a_waiting_plan_tells_what_there_is_and_where_to_go_on(api: Api) -> None:
    plan = api.post("/v1/plans", {"action": REFUND[0], "params": REFUND[1]}).json()

    answer = events_of(api, plan)

    assert [name for _, name in told(answer)] == ["queued", "cache"]
    assert answer[EVENTS_HEADER] == "0.1"
    assert events_of(api, plan, **{"Last-Event-ID": "0.1"})[EVENTS_HEADER] == "0.1"


def test_a_client_goes_on_where_it_was(api: Api) -> None:
    plan = api.plan(*REFUND)
    everything = told(events_of(api, plan))

    for count, (place, _) in enumerate(everything[:-1], start=1):
        assert told(events_of(api, plan, **{"Last-Event-ID": place})) == everything[count:]


def test_who_has_everything_is_not_to_come_back(api: Api) -> None:
    answer = events_of(api, api.plan(*REFUND), **{"Last-Event-ID": "end.1"})

    assert (answer.status_code, answer.content) == (204, b"")


def test_an_id_that_is_none_is_refused(api: Api) -> None:
    answer = events_of(api, api.plan(*REFUND), **{"Last-Event-ID": "yesterday"})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_last_event_id")


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json", "*/*"])
def test_another_projects_plan_is_not_there(api: Api, other_api: Api, accept: str) -> None:
    answer = events_of(other_api, api.plan(*REFUND), Accept=accept)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer["Content-Type"] == "application/problem+json"
    assert told(events_of(api, {"id": Plan.objects.get().pk}))


def test_a_key_is_needed(api: Api, anonymous: Api) -> None:
    answer = events_of(anonymous, api.plan(*REFUND), Accept="text/event-stream")

    assert (answer.status_code, answer.json()["code"]) == (401, "missing_api_key")


def test_a_look_at_the_head_ends(api: Api) -> None:
    plan_id = api.post("/v1/plans", {"action": "Refund order ORD-17"}).json()["id"]

    answer = api.request("HEAD", f"/v1/plans/{plan_id}/events")

    assert (answer.status_code, answer["Content-Type"]) == (200, "text/event-stream; charset=utf-8")
    assert not [name for name in answer.headers if name.startswith("X-Orra")]
