"""Whose turn it is: a project that floods the workers waits for itself, and others for one plan of it at most."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from planengine import tasks
from planengine.evaluation import shadow
from planengine.lifecycle import plans, turns
from planengine.models import ApiKey, Plan, Project, Turn
from tests.conftest import Api
from tests.planengine.in_flight import ask, get, lose_the_leader, meanwhile, swept, work
from tests.servers.scripted import ScriptedServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def crowd(make_project: Callable[..., Project]) -> list[Api]:
    return [Api(ApiKey.issue(make_project(f"project {number}"))[1]) for number in range(4)]


def ask_alone(api: Api, number: int) -> str:
    """A request that no other one's plan could serve, so that each is planned."""
    return ask(api, f"A-{number}", cache="bypass")


def projects_of(plan_ids: Iterable[str]) -> list[str]:
    named = dict(Plan.objects.values_list("pk", "project__name"))
    return [named[plan_id] for plan_id in plan_ids]


def test_others_wait_for_one_plan_of_who_floods(crowd: list[Api]) -> None:
    flood = [ask_alone(crowd[0], number) for number in range(10)]
    others = [ask_alone(api, 0) for api in crowd[1:]]

    taken = [turns.take(plan_id) for plan_id in (*flood, *others)]

    assert sorted(taken) == sorted((*flood, *others))
    assert sorted(projects_of(taken[:4])) == [f"project {number}" for number in range(4)]
    assert [plan_id for plan_id in taken if plan_id in flood] == flood, "the oldest first"


def test_who_has_fewest_plans_being_made_is_next(crowd: list[Api]) -> None:
    waiting = [ask_alone(api, number) for number in range(3) for api in crowd[:2]]
    claimed = [plan_id for plan_id in waiting if projects_of([plan_id]) == ["project 0"]][:2]
    for plan_id in claimed:
        assert plans.claim(plan_id)
    Turn.objects.create(project=Project.objects.get(name="project 1"), taken_at=timezone.now())

    taken = [turns.take(waiting[-1]) for _ in range(2)]

    assert projects_of(taken) == ["project 1"] * 2


def test_of_several_the_one_whose_last_turn_was_longest_ago(crowd: list[Api]) -> None:
    """Whoever floods does not come before others because its plans are older."""
    flood = [ask_alone(api, number) for api in crowd[:3] for number in range(3)]
    for plan_id in flood[:3] + flood[3:6] + flood[6:]:
        turns.take(plan_id)
    Plan.objects.update(lease_expires_at=None)
    late = ask_alone(crowd[3], 1)

    assert turns.take(flood[0]) == late


def test_a_plan_is_taken_up_once_by_however_many_at_the_same_time(crowd: list[Api]) -> None:
    waiting = [ask_alone(api, number) for api in crowd for number in range(10)]

    def take(plan_id: str) -> str:
        try:
            return turns.take(plan_id)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as workers:
        taken = list(workers.map(take, waiting))

    assert sorted(taken) == sorted(waiting)


def test_one_that_was_taken_up_by_a_worker_that_was_lost_is_taken_up_again(crowd: list[Api]) -> None:
    plan_id = ask_alone(crowd[0], 1)
    assert turns.take(plan_id) == plan_id
    other = ask_alone(crowd[0], 2)
    assert turns.take(plan_id) == other

    Plan.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))

    assert turns.take(other) == plan_id


def test_a_plan_whose_worker_was_lost_needs_no_second_turn(crowd: list[Api]) -> None:
    lost = ask_alone(crowd[0], 1)
    assert plans.claim(lost)
    others = [ask_alone(api, 2) for api in crowd]
    lose_the_leader()

    assert turns.take(lost) == lost
    assert turns.take(others[0]) in others


def test_who_follows_a_flight_is_passed_over_until_it_lands(crowd: list[Api], server: ScriptedServer) -> None:
    api = crowd[0]
    leader, follower, third = (ask(api, order) for order in ("A-1", "B-2", "C-3"))
    passed_over: list[str] = []
    server.script(
        meanwhile(
            lambda: work(turns.take(leader), turns.take(leader)),
            lambda: passed_over.append(turns.take(leader)),
        )
    )
    tasks.generate_plan(leader)

    assert passed_over == [leader], "nobody waits"
    assert {turns.take("nobody"), turns.take("nobody")} == {follower, third}
    work(follower, third)
    assert {get(api, each)["status"] for each in (leader, follower, third)} == {"ready"}
    assert server.calls == 1


