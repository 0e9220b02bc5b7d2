"""Flights: one plan is made for all who can have it, and each gets its own values or its own reason."""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from cache.models import Entry
from orra.strictjson import Json
from planengine import flights, honesty, plans
from planengine.models import Attempt, Flight, Follower, Plan, Project
from planengine.planning import work_on
from tests.conftest import Api, object_schema
from tests.servers.scripted import Request, Scripted, ScriptedServer, completion, failure, oblige

pytestmark = pytest.mark.django_db(transaction=True)

ITEMS = {
    "type": "service",
    "description": "Move items of an order to another box.",
    "input_schema": object_schema("order_id count", order_id="string", count="integer"),
    "output_schema": object_schema("box", box="string"),
    "revertible": True,
}


def ask(api: Api, order: str, *, action: str = "Refund order {}", **members: Json) -> str:
    """The id of a plan that is asked for, and that nobody works on yet."""
    body = {"action": action.format(order), "params": {"order_id": order}, **members}
    answer = api.post("/v1/plans", body)
    assert answer.status_code == 202, answer.content
    return str(answer.json()["id"])


def ask_to_move(api: Api, order: str) -> str:
    """A request whose plan cannot be traced: which 5 became the count?"""
    return ask(api, order, action="Move 5 of 5 items of order {}")


def move(request: Request) -> dict[str, Any]:
    task0 = {**request.sections["params"], "count": 5}
    task1 = {"id": "task1", "service": "move_items", "input": {name: f"$task0.{name}" for name in task0}}
    return {"tasks": [{"id": "task0", "input": task0}, task1], "parallel_groups": [["task1"]]}


def meanwhile(*steps: Callable[[], object], then: Scripted = oblige) -> Callable[[Request], Scripted]:
    """A model's answer, during which other workers take these steps."""

    def reply(request: Request) -> Scripted:
        try:
            for step in steps:
                step()
        finally:
            connection.close()
        return then(request) if callable(then) else then

    return reply


def work(*plan_ids: str) -> None:
    """What workers do with these messages, and with those that come of them."""
    queue = list(plan_ids)
    while queue:
        queue.extend(work_on(queue.pop(0)))


def get(api: Api, plan_id: str) -> Json:
    return api.get(f"/v1/plans/{plan_id}").json()


def lose_the_leader() -> None:
    """Its process is gone, and its leases have run out."""
    past = timezone.now() - timedelta(seconds=1)
    Flight.objects.update(lease_expires_at=past)
    Plan.objects.filter(status="planning").update(lease_expires_at=past)


def swept() -> list[str]:
    """What the sweep finds of plans that have waited for a while."""
    long_ago = timezone.now() - timedelta(seconds=10)
    Plan.objects.filter(status="pending").update(created_at=long_ago)
    return list(plans.lost_plans(timezone.now()))


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
    board = flights.board

    def board_after_the_quick_one(*args: Any, **kwargs: Any) -> flights.Lead | None:
        monkeypatch.setattr("planengine.planning.flights.board", board)
        work(quick)
        return board(*args, **kwargs)

    monkeypatch.setattr("planengine.planning.flights.board", board_after_the_quick_one)
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


