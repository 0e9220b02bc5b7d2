"""An exact hit over HTTP beside the least that a view on the same server can do, and that Postgres can."""

from __future__ import annotations

import json
import os
import re
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.measuring import cpu, shop, table
from benchmarks.measuring.environment import serving
from benchmarks.measuring.load import ceiling, prepare
from benchmarks.measuring.rounds import Round, Rounds, Server, in_turn
from planengine.models import ApiKey, Plan

# The aims: times the bare view's p50, of its throughput at many clients, milliseconds of CPU, times its own p50.
MOST_P50, LEAST_THROUGHPUT, MOST_CPU_MS, MOST_P99 = 1.5, 0.8, 1.5, 5.0
# Short and many: machines are slower and quicker by turns, and a round should see one of them.
ROUNDS = 15
ROUND_SECONDS = 0.5
CLIENTS = (1, 8, 32)
MANY_CLIENTS = 8
VARIATIONS = 1000
ASKED_DIRECTLY = 300
BARE, INSERT, HIT = "a view with one SELECT", "a view with one INSERT", "exact hit"


def run(data_dir: Path) -> None:
    project = shop.open_project()
    _, secret = ApiKey.issue(project)
    hits = [prepared(number, secret) for number in range(1, VARIATIONS + 1)]
    with _a_table(), serving() as (address, web):
        kinds = {
            BARE: lambda: [prepare("GET", f"/bench/one-select/{project.pk}")] * max(CLIENTS),
            INSERT: lambda: [prepare("POST", "/bench/one-insert", body=b"{}")] * max(CLIENTS),
            HIT: lambda: hits,
        }
        server = Server(address, web=web, postgres=cpu.postmaster(data_dir))
        found = {
            clients: in_turn(server, kinds, clients=clients, rounds=ROUNDS, seconds=ROUND_SECONDS)
            for clients in CLIENTS
        }
        select, insert = _directly(project.pk)
    _check_that_all_were_hits(project.pk)
    table.heading("An exact hit over HTTP, one web process")
    table.line("one statement of Postgres, without HTTP", f"SELECT {select:.2f}", f"INSERT {insert:.2f} ms")
    for clients, rounds in found.items():
        _show(clients, rounds)
    _list_queries(secret)


def _show(clients: int, rounds: Rounds) -> None:
    most = ceiling(clients=clients, seconds=ROUND_SECONDS).per_second
    name = f"{clients} clients" if clients > 1 else "one client"
    table.line(f"{name} (who could ask {most:,.0f}/s)", "p50", "p99", "throughput", "CPU web", "CPU Postgres")
    for kind in rounds.of:
        table.line(
            f"  {kind}",
            f"{rounds.median(kind, lambda each: each.p50_ms):.2f} ms",
            f"{rounds.percentile_ms(kind, 99):.2f} ms",
            f"{rounds.median(kind, lambda each: each.per_second):,.0f}/s",
            f"{rounds.median(kind, lambda each: each.used.web):.2f} ms",
            f"{rounds.median(kind, lambda each: each.used.postgres):.2f} ms",
        )
    p50, rate = (_times(rounds, figure) for figure in (lambda each: each.p50_ms, lambda each: each.per_second))
    if clients == 1:
        table.line("  p50, times the bare view's", f"{p50:.2f} ×", f"≤ {MOST_P50} ×", table.verdict(p50, MOST_P50))
        return
    least = table.verdict(LEAST_THROUGHPUT, rate)
    table.line("  throughput, times the bare view's", f"{rate:.2f} ×", f"≥ {LEAST_THROUGHPUT} ×", least)
    if clients == MANY_CLIENTS:
        used = rounds.median(HIT, lambda each: each.cpu_ms)
        ok = table.verdict(used, MOST_CPU_MS)
        table.line("  CPU, web and Postgres", f"{used:.2f} ms", f"≤ {MOST_CPU_MS} ms", ok)
        spread = rounds.percentile_ms(HIT, 99) / rounds.percentile_ms(HIT, 50)
        table.line("  p99, times p50", f"{spread:.2f} ×", f"≤ {MOST_P99} ×", table.verdict(spread, MOST_P99))


def _times(rounds: Rounds, figure: Callable[[Round], float]) -> float:
    return rounds.ratio(HIT, BARE, figure)


@contextmanager
def _a_table() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_row (id bigserial PRIMARY KEY, content jsonb NOT NULL)")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE bench_row")


def _directly(project_id: str) -> tuple[float, float]:
    """Medians of a SELECT by key and of an INSERT with its commit, prepared, in milliseconds."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as direct:
        return (
            _median(lambda: direct.execute("SELECT id, name FROM planengine_project WHERE id = %s", [project_id])),
            _median(lambda: direct.execute("INSERT INTO bench_row (content) VALUES ('{}')")),
        )


def _median(do: Callable[[], object]) -> float:
    return statistics.median(table.timed(lambda _: do(), ASKED_DIRECTLY))


def _body(number: int) -> bytes:
    asked = shop.request(number)
    params = [{"field": field, "value": value} for field, value in asked.params.items()]
    return json.dumps({"action": asked.action, "params": params}).encode()


def prepared(number: int, secret: str) -> bytes:
    """A request to be hit, of other values for each number."""
    return prepare("POST", "/v1/plans", body=_body(number), headers=[f"Authorization: Bearer {secret}"])


def _check_that_all_were_hits(project_id: str) -> None:
    others = Plan.objects.filter(project_id=project_id).exclude(source="exact").values_list("cache", flat=True)
    if others:
        raise RuntimeError(f"{len(others)} of the requests were no exact hits; the first: {others[0]}")


def _list_queries(secret: str) -> None:
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    options: dict[str, Any] = {"content_type": "application/json"}
    client.post("/v1/plans", _body(1), **options)  # what a process remembers, it remembers from now on
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = client.post("/v1/plans", _body(2), **options)
    assert answer.json()["source"] == "exact", answer.content
    table.line("queries where the view answers", str(len(queries)))
    for query in queries.captured_queries:
        print(f"    {_brief(query['sql'])}")


def _brief(statement: str) -> str:
    """What a statement does with which tables, for a list."""
    found = re.findall(r"\b(FROM|JOIN|INTO|UPDATE)\s+(\w+)", statement.replace('"', ""), re.IGNORECASE)
    verbs = {"FROM": "SELECT", "JOIN": "JOIN", "INTO": "INSERT", "UPDATE": "UPDATE"}
    return ", ".join(f"{verbs[word.upper()]} {table}" for word, table in found) or statement.strip()[:60]