def test_each_message_makes_one_plan_whichever_it_is_about(crowd: list[Api]) -> None:
    waiting = [ask_alone(api, number) for number in range(3) for api in crowd]

    for plan_id in reversed(waiting):
        tasks.generate_plan(plan_id)

    assert {plan.status for plan in Plan.objects.all()} == {"ready"}


def test_a_message_about_nothing_does_no_harm(crowd: list[Api]) -> None:
    tasks.generate_plan("o_nobody")

    assert not Plan.objects.exists()


def test_a_project_may_have_so_many_plans_waiting(crowd: list[Api], settings: Any) -> None:
    api, other = crowd[:2]
    served = api.plan("Refund order A-1", {"order_id": "A-1"})
    settings.PLANNING_WAITING = 2
    waiting = [ask_alone(api, number) for number in range(2)]
    body = {"action": "Find order C-3", "params": {"order_id": "C-3"}}

    refused = api.post("/v1/plans", body, **{"Idempotency-Key": "k"})

    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_waiting")
    assert int(refused["Retry-After"]) > 0
    assert Plan.objects.count() == 3
    assert api.plan("Refund order B-2", {"order_id": "B-2"})["cache"]["entry_id"], "hits are served"
    assert api.plan("Find order C-3", {"order_id": "C-3"}, cache="only")["error"]["code"] == "cache_miss"
    assert other.post("/v1/plans", body).status_code == 202
    work(waiting[0])
    assert api.post("/v1/plans", body, **{"Idempotency-Key": "k"}).status_code == 202
    assert api.get(f"/v1/plans/{served['id']}").status_code == 200


def test_a_key_that_was_used_before_is_answered_however_many_wait(crowd: list[Api], settings: Any) -> None:
    body = {"action": "Find order C-3", "params": {"order_id": "C-3"}}
    first = crowd[0].post("/v1/plans", body, **{"Idempotency-Key": "k"}).json()
    settings.PLANNING_WAITING = 1

    again = crowd[0].post("/v1/plans", body, **{"Idempotency-Key": "k"})

    assert (again.status_code, again.json()["id"]) == (202, first["id"])


def test_hits_are_not_checked_while_plans_wait(crowd: list[Api], monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    monkeypatch.setattr(shadow, "check", checked.append)
    waiting = ask_alone(crowd[0], 1)
    tasks.check_hit("o_fresh")
    Plan.objects.update(created_at=timezone.now() - timedelta(seconds=2))

    tasks.check_hit("o_waiting")
    work(waiting)
    tasks.check_hit("o_done")

    assert checked == ["o_fresh", "o_done"]


def test_those_that_workers_were_lost_with_are_tried_one_by_one(crowd: list[Api]) -> None:
    """Else a plan that kills its worker would take with it whatever is tried together with it, again and again."""
    together = [ask_alone(api, 1) for api in crowd]
    for _ in range(plans.SUSPECT_FROM):
        assert all(plans.claim(plan_id) for plan_id in together)
        lose_the_leader()

    tried: list[str] = []
    for _ in range(plans.MAX_CLAIMS - plans.SUSPECT_FROM):  # the first of them is what kills
        Plan.objects.update(enqueued_at=None)
        [suspect] = plans.lost_plans(timezone.now())
        assert plans.claim(suspect)
        Plan.objects.exclude(pk=suspect).update(enqueued_at=None)
        assert plans.lost_plans(timezone.now()) == []
        tried.append(suspect)
        lose_the_leader()
    assert set(tried) == {together[0]}
    for _ in together:
        Plan.objects.update(enqueued_at=None)
        for plan_id in plans.lost_plans(timezone.now()):
            tasks.generate_plan(plan_id)

    assert get(crowd[0], together[0])["error"]["code"] == "worker_lost"
    assert {get(api, each)["status"] for api, each in zip(crowd[1:], together[1:], strict=True)} == {"ready"}


def test_few_are_told_again_while_messages_come_through(crowd: list[Api], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "MOST_REPEATED_WHILE_BUSY", 2)
    waiting = [ask_alone(crowd[0], number) for number in range(5)]
    lost = ask_alone(crowd[0], 5)
    assert plans.claim(lost)
    lose_the_leader()
    turns.take(waiting[0])

    first, second = swept()
    assert first == lost

    Turn.objects.update(taken_at=timezone.now() - timedelta(minutes=1))
    assert sorted([second, *swept()]) == sorted(waiting)
