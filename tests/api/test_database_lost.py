"""The connection to the database breaks before any statement of a request: its client is told to come back, and
then finds everything as it should be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from orra.base.strictjson import Json
from tests.api.teaching import REWORDED, ask, teach
from tests.conftest import SHOP, Api

pytestmark = pytest.mark.django_db(transaction=True)

MOST_STATEMENTS = 80


class Lost:
    """Has Postgres end the session before the statement of this ``number``."""

    def __init__(self, number: int) -> None:
        self.left = number
        self.happened = False

    def __call__(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            self.happened = True
            other = connection.copy()
            try:
                with other.cursor() as cursor:
                    pid = context["connection"].connection.info.backend_pid
                    cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            finally:
                other.close()
        return execute(sql, params, many, context)


@contextmanager
def losing(number: int) -> Iterator[Lost]:
    lost = Lost(number)
    with connection.execute_wrapper(lost):
        yield lost
    connection.close()


def plan(action: str, order: str, **members: Json) -> Json:
    return {"action": action.format(order), "params": {"order_id": order}, **members}


def asked(action: str, **headers: str) -> Callable[[Api, int, str], Any]:
    """Each time with values of its own, and a key of its own if there is one."""

    def send(api: Api, number: int, _: str) -> Any:
        named = {name: value.format(number) for name, value in headers.items()}
        return api.post("/v1/plans", plan(action, f"B-{number}"), **named)

    return send


REQUESTS: dict[str, Callable[[Api, int, str], Any]] = {
    "exact hit": asked("Refund order {}"),
    "hit by meaning": asked(REWORDED),
    "miss": asked("Find the order {} and tell me what was paid"),
    "miss, idempotent": asked("Find the order {} and tell me what was paid", **{"Idempotency-Key": '"k-{}"'}),
    "plan": lambda api, _, made: api.get(f"/v1/plans/{made}"),
    "explain": lambda api, *_: api.post("/v1/cache/explain", plan("Refund order {}", "C-3")),
    "service": lambda api, number, _: api.put(
        "/v1/services/refund_payment", {**SHOP["refund_payment"], "description": f"Refund order, {number}."}
    ),
    "report": lambda api, number, made: api.post(
        f"/v1/plans/{made}/report", {"verdict": ("wrong_plan", "right_plan")[number % 2]}
    ),
    "entries": lambda api, *_: api.get("/v1/cache/entries"),
    "statistics": lambda api, *_: api.get("/v1/cache/stats"),
}


@pytest.mark.parametrize("kind", REQUESTS)
def test_whichever_statement_it_is(kind: str, api: Api) -> None:
    teach(api)
    made = ask(api, REWORDED, "A-1")
    assert made["source"] == "semantic"
    send = REQUESTS[kind]

    for number in range(1, MOST_STATEMENTS):
        with losing(number) as lost:
            answer = send(api, number, made["id"])
        if not lost.happened:
            break
        told = (number, answer.status_code, answer.json())
        assert answer.status_code in (200, 201, 202) or (
            answer.status_code == 503 and answer.json()["code"] == "database_unreachable"
        ), told
        assert send(api, number, made["id"]).status_code in (200, 201, 202)
    else:
        pytest.fail("it takes too many statements")
    assert number > 1
