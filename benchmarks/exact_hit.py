"""An exact hit over HTTP beside the least that a view on the same server can do."""

from __future__ import annotations

import json
import multiprocessing
import re
import statistics
from collections.abc import Callable
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
# Short and many: machines are slower and quicker by turns, and a round should see one of them.
ROUNDS = 15
ROUND_SECONDS = 0.5
MANY_CLIENTS = 8
VARIATIONS = 1000


@dataclass(frozen=True)
class Compared:
    """What both kinds of request took, round by round, in turn: what disturbs one disturbs the other."""

    bare: tuple[Load, ...]
    hit: tuple[Load, ...]

    def figures(self, of: Callable[[Load], float]) -> tuple[float, float, float]:
        """The median of each kind, and that of the rounds' ratios."""
        bare, hit = [of(load) for load in self.bare], [of(load) for load in self.hit]
        ratios = [one / other for one, other in zip(hit, bare, strict=True)]
        return statistics.median(bare), statistics.median(hit), statistics.median(ratios)


def run() -> None:
    project = shop.open_project()
    _, secret = ApiKey.issue(project)
    bare = [prepare("GET", f"/bench/one-select/{project.pk}")]
    hits = [prepared(number, secret) for number in range(1, VARIATIONS + 1)]
    with web_process() as address:
        one = _compare(address, bare, hits, clients=1)
        many = _compare(address, bare, hits, clients=MANY_CLIENTS)
    _check_that_all_were_hits(project.pk)
    table.heading("An exact hit over HTTP, one web process")
    table.line("", "bare view", "exact hit", "ratio", f"≤ {LIMIT:g} ×")
    bare_ms, hit_ms, ratio = one.figures(lambda load: load.p50_ms)
    figures = (f"{bare_ms:.2f} ms", f"{hit_ms:.2f} ms", f"{ratio:.2f} ×", table.verdict(ratio, LIMIT))
    table.line("p50, one client", *figures)
    bare_rate, hit_rate, ratio = many.figures(lambda load: load.per_second)
    figures = (f"{bare_rate:,.0f}/s", f"{hit_rate:,.0f}/s", f"{1 / ratio:.2f} ×", table.verdict(1 / ratio, LIMIT))
    table.line(f"throughput, {MANY_CLIENTS} clients", *figures)
    _list_queries(secret)


def _compare(address: Address, bare: list[bytes], hits: list[bytes], *, clients: int) -> Compared:
    loads: dict[str, list[Load]] = {"bare": [], "hit": []}
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        for _ in range(ROUNDS):
            for kind, requests in (("bare", bare * clients), ("hit", hits)):
                options = {"clients": clients, "seconds": ROUND_SECONDS}
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
