"""An exact hit over HTTP beside the least that a view on the same server can do."""

from __future__ import annotations

import json
import multiprocessing
import re
import statistics
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks import shop, table
from benchmarks.environment import Address, web_process
from benchmarks.load import Load, measure, prepare
from planengine.models import ApiKey, Plan

LIMIT = 3.0
ROUNDS = 5
ONE_CLIENT_SECONDS = 1.0
MANY_CLIENTS = 8
MANY_CLIENTS_SECONDS = 1.5
VARIATIONS = 1000


@dataclass(frozen=True)
class Compared:
    """What both kinds of request took, round by round, in turn: what disturbs one disturbs the other."""

    bare: tuple[Load, ...]
    hit: tuple[Load, ...]


def run() -> None:
    project = shop.open_project()
    _, secret = ApiKey.issue(project)
    bare = [prepare("GET", f"/bench/one-select/{project.pk}")]
    hits = [prepared(number, secret) for number in range(1, VARIATIONS + 1)]
    with web_process() as address:
        one = _compare(address, bare, hits, clients=1, seconds=ONE_CLIENT_SECONDS)
        many = _compare(address, bare, hits, clients=MANY_CLIENTS, seconds=MANY_CLIENTS_SECONDS)
    _check_that_all_were_hits(project.pk)
    table.heading("An exact hit over HTTP, one web process")
    table.line("", "bare view", "exact hit", "ratio", f"≤ {LIMIT:g} ×")
    p50 = [statistics.median(load.p50_ms for load in loads) for loads in (one.bare, one.hit)]
    ratio = p50[1] / p50[0]
    table.line(
        "p50, one client", *(f"{figure:.2f} ms" for figure in p50), f"{ratio:.2f} ×", table.verdict(ratio, LIMIT)
    )
    rates = [statistics.median(load.per_second for load in loads) for loads in (many.bare, many.hit)]
    ratio = rates[0] / rates[1]
    table.line(
        f"throughput, {MANY_CLIENTS} clients",
        *(f"{figure:,.0f}/s" for figure in rates),
        f"{ratio:.2f} ×",
        table.verdict(ratio, LIMIT),
    )
    _list_queries(secret)


def _compare(address: Address, bare: list[bytes], hits: list[bytes], *, clients: int, seconds: float) -> Compared:
    loads: dict[str, list[Load]] = {"bare": [], "hit": []}
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        for _ in range(ROUNDS):
            for kind, requests in (("bare", bare * clients), ("hit", hits)):
                options = {"clients": clients, "seconds": seconds}
                loads[kind].append(pool.apply(measure, (address, requests), options))
    return Compared(tuple(loads["bare"]), tuple(loads["hit"]))


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
    table.line("queries", str(len(queries)))
    for query in queries.captured_queries:
        print(f"    {_brief(query['sql'])}")


def _brief(statement: str) -> str:
    """What a statement does with which tables, for a list."""
    found = re.findall(r"\b(FROM|JOIN|INTO|UPDATE)\s+(\w+)", statement.replace('"', ""), re.IGNORECASE)
    verbs = {"FROM": "SELECT", "JOIN": "JOIN", "INTO": "INSERT", "UPDATE": "UPDATE"}
    return ", ".join(f"{verbs[word.upper()]} {table}" for word, table in found) or statement.strip()[:60]