class TestALostLeader:
    def test_a_follower_takes_over_and_the_late_leader_writes_nothing(
        self, api: Api, server: ScriptedServer
    ) -> None:
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

    def test_everybody_is_found_by_the_sweep_and_one_call_is_enough(
        self, api: Api, server: ScriptedServer
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

    def test_its_plan_follows_who_took_over(self, api: Api, server: ScriptedServer) -> None:
        leader, follower = ask(api, "A-1"), ask(api, "B-2")
        inside = meanwhile(lambda: work(leader))
        server.script(meanwhile(lambda: work(follower), lose_the_leader, lambda: work(follower)), inside)

        work_on(leader)

        assert server.calls == 2
        assert get(api, leader)["cache"]["reason"] == "same_flight"
        assert get(api, leader)["plan"]["tasks"][0]["input"] == {"order_id": "A-1"}

    def test_its_plan_shares_the_failure_of_who_took_over(self, api: Api, server: ScriptedServer) -> None:
        leader, follower = ask(api, "A-1"), ask(api, "B-2")
        inside = meanwhile(lambda: work(leader), then=failure(401, "Unauthorized"))
        server.script(meanwhile(lambda: work(follower), lose_the_leader, lambda: work(follower)), inside)

        work_on(leader)

        assert {get(api, each)["error"]["code"] for each in (leader, follower)} == {"model_auth"}
        assert server.calls == 2

    def test_a_lead_that_was_taken_over_is_good_for_nothing(self, api: Api) -> None:
        first, second = (Plan.objects.get(pk=ask(api, order)) for order in ("A-1", "B-2"))
        route = flights.Route("t" * 64, "l" * 64, "1" * 64)
        lost = flights.board(first, route, in_lane=False)
        assert lost is not None and flights.board(second, route, in_lane=False) is None
        lose_the_leader()
        won = flights.take_over(Follower.objects.get(plan=second), route)

        assert won is not None and won.token > lost.token
        assert (flights.extend(lost), flights.extend(won)) == (False, True)
        with flights.held(lost) as held:
            assert not held
        with flights.held(won) as held:
            assert held
        third = Plan.objects.get(pk=ask(api, "C-3"))
        assert flights.board(third, route, in_lane=False) is None
        for use in (flights.release, flights.dismiss, flights.pass_on, flights.land):
            assert use(lost) == []
        assert flights.land(won) == [third.pk]

    def test_a_request_that_kills_its_workers_takes_its_followers_with_it(
        self, api: Api, server: ScriptedServer
    ) -> None:
        leader, follower = ask(api, "A-1"), ask(api, "B-2")

        def wear_out() -> None:
            lose_the_leader()
            Plan.objects.filter(pk=leader).update(lease_token=plans.MAX_CLAIMS)

        server.script(meanwhile(lambda: work(follower), wear_out, lambda: work(leader)))

        work_on(leader)

        assert {get(api, each)["error"]["code"] for each in (leader, follower)} == {"worker_lost"}
        assert server.calls == 1


class TestAFailure:
    def test_is_shared_and_not_kept(self, api: Api, server: ScriptedServer) -> None:
        leader, follower = ask(api, "A-1"), ask(api, "B-2")
        server.script(meanwhile(lambda: work(follower), then=failure(401, "Unauthorized")))

        work(leader)

        plan = get(api, follower)
        assert (plan["status"], plan["error"]) == ("failed", get(api, leader)["error"])
        assert (plan["error"]["code"], server.calls) == ("model_auth", 1)
        assert (plan["source"], plan["attempts"], plan["cache"]["reason"]) == (None, [], "same_flight")
        assert plan["usage"] == {"prompt_tokens": None, "completion_tokens": None}
        assert plan["timings_ms"]["total"] > 0 and plan["timings_ms"]["planner"] == 0
        assert not Follower.objects.exists()
        assert api.plan("Refund order C-3", {"order_id": "C-3"})["status"] == "ready"
        assert server.calls == 2

    def test_of_a_draft_says_whose_it_is(self, api: Api, server: ScriptedServer) -> None:
        leader, follower = ask(api, "A-1"), ask(api, "B-2")
        nothing = completion("I would rather not.")
        server.script(meanwhile(lambda: work(follower), then=nothing), nothing, nothing)

        work(leader)

        plan = get(api, follower)
        assert (plan["error"]["code"], server.calls) == ("plan_rejected", 3)
        assert plan["error"]["message"].startswith(get(api, leader)["error"]["message"])
        assert f"outcome of plan {leader}" in plan["error"]["message"]

    def test_that_nothing_can_be_done_is_shared_too(self, api: Api, server: ScriptedServer) -> None:
        leader, follower = ask(api, "A-1"), ask(api, "B-2")
        final = {"tasks": [{"id": "final", "input": {"error": "Refunds are closed."}}], "parallel_groups": []}
        server.script(meanwhile(lambda: work(follower), then=final))

        work(leader)

        assert [get(api, each)["status"] for each in (leader, follower)] == ["not_actionable"] * 2

    def test_of_the_leaders_values_is_its_own(self, api: Api, server: ScriptedServer) -> None:
        schema = object_schema("order_id", order_id={"type": "string", "maxLength": 5})
        api.put(
            "/v1/services/refund_payment", {**ITEMS, "description": "Refund an order.", "input_schema": schema}
        )
        leader, follower = ask(api, "A-1000000"), ask(api, "B-2")
        twin = ask(api, "A-1000000")
        server.script(meanwhile(lambda: work(follower, twin)))

        work(leader)

        assert get(api, leader)["error"]["code"] == get(api, twin)["error"]["code"] == "plan_rejected"
        assert (get(api, follower)["status"], get(api, follower)["source"]) == ("ready", "model")
        assert Attempt.objects.filter(plan=twin).count() == 0

    def test_of_the_engine_itself_ends_everybody(
        self, api: Api, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        leader, follower = ask(api, "A-1"), ask(api, "B-2")

        def broken(*args: Any, **kwargs: Any) -> None:
            work(follower)
            raise RuntimeError("secret detail")

        monkeypatch.setattr("planengine.drafting.generate", broken)

        work(leader)

        assert [get(api, each)["error"]["code"] for each in (leader, follower)] == ["internal_error"] * 2

    def test_before_a_flight_is_boarded_ends_in_the_row(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        plan_id = ask(api, "A-1")

        def broken(*args: Any, **kwargs: Any) -> None:
            raise RuntimeError("secret detail")

        monkeypatch.setattr("planengine.planning.flights.route_of", broken)

        work(plan_id)

        assert get(api, plan_id)["error"]["code"] == "internal_error"


class TestAPlanThatServesNobodyElse:
    @pytest.fixture(autouse=True)
    def _items(self, api: Api) -> None:
        api.put("/v1/services/move_items", ITEMS)

    def test_everybody_gets_its_own_and_identical_requests_share(self, api: Api, server: ScriptedServer) -> None:
        leader = ask_to_move(api, "A-0")
        followers = [ask_to_move(api, f"A-{number % 10}") for number in range(30)]
        server.script(meanwhile(lambda: work(*followers), then=move), *[move] * 9)

        work(leader)

        assert server.calls == 10
        for plan_id in [leader, *followers]:
            plan = get(api, plan_id)
            assert plan["plan"]["tasks"][0]["input"] == {"order_id": plan["params"][0]["value"], "count": 5}
        assert not Flight.objects.exists() and not Follower.objects.exists()

    def test_no_more_are_made_at_once_than_there_are_lanes(
        self, api: Api, server: ScriptedServer, settings: Any
    ) -> None:
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

    def test_what_is_known_to_serve_nobody_is_not_waited_for(
        self, api: Api, server: ScriptedServer, settings: Any
    ) -> None:
        settings.PLANNING_LANES = 256
        work_before(api, server)
        first, second = ask_to_move(api, "B-1"), ask_to_move(api, "B-2")
        seen: list[str] = []
        server.script(meanwhile(lambda: work(second), lambda: seen.append(get(api, second)["status"]), then=move))
        server.script(move)

        work(first)

        assert seen == ["ready"]

    def test_a_lane_ends_with_an_endpoint_that_is_down(
        self, api: Api, server: ScriptedServer, settings: Any
    ) -> None:
        settings.PLANNING_LANES = 1
        work_before(api, server)
        ids = [ask_to_move(api, f"B-{number}") for number in range(5)]
        server.script(meanwhile(lambda: work(*ids[1:]), then=failure(401, "Unauthorized")))

        work(ids[0])

        assert {get(api, plan_id)["error"]["code"] for plan_id in ids} == {"model_auth"}
        assert server.calls == 2

    def test_in_a_lane_a_rejected_draft_is_everyones_own(
        self, api: Api, server: ScriptedServer, settings: Any
    ) -> None:
        settings.PLANNING_LANES = 1
        settings.PLANNING_ATTEMPTS = 1
        work_before(api, server)
        ids = [ask_to_move(api, order) for order in ("B-1", "B-2", "B-1")]
        server.script(meanwhile(lambda: work(*ids[1:]), then=completion("No.")), move)

        work(ids[0])

        assert [get(api, plan_id)["status"] for plan_id in ids] == ["failed", "ready", "failed"]
        assert server.calls == 3

    def test_a_turn_that_is_lost_is_taken_by_another(
        self, api: Api, server: ScriptedServer, settings: Any
    ) -> None:
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
    assert not honesty.is_served_and_to_be_checked(second)
