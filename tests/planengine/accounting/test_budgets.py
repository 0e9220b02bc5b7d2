"""What plans cost is counted per call, and a project's budget is held, by real workers' code and a real server."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from cache.models import Entry
from orra.base.prices import Price
from planengine.accounting import budgets, tallies
from planengine.catalogue.registry import catalogue_of
from planengine.drafting.attempts import PROGRESS_SECONDS, Attempts
from planengine.drafting.planner_choice import current_planner
from planengine.evaluation import shadow
from planengine.exceptions import BudgetExceeded
from planengine.lifecycle import plans
from planengine.lifecycle.worker import work_on
from planengine.llm.completions import Progress, Usage
from planengine.models import Attempt, DailyUsage, HitCheck, Plan, Project
from planengine.planners.focus import CHARACTERS_PER_TOKEN
from planengine.planners.protocol import Draft, Job, Trial
from tests.conftest import Api
from tests.servers.scripted import ScriptedServer, completion, failure, oblige

pytestmark = pytest.mark.django_db(transaction=True)

REFUND = ("Refund order ORD-17", {"order_id": "ORD-17"})
SEARCH = ("Search for laptops", {"query": "light"})


def job(project: Project) -> Job:
    return Job(REFUND[0], REFUND[1], catalogue_of(project))


def usage(api: Api, **query: str) -> Any:
    answer = api.get("/v1/usage" + "".join(f"?{name}={value}" for name, value in query.items()))
    assert answer.status_code == 200, answer.content
    return answer.json()


def _reserved(project: Project) -> int:
    room = budgets.reserve(project, current_planner(), job(project), None).room
    assert room is not None
    return room.tokens


def tally_what_is_old() -> None:
    """As if the plans of so far had finished a while ago."""
    Plan.objects.update(finished_at=F("finished_at") - timedelta(minutes=10))
    tallies.add_finished_plans(timezone.now())


class TestTotals:
    def test_tokens_money_and_what_the_cache_saved(self, api: Api, server: ScriptedServer, settings: Any) -> None:
        settings.LLM_PRICES = {"small-1": Price(Decimal("2"), Decimal("10"))}
        plan = api.plan(*REFUND)
        api.plan("Refund order ORD-18", {"order_id": "ORD-18"})
        api.plan("Refund order ORD-19", {"order_id": "ORD-19"})

        totals = usage(api)

        cost = (120 * 2 + 30 * 10) / 1_000_000
        assert plan["attempts"][0]["cost"] == pytest.approx(cost)
        assert (totals["calls"], totals["unknown_calls"], totals["unpriced_calls"]) == (1, 0, 0)
        assert (totals["prompt_tokens"], totals["completion_tokens"]) == (120, 30)
        assert totals["cost"] == pytest.approx(cost)
        assert totals["saved"] == {"calls": 2, "tokens": 300, "cost": pytest.approx(2 * cost)}
        assert totals["today"]["tokens"] == 150

    def test_what_the_cache_saved_outlives_entries_plans_and_prices(
        self, api: Api, server: ScriptedServer, settings: Any
    ) -> None:
        settings.LLM_PRICES = {"small-1": Price(Decimal("2"), Decimal("10"))}
        api.plan(*REFUND)
        api.plan("Refund order ORD-18", {"order_id": "ORD-18"})
        tally_what_is_old()
        settings.LLM_PRICES = {"small-1": Price(Decimal("200"), Decimal("1000"))}
        api.plan("Refund order ORD-19", {"order_id": "ORD-19"})
        saved = {"calls": 2, "tokens": 300, "cost": pytest.approx(2 * (120 * 2 + 30 * 10) / 1_000_000)}
        assert usage(api)["saved"] == saved

        Entry.objects.all().delete()
        assert usage(api)["saved"] == saved
        tallies.add_finished_plans(timezone.now() + timedelta(minutes=2))
        Plan.objects.all().delete()
        assert usage(api)["saved"] == saved

    def test_money_saved_is_of_the_hits_whose_entry_knows_its_cost(
        self, api: Api, server: ScriptedServer, settings: Any
    ) -> None:
        api.plan(*REFUND)
        api.plan("Refund order ORD-18", {"order_id": "ORD-18"})
        assert usage(api)["saved"] == {"calls": 1, "tokens": 150, "cost": None}
        tally_what_is_old()
        settings.LLM_PRICES = {"small-1": Price(Decimal("2"), Decimal("10"))}
        api.plan(*SEARCH)
        api.plan("Search for laptops", {"query": "cheap"})

        assert usage(api)["saved"] == {"calls": 2, "tokens": 300, "cost": pytest.approx(0.00054)}
        tallies.add_finished_plans(timezone.now() + timedelta(minutes=2))
        assert usage(api)["saved"] == {"calls": 2, "tokens": 300, "cost": pytest.approx(0.00054)}

    @pytest.mark.parametrize("cost", [-1, "1", True, 10**30, None, [], {}])
    def test_a_stored_cost_that_is_none_saves_no_money(self, api: Api, server: ScriptedServer, cost: Any) -> None:
        api.plan(*REFUND)
        Entry.objects.update(cost={"cost": cost})

        assert api.plan("Refund order ORD-18", {"order_id": "ORD-18"})["source"] == "exact"

        assert usage(api)["saved"]["cost"] is None

    def test_unknown_is_not_zero(self, api: Api, server: ScriptedServer, settings: Any) -> None:
        settings.LLM_PRICES = {"small-1": Price(Decimal("2"), Decimal("10"))}
        server.script(lambda request: completion(oblige(request), usage=...))

        plan = api.plan(*REFUND)

        totals = usage(api)
        attempt = Attempt.objects.get()
        assert plan["attempts"][0]["usage"] == {"prompt_tokens": None, "completion_tokens": None}
        assert plan["attempts"][0]["cost"] is None
        assert (totals["calls"], totals["unknown_calls"], totals["cost"]) == (1, 1, None)
        assert totals["estimated_tokens"] == len(attempt.prompt + attempt.answer) // CHARACTERS_PER_TOKEN

    @pytest.mark.parametrize(("cached_price", "paid"), [(Decimal("0.5"), 0.5), (None, 2)])
    def test_cached_tokens_of_the_prompt_have_their_own_price(
        self, api: Api, server: ScriptedServer, settings: Any, cached_price: Decimal | None, paid: float
    ) -> None:
        settings.LLM_PRICES = {"small-1": Price(Decimal("2"), Decimal("10"), cached_price)}
        counted = {"prompt_tokens": 120, "completion_tokens": 30, "prompt_tokens_details": {"cached_tokens": 100}}
        server.script(lambda request: completion(oblige(request), usage=counted))

        plan = api.plan(*REFUND)

        assert plan["attempts"][0]["cost"] == pytest.approx((20 * 2 + 100 * paid + 30 * 10) / 1_000_000)

    def test_a_budget_of_nothing_leaves_the_cache_whoever_plans(self, api: Api, settings: Any) -> None:
        """No model is configured: the composer uses no tokens, and is not asked either."""
        settings.LLM_MODEL = ""
        current_planner.cache_clear()
        assert api.plan(*REFUND)["source"] == "composer"
        api.patch("/v1/project", {"tokens_per_day": 0})

        refused = api.plan("Search for laptops", {"query": "cheap"})

        assert refused["error"]["code"] == "budget_exceeded" and "only the cache" in refused["error"]["message"]
        assert api.plan("Refund order ORD-18", {"order_id": "ORD-18"})["source"] == "exact"
        api.patch("/v1/project", {"tokens_per_day": 1})
        assert api.plan("Search for laptops", {"query": "cheap"})["source"] == "composer"
        current_planner.cache_clear()

    def test_without_prices_there_is_no_cost(self, api: Api, server: ScriptedServer) -> None:
        api.plan(*REFUND)

        assert (usage(api)["cost"], usage(api)["unpriced_calls"]) == (None, 1)

    def test_a_call_that_nobody_answered_used_nothing(self, api: Api, server: ScriptedServer) -> None:
        server.script(failure(401))

        api.plan(*REFUND)

        assert (usage(api)["calls"], usage(api)["unknown_calls"], usage(api)["today"]["tokens"]) == (1, 0, 0)

    def test_the_composer_calls_nobody(self, api: Api) -> None:
        api.plan(*REFUND)

        assert usage(api)["calls"] == 0
        assert not DailyUsage.objects.exists()

    def test_since(self, api: Api, project: Project) -> None:
        today = datetime.now(UTC).date()
        for days, calls in ((0, 1), (1, 10), (40, 100)):
            DailyUsage.objects.create(project=project, day=today - timedelta(days=days), calls=calls)

        assert usage(api)["calls"] == 11
        assert usage(api, since=today.isoformat())["calls"] == 1
        assert usage(api, since="2020-01-01")["calls"] == 111

    @pytest.mark.parametrize("since", ["", "yesterday", "2026-02-30", "2026-01-01T00:00:00Z"])
    def test_a_day_that_is_none(self, api: Api, since: str) -> None:
        answer = api.get(f"/v1/usage?since={since}")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_filter")

    def test_nothing_crosses_projects(self, api: Api, other_api: Api, server: ScriptedServer) -> None:
        api.plan(*REFUND)

        assert usage(other_api)["calls"] == 0


class TestABudget:
    def test_of_nothing_leaves_the_cache(self, api: Api, server: ScriptedServer) -> None:
        api.plan(*REFUND)
        assert api.patch("/v1/project", {"tokens_per_day": 0}).json()["tokens_per_day"] == 0

        refused = api.plan(*SEARCH)
        hit = api.plan("Refund order ORD-99", {"order_id": "ORD-99"})

        assert (refused["status"], refused["error"]["code"]) == ("failed", "budget_exceeded")
        assert "only the cache" in refused["error"]["message"]
        assert "tokens_per_day" in refused["error"]["how_to_fix"][0]
        assert refused["attempts"] == []
        assert (hit["status"], hit["source"]) == ("ready", "exact")
        assert server.calls == 1

    def test_that_is_used_up_says_when_it_is_filled_again(self, api: Api, server: ScriptedServer) -> None:
        server.script(
            lambda request: completion(oblige(request), usage={"prompt_tokens": 4900, "completion_tokens": 90})
        )
        api.patch("/v1/project", {"tokens_per_day": 5000})
        assert api.plan(*REFUND)["status"] == "ready"

        refused = api.plan(*SEARCH)

        assert refused["error"]["code"] == "budget_exceeded"
        assert "4,990 of 5,000" in refused["error"]["message"] and "00:00 UTC" in refused["error"]["message"]
        assert usage(api)["today"]["tokens"] == 4990
        assert api.patch("/v1/project", {"tokens_per_day": None}).json()["tokens_per_day"] is None
        assert api.plan(*SEARCH)["status"] == "ready"

    def test_stops_in_the_middle_of_a_plan(self, api: Api, server: ScriptedServer) -> None:
        server.script(completion("no plan", usage={"prompt_tokens": 9_000, "completion_tokens": 900}))
        api.patch("/v1/project", {"tokens_per_day": 10_000})

        plan = api.plan(*REFUND)

        assert (plan["error"]["code"], len(plan["attempts"]), server.calls) == ("budget_exceeded", 1, 1)
        assert plan["usage"] == {"prompt_tokens": 9_000, "completion_tokens": 900}

    def test_holds_whatever_number_of_workers_begin_at_once(
        self, project: Project, server: ScriptedServer
    ) -> None:
        project.tokens_per_day = 10**6
        expected = _reserved(project)
        DailyUsage.objects.all().delete()
        project.tokens_per_day = 5 * expected
        project.save()

        def reserve(_: int) -> bool:
            try:
                budgets.reserve(project, current_planner(), job(project), None)
            except BudgetExceeded:
                return False
            finally:
                connection.close()
            return True

        with ThreadPoolExecutor(16) as pool:
            allowed = list(pool.map(reserve, range(40)))

        assert allowed.count(True) == 5
        assert DailyUsage.objects.get().reserved_tokens == 5 * expected

    def test_what_is_not_used_of_a_reservation_is_free_again(
        self, project: Project, server: ScriptedServer
    ) -> None:
        project.tokens_per_day = 100_000
        project.save()
        call = budgets.reserve(project, current_planner(), job(project), None)

        call.settle(Trial(1, Draft(plan=None, usage=Usage(3, 4)), (), seconds=1))

        assert budgets.used_on(project, DailyUsage.objects.get().day) == 7

    def test_a_call_that_timed_out_is_charged_by_its_prompt(
        self, project: Project, server: ScriptedServer
    ) -> None:
        call = budgets.reserve(project, current_planner(), job(project), None)

        spent = call.settle(Trial(1, Draft(plan=None), (), seconds=1, error_code="model_timeout"))

        assert (spent.known, spent.cost) == (False, None)
        assert spent.estimated > len(REFUND[0]) // CHARACTERS_PER_TOKEN
        assert DailyUsage.objects.get().unknown_calls == 1

    def test_a_new_day_is_a_new_budget(self, api: Api, project: Project, server: ScriptedServer) -> None:
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        DailyUsage.objects.create(project=project, day=yesterday, prompt_tokens=10**9)
        api.patch("/v1/project", {"tokens_per_day": 20_000})

        assert api.plan(*REFUND)["status"] == "ready"

    def test_is_not_spent_on_checking_hits(self, api: Api, server: ScriptedServer) -> None:
        api.plan(*REFUND)
        hit = api.plan("Refund order ORD-99", {"order_id": "ORD-99"})
        api.patch("/v1/project", {"tokens_per_day": 0})

        shadow.check(hit["id"])
        assert (server.calls, HitCheck.objects.count()) == (1, 0)

        api.patch("/v1/project", {"tokens_per_day": None})
        shadow.check(hit["id"])
        assert (server.calls, HitCheck.objects.count()) == (2, 1)
        assert usage(api)["calls"] == 2

    def test_counts_checks_of_hits_with_their_tokens_and_ends_them_when_it_is_used_up(
        self, api: Api, server: ScriptedServer, settings: Any
    ) -> None:
        settings.LLM_PRICES = {"small-1": Price(Decimal("2"), Decimal("10"))}
        api.plan(*REFUND)
        hits = [api.plan(f"Refund order ORD-{n}", {"order_id": f"ORD-{n}"}) for n in (1, 2, 3)]
        api.patch("/v1/project", {"tokens_per_day": 10_000})
        server.script(
            lambda request: completion(oblige(request), usage={"prompt_tokens": 8_000, "completion_tokens": 900})
        )

        for hit in hits:
            shadow.check(hit["id"])

        totals = usage(api)
        assert (server.calls, HitCheck.objects.count()) == (2, 1)
        assert (totals["calls"], totals["prompt_tokens"], totals["completion_tokens"]) == (2, 8_120, 930)
        assert totals["cost"] == pytest.approx((8_120 * 2 + 930 * 10) / 1_000_000)
        assert totals["today"]["tokens"] == 9_050
        assert totals["model_checks"]["calls"] == 0

    def test_ends_a_check_of_a_hit_between_its_drafts(self, api: Api, server: ScriptedServer) -> None:
        api.plan(*REFUND)
        hit = api.plan("Refund order ORD-99", {"order_id": "ORD-99"})
        api.patch("/v1/project", {"tokens_per_day": 10_000})
        server.script(completion("no plan", usage={"prompt_tokens": 9_000, "completion_tokens": 900}))

        shadow.check(hit["id"])

        assert (server.calls, HitCheck.objects.count()) == (2, 0)
        assert usage(api)["today"]["tokens"] == 150 + 9_900

    @pytest.mark.parametrize("wrong", [-1, 1.5, "many", True, 2**63])
    def test_that_is_no_number(self, api: Api, wrong: Any) -> None:
        assert api.patch("/v1/project", {"tokens_per_day": wrong}).status_code == 400


class TestAnAttempt:
    def test_is_there_while_it_lasts(self, api: Api, server: ScriptedServer) -> None:
        seen: list[Any] = []

        def look(request: Any) -> Any:
            try:
                seen.append(list(Attempt.objects.values_list("number", "seconds")))
            finally:
                connection.close()
            return oblige(request)

        server.script(look)

        api.plan(*REFUND)

        assert seen == [[(1, None)]]
        assert Attempt.objects.get().seconds is not None

    def test_of_a_lost_worker_counts(self, api: Api, server: ScriptedServer) -> None:
        plan_id = api.post("/v1/plans", {"action": REFUND[0], "params": REFUND[1]}).json()["id"]
        lost = plans.claim(plan_id)
        assert lost is not None
        attempts = Attempts(lost, current_planner(), job(lost.project))
        attempts.begin(1, None)
        attempts.end(Trial(1, Draft(plan=None, usage=Usage(1000, 500)), (), seconds=1))
        attempts.begin(2, None)
        Plan.objects.update(lease_expires_at=datetime(2020, 1, 1, tzinfo=UTC))

        work_on(plan_id)

        plan = api.get(f"/v1/plans/{plan_id}").json()
        assert plan["status"] == "ready"
        assert plan["usage"] == {"prompt_tokens": 1120, "completion_tokens": 530}
        assert [attempt["seconds"] is None for attempt in plan["attempts"]] == [False, False, True]
        assert usage(api)["calls"] == 2

    def test_notes_its_progress_now_and_then(self, api: Api, server: ScriptedServer) -> None:
        plan_id = api.post("/v1/plans", {"action": REFUND[0], "params": REFUND[1]}).json()["id"]
        plan = plans.claim(plan_id)
        assert plan is not None
        now = time.monotonic()
        attempts = Attempts(plan, current_planner(), job(plan.project), clock=lambda: now)
        attempts.begin(1, None)
        tell = attempts.job.on_progress
        assert tell is not None

        noted = []
        for size in range(1, 9):
            tell(Progress(reasoning=size, answer=0))
            noted.append(Attempt.objects.get().reasoning_chars)
            now += PROGRESS_SECONDS / 4

        assert noted == [1, 1, 1, 1, 5, 5, 5, 5]
