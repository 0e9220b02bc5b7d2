from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.backends.signals import connection_created
from django.db.utils import DataError
from structlog.testing import capture_logs

from orra.base.database import slow_statements as module
from orra.base.database.slow_statements import MOST_WAITING, SlowStatements, without_literals

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "sk-secret's"


@pytest.fixture
def slow() -> Iterator[SlowStatements]:
    """Finds everything slow, on this connection."""
    slow = SlowStatements()
    slow.limit = 0
    with connection.execute_wrapper(slow.around):
        yield slow


@contextmanager
def connected(receiver: Any) -> Iterator[None]:
    connection_created.connect(receiver)
    try:
        yield
    finally:
        connection_created.disconnect(receiver)


def told(slow: SlowStatements, *statements: tuple[str, Any]) -> list[Any]:
    with capture_logs() as logs:
        for sql, values in statements:
            with connection.cursor() as cursor:
                cursor.execute(sql, values)
        slow._waiting.join()
    return [each for each in logs if each["event"] == "slow statement"]


def test_it_is_told_with_its_plan_and_without_values(slow: SlowStatements) -> None:
    [line] = told(slow, ("SELECT id FROM planengine_plan WHERE action = %s", [SECRET]))

    assert line["milliseconds"] >= 0 and line["statement"].endswith("action = %s")
    assert any("planengine_plan" in step for step in line["plan"])
    assert any("Filter" in step and "'…'" in step for step in line["plan"])
    assert "secret" not in str(line)


def test_it_is_told_once_a_minute(slow: SlowStatements, monkeypatch: pytest.MonkeyPatch) -> None:
    statement = ("SELECT %s::int", [1])
    assert len(told(slow, statement, statement)) == 1
    assert told(slow, statement) == []
    monkeypatch.setattr(module, "TELL_AGAIN_SECONDS", 0)
    assert len(told(slow, statement)) == 1


def test_what_is_quick_is_not_told(slow: SlowStatements) -> None:
    slow.limit = 60_000
    assert told(slow, ("SELECT 1", [])) == []


def test_what_has_no_plan_is_told_without(slow: SlowStatements) -> None:
    [line] = told(slow, ("SHOW statement_timeout", []))
    assert line["plan"] == []


def test_a_connection_that_is_opened_again_is_watched_once() -> None:
    slow = SlowStatements()
    with connected(slow._wrap):
        for _ in range(3):
            connection.close()
            connection.ensure_connection()

    assert connection.execute_wrappers == [slow.around]
    connection.execute_wrappers.remove(slow.around)


def test_a_transaction_is_left_alone(slow: SlowStatements) -> None:
    """Its plan is asked for on another connection, which does not see the table, and says so."""
    slow.limit = inf
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE seen_here_only (id int)")
        slow.limit = 0
        [line] = told(slow, ("SELECT id FROM seen_here_only WHERE id = %s", [1]))
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
        slow.limit = inf
        transaction.set_rollback(True)
    assert line["plan"] == []


def test_a_statement_that_fails_is_told_too(slow: SlowStatements) -> None:
    with capture_logs() as logs:
        with pytest.raises(DataError), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / %s", [0])
        slow._waiting.join()
    assert [each["statement"] for each in logs if each["event"] == "slow statement"] == ["SELECT 1 / %s"]


def test_what_cannot_wait_is_told_the_next_time(slow: SlowStatements, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow, "_thread", object())  # nobody takes them
    for number in range(MOST_WAITING + 1):
        slow._note(f"SELECT {number}", [], 1.0)
    assert slow._waiting.qsize() == MOST_WAITING
    assert slow._told.get("SELECT 0") is not None and slow._told.get(f"SELECT {MOST_WAITING}") is None


@pytest.mark.parametrize(
    "plan, left",
    [
        ("Filter: (action = 'it''s me'::text)", "Filter: (action = '…'::text)"),
        ("Index Cond: (a = ANY ('{x,\"y z\"}'::text[]))", "Index Cond: (a = ANY ('…'::text[]))"),
        ("Limit  (cost=0.15..8.17 rows=1 width=4)", "Limit  (cost=0.15..8.17 rows=1 width=4)"),
        ("Filter: (a = E'back\\\\slash''s')", "Filter: (a = E'…')"),
    ],
)
def test_literals_are_taken_out(plan: str, left: str) -> None:
    assert without_literals(plan) == left
