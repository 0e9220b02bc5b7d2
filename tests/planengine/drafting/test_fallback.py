"""Two models over real HTTP: the second plans while the first is down, and it is told who planned."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from cache.models import Entry
from planengine.drafting import breaker, planner_choice
from planengine.drafting.generation import Failure, Outcome
from planengine.lifecycle.worker import work_on
from planengine.llm.client import Patience
from planengine.models import Breaker, Flight
from planengine.planners.protocol import Draft, Trial
from tests.conftest import Api
from tests.planengine.conftest import forget_planners
from tests.servers.scripted import Reply, Scripted, ScriptedServer, completion, failure

pytestmark = pytest.mark.django_db(transaction=True)

REFUND = ("Refund order ORD-17", {"order_id": "ORD-17"})
DOWN = failure(500, "Out of memory")
ENDPOINT = "an endpoint"


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planner_choice, "PATIENCE", Patience(retries=0))


def ask(api: Api, number: int, **members: Any) -> Any:
    """A request that no other is like, where only exact templates count."""
    api.patch("/v1/project", {"similarity_threshold": 1})
    return api.plan(f"Refund the {'very ' * number}late order ORD-17", {"order_id": "ORD-17"}, **members)


def who(plan: Any) -> list[tuple[str, str]]:
    return [(attempt["planner"].split(":")[1], attempt["error_code"]) for attempt in plan["attempts"]]


def later() -> None:
    """The first model has been left alone for long enough."""
    Breaker.objects.filter(retry_at__isnull=False).update(retry_at=datetime(2020, 1, 1, tzinfo=UTC))


class TestWhoPlans:
    @pytest.mark.parametrize(
        ("reply", "code"),
        [
            (DOWN, "model_overloaded"),
            (failure(503, "Overloaded"), "model_overloaded"),
            (Reply(then="drop"), "model_unreachable"),
            (Reply(body="x" * 1000, then="cut"), "model_unreachable"),
            (failure(429, "Slow down"), "model_rate_limited"),
            (failure(402, "Pay"), "model_quota_exhausted"),
        ],
    )
    def test_the_second_when_the_first_gives_no_answer(
        self, api: Api, server: ScriptedServer, fallback: ScriptedServer, reply: Scripted, code: str
    ) -> None:
        server.script(reply)

        plan = api.plan(*REFUND)

        assert (plan["status"], plan["source"]) == ("ready", "model")
        assert who(plan) == [("small-1", code), ("second-1", "")]
        assert [attempt["number"] for attempt in plan["attempts"]] == [1, 2]
        assert plan["usage"] == {"prompt_tokens": 120, "completion_tokens": 30}
        assert (server.calls, fallback.calls) == (1, 1)

    def test_the_second_when_the_first_is_gone(
        self, api: Api, server: ScriptedServer, fallback: ScriptedServer, settings: Any
    ) -> None:
        with ScriptedServer() as gone:
            settings.LLM_API_BASE_URL = gone.url
        forget_planners()

        assert who(api.plan(*REFUND)) == [("small-1", "model_unreachable"), ("second-1", "")]

    def test_the_second_when_the_first_hangs(
        self, api: Api, server: ScriptedServer, fallback: ScriptedServer, settings: Any
    ) -> None:
        settings.PLANNING_DEADLINE_SECONDS = 6
        server.script(Reply(then="hang"))

        plan = api.plan(*REFUND)

        assert plan["status"] == "ready", plan["error"]
        assert who(plan) == [("small-1", "model_timeout"), ("second-1", "")]

    def test_the_composer_where_that_is_wanted(
        self, api: Api, server: ScriptedServer, fallback: ScriptedServer, settings: Any
    ) -> None:
        settings.LLM_FALLBACK_MODEL, settings.FALLBACK_IS_COMPOSER = "composer", True
        forget_planners()
        server.script(DOWN)

        plan = api.plan(*REFUND)

        assert (plan["status"], plan["source"], fallback.calls) == ("ready", "composer", 0)
        assert [attempt["planner"].split(":")[0] for attempt in plan["attempts"]] == ["model", "composer"]

    @pytest.mark.parametrize(
        ("replies", "code"),
        [
            ([completion("no plan")] * 3, "plan_rejected"),
            ([failure(401)], "model_auth"),
            ([Reply(body="<html>")], "model_bad_answer"),
            ([failure(400, "This model's maximum context length is 10")] * 2, "model_context_overflow"),
        ],
    )
    def test_nobody_else_when_the_first_answered(
        self,
        api: Api,
        server: ScriptedServer,
        fallback: ScriptedServer,
        replies: list[Scripted],
        code: str,
    ) -> None:
        server.script(*replies)

        plan = api.plan(*REFUND)

        assert (plan["error"]["code"], fallback.calls) == (code, 0)
        assert not Breaker.objects.filter(failures__gt=0).exists()

    def test_when_both_are_down_the_plan_tells_of_both(
        self, api: Api, server: ScriptedServer, fallback: ScriptedServer
    ) -> None:
        server.script(DOWN)
        fallback.script(Reply(then="drop"))

        plan = api.plan(*REFUND)

        assert (plan["status"], plan["error"]["code"]) == ("failed", "model_unreachable")
        assert who(plan) == [("small-1", "model_overloaded"), ("second-1", "model_unreachable")]
        assert plan["error"]["retryable"]
        assert "fallback" in plan["error"]["message"] and "Out of memory" in plan["error"]["message"]

    def test_a_budget_holds_for_the_second_too(
        self, api: Api, server: ScriptedServer, fallback: ScriptedServer
    ) -> None:
        api.patch("/v1/project", {"tokens_per_day": 0})
        Breaker.objects.create(endpoint=first_endpoint(), failures=9, retry_at=datetime(2999, 1, 1, tzinfo=UTC))

        assert api.plan(*REFUND)["error"]["code"] == "budget_exceeded"
        assert (server.calls, fallback.calls) == (0, 0)
        assert Breaker.objects.get().failures == 9


def first_endpoint() -> str:
    from django.conf import settings

    return breaker.endpoint_of(settings.LLM_MODEL, settings.LLM_API_BASE_URL)


class TestTheCache:
    def test_what_the_second_planned_is_not_served_as_the_firsts(
        self, api: Api, server: ScriptedServer, fallback: ScriptedServer
    ) -> None:
        server.script(DOWN)
        api.plan(*REFUND)
        assert Entry.objects.get().scope_facts["planner"].startswith("model:second-1:")

        plan = api.plan("Refund order ORD-99", {"order_id": "ORD-99"})

        assert (plan["source"], who(plan)) == ("model", [("small-1", "")])
        assert (server.calls, fallback.calls, Entry.objects.count()) == (2, 1, 2)
        assert api.plan("Refund order B-2", {"order_id": "B-2"})["source"] == "exact"

    def test_while_the_first_is_down_the_seconds_plans_are_served(
        self, api: Api, server: ScriptedServer, fallback: ScriptedServer
    ) -> None:
        server.script(*[DOWN] * 3)
        for number in range(3):
            ask(api, number)

        plan = ask(api, 0)

        assert (plan["source"], plan["attempts"]) == ("exact", [])
        assert (server.calls, fallback.calls) == (3, 3)

    def test_who_follows_is_served_what_the_second_planned(
        self, api: Api, server: ScriptedServer, fallback: ScriptedServer
    ) -> None:
        leader, follower = (
            api.post("/v1/plans", {"action": f"Refund order {order}", "params": {"order_id": order}}).json()["id"]
            for order in ("A-1", "B-2")
        )

        def board_meanwhile(request: Any) -> Scripted:
            try:
                assert work_on(follower) == ()
            finally:
                connection.close()
            return DOWN

        server.script(board_meanwhile)

        released = work_on(leader)
        for plan_id in released:
            work_on(plan_id)

        plan = api.get(f"/v1/plans/{follower}").json()
        assert list(released) == [follower]
        assert (plan["source"], plan["cache"]["reason"]) == ("exact", "same_flight")
        assert plan["plan"]["tasks"][0]["input"] == {"order_id": "B-2"}
        assert (server.calls, fallback.calls, Flight.objects.count()) == (1, 1, 0)

    def test_a_request_that_bypasses_it_is_planned_by_the_second_each_time(
        self, api: Api, server: ScriptedServer, fallback: ScriptedServer
    ) -> None:
        server.script(*[DOWN] * 2)
        for _ in range(2):
            assert ask(api, 0, cache="bypass")["status"] == "ready"

        assert (fallback.calls, Entry.objects.count()) == (2, 0)


class TestTheBreaker:
    def test_opens_after_so_many_failures_and_the_first_is_left_alone(
        self, api: Api, server: ScriptedServer, fallback: ScriptedServer
    ) -> None:
        server.script(*[DOWN] * 10)

        found = [who(ask(api, number)) for number in range(5)]

        both = [("small-1", "model_overloaded"), ("second-1", "")]
        assert found == [both, both, both, both[1:], both[1:]]
        assert (server.calls, fallback.calls) == (3, 5)

    def test_an_answer_in_between_begins_the_count_anew(
        self, api: Api, server: ScriptedServer, fallback: ScriptedServer
    ) -> None:
        server.script(DOWN, DOWN, lambda request: completion("no plan"))
        for number in range(3):
            ask(api, number)

        assert Breaker.objects.get().failures == 0

    def test_after_a_while_one_plan_tries_the_first_again(
        self, api: Api, server: ScriptedServer, fallback: ScriptedServer
    ) -> None:
        server.script(*[DOWN] * 4)
        for number in range(3):
            ask(api, number)
        later()

        assert who(ask(api, 3)) == [("small-1", "model_overloaded"), ("second-1", "")]
        assert who(ask(api, 4)) == [("second-1", "")]
        later()
        assert who(ask(api, 5)) == [("small-1", "")]
        assert who(ask(api, 6)) == [("small-1", "")]
        assert Breaker.objects.get().retry_at is None

    def test_one_tries_at_a_time_whatever_process_it_is_in(self, fallback: ScriptedServer) -> None:
        for _ in range(3):
            breaker.note(ENDPOINT, outcome("model_timeout"))
        later()

        def try_it(_: int) -> bool:
            try:
                return breaker.lets_through(ENDPOINT, seconds=60)
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(try_it, range(24))).count(True) == 1

    def test_a_try_that_is_lost_is_followed_by_another(self, fallback: ScriptedServer) -> None:
        for _ in range(3):
            breaker.note(ENDPOINT, outcome("model_timeout"))
        assert not breaker.lets_through(ENDPOINT, seconds=60)
        later()
        assert breaker.lets_through(ENDPOINT, seconds=60)
        assert not breaker.lets_through(ENDPOINT, seconds=60)
        later()
        assert breaker.lets_through(ENDPOINT, seconds=60)

    def test_failures_of_many_at_once_are_all_counted(self, fallback: ScriptedServer) -> None:
        def fail(_: int) -> None:
            try:
                breaker.note(ENDPOINT, outcome("model_unreachable"))
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(fail, range(24)))

        assert Breaker.objects.get().failures == 24
        assert not breaker.lets_through(ENDPOINT, seconds=60)

    def test_a_model_that_answers_too_slowly_for_another_draft_is_there(self, fallback: ScriptedServer) -> None:
        """It was left alone after three requests whose last draft the deadline cut off."""
        answered = Trial(1, Draft(plan=None), (), seconds=50.0)
        late = outcome("model_timeout")
        for _ in range(4):
            breaker.note(ENDPOINT, replace(late, trials=(answered, *late.trials)))

        assert breaker.lets_through(ENDPOINT, seconds=60)
        assert not breaker.last_call_failed(ENDPOINT)

    def test_one_that_answered_and_then_is_gone_is_not(self, fallback: ScriptedServer) -> None:
        answered = Trial(1, Draft(plan=None), (), seconds=5.0)
        gone = outcome("model_unreachable")
        for _ in range(3):
            breaker.note(ENDPOINT, replace(gone, trials=(answered, *gone.trials)))

        assert not breaker.lets_through(ENDPOINT, seconds=60)

    def test_without_a_fallback_there_is_none(self, api: Api, server: ScriptedServer) -> None:
        server.script(*[DOWN] * 5)

        assert [ask(api, number)["error"]["code"] for number in range(5)] == ["model_overloaded"] * 5
        assert (server.calls, Breaker.objects.count()) == (5, 0)

    def test_costs_a_hit_nothing(
        self,
        api: Api,
        server: ScriptedServer,
        fallback: ScriptedServer,
        django_assert_num_queries: Callable[..., Any],
    ) -> None:
        api.patch("/v1/project", {"recheck_share": 0})
        api.plan(*REFUND)
        api.plan(*REFUND)

        with django_assert_num_queries(3):
            assert api.plan(*REFUND)["source"] == "exact"


def outcome(code: str) -> Outcome:
    trial = Trial(1, Draft(plan=None), (), seconds=0.1, error_code=code)
    return Outcome("failed", failure=Failure(code, "It is down.", retryable=True), trials=(trial,))
