"""Plans that serve nobody else are made in lanes, a few at a time."""

from __future__ import annotations

from typing import Any

import pytest

from cache.models import Entry
from planengine.lifecycle.worker import work_on
from planengine.models import Flight, Follower
from tests.conftest import Api
from tests.planengine.in_flight import ITEMS, ask_to_move, get, meanwhile, move, swept, work
from tests.servers.scripted import Request, Scripted, ScriptedServer, completion, failure

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _items(api: Api) -> None:
    api.put("/v1/services/move_items", ITEMS)


def test_everybody_gets_a_plan_of_its_own_and_identical_requests_share(api: Api, server: ScriptedServer) -> None:
    leader = ask_to_move(api, "A-0")
    followers = [ask_to_move(api, f"A-{number % 10}") for number in range(30)]
    server.script(meanwhile(lambda: work(*followers), then=move), *[move] * 9)

    work(leader)

    assert server.calls == 10
    for plan_id in [leader, *followers]:
        plan = get(api, plan_id)
        assert plan["plan"]["tasks"][0]["input"] == {"order_id": plan["params"][0]["value"], "count": 5}
    assert not Flight.objects.exists() and not Follower.objects.exists()


def test_no_more_are_made_at_once_than_there_are_lanes(api: Api, server: ScriptedServer, settings: Any) -> None:
    settings.PLANNING_LANES = 2
    work_before(api, server)
    ids = [ask_to_move(api, f"B-{number}") for number in range(20)]
    in_the_air: list[int] = []
    remaining = iter(ids)

    def count_and_nest(request: Request) -> Scripted:
        meanwhile(lambda: in_the_air.append(Flight.objects.count()), lambda: work(*remaining))(request)
        return move(request)

    server.script(*[count_and_nest] * 20)
    work(*ids)

    assert max(in_the_air) == 2
    assert server.calls == 21
    assert {get(api, plan_id)["status"] for plan_id in ids} == {"ready"}


def test_what_is_known_to_serve_nobody_is_not_waited_for(api: Api, server: ScriptedServer, settings: Any) -> None:
    settings.PLANNING_LANES = 256
    work_before(api, server)
    first, second = ask_to_move(api, "B-1"), ask_to_move(api, "B-2")
    seen: list[str] = []
    server.script(meanwhile(lambda: work(second), lambda: seen.append(get(api, second)["status"]), then=move))
    server.script(move)

    work(first)

    assert seen == ["ready"]


def test_a_lane_ends_with_an_endpoint_that_is_down(api: Api, server: ScriptedServer, settings: Any) -> None:
    settings.PLANNING_LANES = 1
    work_before(api, server)
    ids = [ask_to_move(api, f"B-{number}") for number in range(5)]
    server.script(meanwhile(lambda: work(*ids[1:]), then=failure(401, "Unauthorized")))

    work(ids[0])

    assert {get(api, plan_id)["error"]["code"] for plan_id in ids} == {"model_auth"}
    assert server.calls == 2


def test_in_a_lane_a_rejected_draft_is_everyones_own(api: Api, server: ScriptedServer, settings: Any) -> None:
    settings.PLANNING_LANES = 1
    settings.PLANNING_ATTEMPTS = 1
    work_before(api, server)
    ids = [ask_to_move(api, order) for order in ("B-1", "B-2", "B-1")]
    server.script(meanwhile(lambda: work(*ids[1:]), then=completion("No.")), move)

    work(ids[0])

    assert [get(api, plan_id)["status"] for plan_id in ids] == ["failed", "ready", "failed"]
    assert server.calls == 3


def test_a_turn_that_is_lost_is_taken_by_another(api: Api, server: ScriptedServer, settings: Any) -> None:
    settings.PLANNING_LANES = 1
    work_before(api, server)
    ids = [ask_to_move(api, f"B-{number}") for number in range(3)]
    server.script(meanwhile(lambda: work(*ids[1:]), then=move), move, move)

    [next_one] = work_on(ids[0])

    assert sorted(swept()) == sorted(ids[1:])
    [other] = {*ids[1:]} - {next_one}
    work(other, next_one)
    assert {get(api, plan_id)["status"] for plan_id in ids} == {"ready"}
    assert server.calls == 4


def work_before(api: Api, server: ScriptedServer) -> None:
    """The cache knows a plan of the template, good for its own request only."""
    server.script(move)
    work(ask_to_move(api, "A-1"))
    assert not Entry.objects.get().reusable
