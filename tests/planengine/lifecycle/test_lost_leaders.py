"""A flight whose leader is lost goes on with another, and what the lost one still does is in vain."""

from __future__ import annotations

import pytest

from cache.models import Entry
from planengine.lifecycle import plans, singleflight
from planengine.lifecycle.worker import work_on
from planengine.models import Flight, Follower, Plan
from tests.conftest import Api
from tests.planengine.in_flight import ask, get, lose_the_leader, meanwhile, swept, work
from tests.servers.scripted import ScriptedServer, failure

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_follower_takes_over_and_the_late_leader_writes_nothing(api: Api, server: ScriptedServer) -> None:
    leader, follower, third = ask(api, "A-1"), ask(api, "B-2"), ask(api, "C-3")
    server.script(
        meanwhile(lambda: work(follower, third), lose_the_leader, lambda: work(follower)),
    )

    late = work_on(leader)

    assert (list(late), server.calls) == ([], 2)
    assert Entry.objects.get().params == [{"field": "order_id", "value": "B-2"}]
    assert get(api, follower)["source"] == "model"
    assert get(api, third)["plan"]["tasks"][0]["input"] == {"order_id": "C-3"}
    assert get(api, leader)["status"] == "planning"
    assert swept() == [leader]
    work(leader)
    assert get(api, leader)["plan"]["tasks"][0]["input"] == {"order_id": "A-1"}
    assert (get(api, leader)["source"], server.calls) == ("exact", 2)


def test_everybody_who_followed_is_found_by_the_sweep_and_one_call_is_enough(
    api: Api, server: ScriptedServer
) -> None:
    ids = [ask(api, f"A-{number}") for number in range(5)]
    found: list[str] = []
    server.script(
        meanwhile(
            lambda: work(*ids[1:]),
            lose_the_leader,
            lambda: found.extend(swept()),
            lambda: work(*found),
        )
    )

    work_on(ids[0])

    assert sorted(found) == sorted(ids)
    assert server.calls == 2
    assert {get(api, plan_id)["status"] for plan_id in ids} == {"ready"}


def test_the_lost_leaders_plan_follows_who_took_over(api: Api, server: ScriptedServer) -> None:
    leader, follower = ask(api, "A-1"), ask(api, "B-2")
    inside = meanwhile(lambda: work(leader))
    server.script(meanwhile(lambda: work(follower), lose_the_leader, lambda: work(follower)), inside)

    work_on(leader)

    assert server.calls == 2
    assert get(api, leader)["cache"]["reason"] == "same_flight"
    assert get(api, leader)["plan"]["tasks"][0]["input"] == {"order_id": "A-1"}


def test_the_lost_leaders_plan_shares_the_failure_of_who_took_over(api: Api, server: ScriptedServer) -> None:
    leader, follower = ask(api, "A-1"), ask(api, "B-2")
    inside = meanwhile(lambda: work(leader), then=failure(401, "Unauthorized"))
    server.script(meanwhile(lambda: work(follower), lose_the_leader, lambda: work(follower)), inside)

    work_on(leader)

    assert {get(api, each)["error"]["code"] for each in (leader, follower)} == {"model_auth"}
    assert server.calls == 2


def test_a_lead_that_was_taken_over_is_good_for_nothing(api: Api) -> None:
    first, second = (Plan.objects.get(pk=ask(api, order)) for order in ("A-1", "B-2"))
    route = singleflight.Route("t" * 64, "l" * 64, "1" * 64)
    lost = singleflight.join(first, route, in_lane=False)
    assert lost is not None and singleflight.join(second, route, in_lane=False) is None
    lose_the_leader()
    won = singleflight.take_over(Follower.objects.get(plan=second), route)

    assert won is not None and won.token > lost.token
    assert (singleflight.extend(lost), singleflight.extend(won)) == (False, True)
    with singleflight.held(lost) as held:
        assert not held
    with singleflight.held(won) as held:
        assert held
    third = Plan.objects.get(pk=ask(api, "C-3"))
    assert singleflight.join(third, route, in_lane=False) is None
    for use in (singleflight.release, singleflight.dismiss, singleflight.pass_on, singleflight.complete):
        assert use(lost) == []
    assert singleflight.complete(won) == [third.pk]


def test_a_request_that_kills_its_workers_takes_its_followers_with_it(api: Api, server: ScriptedServer) -> None:
    leader, follower = ask(api, "A-1"), ask(api, "B-2")

    def wear_out() -> None:
        lose_the_leader()
        Plan.objects.filter(pk=leader).update(lease_token=plans.MAX_CLAIMS)

    server.script(meanwhile(lambda: work(follower), wear_out, lambda: work(leader)))

    work_on(leader)

    assert {get(api, each)["error"]["code"] for each in (leader, follower)} == {"worker_lost"}
    assert server.calls == 1


def test_a_flight_that_nobody_leads_or_follows_any_more_is_forgotten(api: Api, server: ScriptedServer) -> None:
    leader, follower = ask(api, "A-1"), ask(api, "B-2")
    forgotten: list[int] = []

    def forget() -> None:
        forgotten.append(singleflight.forget_abandoned(seconds=0))

    server.script(
        meanwhile(
            lambda: work(follower),
            forget,
            lose_the_leader,
            forget,
            lambda: Follower.objects.all().delete(),
            forget,
        )
    )

    work_on(leader)

    assert forgotten == [0, 0, 1]
    assert not Flight.objects.exists()
