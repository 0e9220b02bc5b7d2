"""A first model that is down is left alone by all workers of a stack, and found again when it is back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from orra.embedded.postgres import ensure_postgres
from tests.conftest import SHOP
from tests.live.client import WHOLE_PLANS, Client, asked
from tests.live.conftest import StartStack
from tests.live.test_stampede import second_worker
from tests.servers.scripted import Request, Scripted, ScriptedServer, failure, oblige

pytestmark = pytest.mark.live

AT_ONCE = 8
OPEN = "SELECT count(*) FROM planengine_breaker WHERE retry_at > now()"


class Moody:
    """A model that fails for as long as it is ``down``."""

    down = True

    def __call__(self, request: Request) -> Scripted:
        return failure(500, "Out of memory") if self.down else oblige(request)


def plan_many(client: Client, count: int) -> list[Any]:
    """As many plans of their own, at once."""

    def one(number: int) -> Any:
        body = {"action": "Refund order A-1", "params": {"order_id": "A-1"}, "cache": "bypass", "wait_seconds": 60}
        return client.request("POST", "/v1/plans", body)[1]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(count)))


def planners(plans: list[Any]) -> set[str]:
    assert {plan["status"] for plan in plans} == {"ready"}
    return {plan["attempts"][-1]["planner"].split(":")[1] for plan in plans}


def end_the_pause(data_dir: Path) -> None:
    with psycopg.connect(ensure_postgres(data_dir)) as connection:
        connection.execute("UPDATE planengine_breaker SET retry_at = now() WHERE retry_at IS NOT NULL")


def test_two_workers_leave_a_dead_model_alone_and_find_it_again(start_stack: StartStack) -> None:
    mood = Moody()
    with (
        ScriptedServer(default=mood) as first,
        ScriptedServer() as second,
        start_stack(
            LLM_MODEL="first-1",
            LLM_API_BASE_URL=first.url,
            LLM_FALLBACK_MODEL="second-1",
            LLM_FALLBACK_API_BASE_URL=second.url,
            LLM_BREAKER_FAILURES="2",
            LLM_BREAKER_SECONDS="3600",
            **WHOLE_PLANS,
            WORKER_CONCURRENCY="4",
        ) as stack,
        second_worker(stack),
    ):
        client = Client(stack.url, stack.api_key)
        client.request("PUT", "/v1/services/refund_payment", SHOP["refund_payment"])

        assert planners(plan_many(client, AT_ONCE)) == {"second-1"}
        assert asked(stack.data_dir, OPEN) == 1
        calls = first.calls
        assert planners(plan_many(client, 3 * AT_ONCE)) == {"second-1"}
        assert first.calls == calls

        end_the_pause(stack.data_dir)
        tried = plan_many(client, AT_ONCE)
        assert sum(len(plan["attempts"]) == 2 for plan in tried) == 1
        assert planners(tried) == {"second-1"}

        mood.down = False
        end_the_pause(stack.data_dir)
        planned = plan_many(client, 1)
        assert planners(planned) == {"first-1"}
        assert planners(plan_many(client, AT_ONCE)) == {"first-1"}
        metrics = client.text("/metrics")

    assert 'orra_breaker_changes_total{change="opened"} 1.0' in metrics
    assert 'orra_breaker_changes_total{change="closed"} 1.0' in metrics
    assert 'orra_fallbacks_total{planner="model",reason="left_alone"}' in metrics
