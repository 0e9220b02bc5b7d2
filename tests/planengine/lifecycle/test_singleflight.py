"""Flights: one plan is made for all who can have it, and each gets its own values."""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from cache.models import Entry
from planengine.evaluation import shadow
from planengine.lifecycle import singleflight
from planengine.lifecycle.worker import work_on
from planengine.models import Flight, Follower, Plan, Project
from tests.conftest import Api
from tests.planengine.in_flight import ITEMS, ask, ask_to_move, get, meanwhile, move, swept, work
from tests.servers.scripted import Request, Scripted, ScriptedServer, oblige

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_follower_waits_for_its_leader_and_is_served_with_its_own_values(
    api: Api, server: ScriptedServer
) -> None:
    leader, follower = ask(api, "A-1"), ask(api, "B-2")
    seen: list[Any] = []

    def look() -> None:
        seen.append((work_on(follower), get(api, follower)["status"]))

    server.script(meanwhile(look, look))

    released = work_on(leader)

    assert seen == [((), "pending")] * 2
    assert list(released) == [follower]
    work(*released)
    plan = get(api, follower)
    assert (plan["status"], plan["source"], plan["cache"]["reason"]) == ("ready", "exact", "same_flight")
    assert plan["plan"]["tasks"][0]["input"] == {"order_id": "B-2"}
    assert plan["cache"]["entry_id"] == Entry.objects.get().id
    assert (plan["attempts"], plan["usage"]["prompt_tokens"]) == ([], None)
    assert get(api, leader)["plan"]["tasks"][0]["input"] == {"order_id": "A-1"}
    assert server.calls == 1
    assert not Flight.objects.exists() and not Follower.objects.exists()


def test_other_templates_and_other_projects_fly_apart(api: Api, other_api: Api, server: ScriptedServer) -> None:
    leader = ask(api, "A-1")
    others = [ask(api, "A-1", action="Find order {}"), ask(other_api, "A-1")]
    server.script(meanwhile(lambda: work(*others)))

    work(leader)

    assert server.calls == 3
    assert {plan.status for plan in Plan.objects.all()} == {"ready"}


def test_a_flight_that_landed_a_moment_ago_is_not_flown_again(
    api: Api, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    late, quick = ask(api, "A-1"), ask(api, "B-2")
    join = singleflight.join

    def join_after_the_quick_one(*args: Any, **kwargs: Any) -> singleflight.Lead | None:
        monkeypatch.setattr("planengine.lifecycle.worker.singleflight.join", join)
        work(quick)
        return join(*args, **kwargs)

    monkeypatch.setattr("planengine.lifecycle.worker.singleflight.join", join_after_the_quick_one)
    work(late)

    assert server.calls == 1
    assert get(api, late)["plan"]["tasks"][0]["input"] == {"order_id": "A-1"}


@pytest.mark.parametrize("mode", ["bypass", "refresh"])
def test_who_wants_a_plan_of_its_own_neither_follows_nor_leads(
    api: Api, server: ScriptedServer, mode: str
) -> None:
    first, second = ask(api, "A-1", cache=mode), ask(api, "B-2")
    server.script(meanwhile(lambda: work(second)))

    work(first)

    assert server.calls == 2
    assert [get(api, plan_id)["source"] for plan_id in (first, second)] == ["model", "model"]


def test_the_sweep_leaves_followers_alone_while_they_are_in_good_hands(api: Api, server: ScriptedServer) -> None:
    leader, follower, alone = ask(api, "A-1"), ask(api, "B-2"), ask(api, "C-3", action="Find order {}")
    seen: list[Any] = []
    server.script(meanwhile(lambda: work(follower), lambda: seen.append(swept())))

    work(leader)

    assert seen == [[alone]]


def test_a_lost_message_to_a_follower_is_found_by_the_sweep(api: Api, server: ScriptedServer) -> None:
    leader, follower = ask(api, "A-1"), ask(api, "B-2")
    server.script(meanwhile(lambda: work(follower)))
    work_on(leader)

    assert swept() == [follower]
    work(follower)
    assert get(api, follower)["cache"]["reason"] == "same_flight"


@pytest.mark.parametrize(
    ("ask_for", "answer", "calls"), [(ask, oblige, 1), (ask_to_move, move, 10)], ids=["reusable", "not reusable"]
)
def test_workers_that_race_make_no_call_twice_and_lose_nobody(
    api: Api,
    server: ScriptedServer,
    ask_for: Callable[[Api, str], str],
    answer: Callable[[Request], Scripted],
    calls: int,
) -> None:
    api.put("/v1/services/move_items", ITEMS)
    server.script(*[answer] * 60)
    ids = [ask_for(api, f"A-{number % 10}") for number in range(60)]
    messages: queue.Queue[str] = queue.Queue()
    for plan_id in ids:
        messages.put(plan_id)

    def take_messages() -> None:
        try:
            while True:
                for released in work_on(messages.get(timeout=2)):
                    messages.put(released)
        except queue.Empty:
            return
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        for worker in [pool.submit(take_messages) for _ in range(8)]:
            worker.result()

    assert server.calls == calls
    for plan_id in ids:
        plan = get(api, plan_id)
        assert plan["status"] == "ready"
        assert plan["plan"]["tasks"][0]["input"]["order_id"] == plan["params"][0]["value"]
    assert not Flight.objects.exists() and not Follower.objects.exists()


def test_a_project_that_is_deleted_in_the_air_takes_its_flight_with_it(
    api: Api, project: Project, server: ScriptedServer
) -> None:
    leader, follower = ask(api, "A-1"), ask(api, "B-2")
    server.script(meanwhile(lambda: work(follower), project.delete))

    assert list(work_on(leader)) == []

    assert not Plan.objects.exists() and not Flight.objects.exists()


def test_a_plan_asked_for_while_the_model_thinks_is_held_by_no_transaction(
    api: Api, server: ScriptedServer
) -> None:
    open_ones: list[int] = []

    def look() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%%'"
                " AND datname = current_database()"
            )
            open_ones.append(cursor.fetchone()[0])

    server.script(meanwhile(look))
    work(ask(api, "A-1"))

    assert open_ones == [0]


def test_what_a_flight_served_is_not_planned_again_to_check_it(api: Api, server: ScriptedServer) -> None:
    Project.objects.update(recheck_share=1)
    first, second = ask(api, "A-1"), ask(api, "B-2")
    server.script(meanwhile(lambda: work(second)))

    work(first)
    work(second)

    assert Plan.objects.get(pk=second).source == "exact"
    assert not shadow.is_served_and_to_be_checked(second)
