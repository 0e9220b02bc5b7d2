"""Hits by meaning over HTTP beside exact ones: in wordings that were never seen, and in wordings seen before.

All three are asked in turn, many short rounds of each, so that what disturbs one disturbs the others.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from django.db import transaction

from benchmarks.measuring import cpu, shop, table
from benchmarks.measuring.environment import serving
from benchmarks.measuring.load import prepare
from benchmarks.measuring.rounds import Server, in_turn
from planengine.embeddings.embedders import get_embedder
from planengine.models import ApiKey, Plan, Project
from planengine.requests import PlanRequest
from planengine.reuse import plan_cache

ENTRIES = 1_000
SEEN = 64  # wordings that are asked again and again
ROUNDS = 6
ROUND_SECONDS = 0.7
CLIENTS = (1, 8)
LIMIT_SEEN = 1.3  # times an exact hit
KINDS = ("exact", "seen", "new")
# More than a round can ask, so that none is asked twice.
MOST_IN_A_ROUND = 400
SEED = 13

OPENINGS = (
    "",
    "please ",
    "kindly ",
    "could you ",
    "can you please ",
    "hello, please ",
    "hi, ",
    "now ",
    "I want to ",
)
DEEDS = ("refund", "reimburse", "repay", "pay back", "credit", "give the money back for")
THINGS = ("order", "purchase", "parcel", "shipment", "package", "delivery", "item")
NAMED = ("{order_id}", "number {order_id}", "with the number {order_id}", "no. {order_id}", "called {order_id}")
BECAUSE = ("because it is {reason}", "as it is {reason}", "since it arrived {reason}", "it is {reason}")
ENDS = (
    "",
    ", thank you",
    ", thanks",
    " for the customer",
    " for our customer",
    " right now",
    ", please",
)


def run(data_dir: Path) -> None:
    stage = Stage.set()
    with serving() as (address, web):
        server = Server(address, web=web, postgres=cpu.postmaster(data_dir))
        kinds = {kind: partial(stage.requests, kind) for kind in KINDS}
        found = {
            clients: in_turn(server, kinds, clients=clients, rounds=ROUNDS, seconds=ROUND_SECONDS)
            for clients in CLIENTS
        }
    stage.check()
    table.heading(f"Hits by meaning over HTTP, {ENTRIES:,} entries, one web process")
    table.line("", "p50", "throughput", "CPU web", "CPU Postgres", "CPU × exact", f"seen ≤ {LIMIT_SEEN:g} ×")
    for clients, rounds in found.items():
        for kind in KINDS:
            ratio = rounds.ratio(kind, "exact", lambda each: each.cpu_ms)
            table.line(
                f"{kind}, {clients} clients" if clients > 1 else f"{kind}, one client",
                f"{rounds.median(kind, lambda each: each.p50_ms):.2f} ms",
                f"{rounds.median(kind, lambda each: each.per_second):,.0f}/s",
                f"{rounds.median(kind, lambda each: each.used.web):.2f} ms",
                f"{rounds.median(kind, lambda each: each.used.postgres):.2f} ms",
                f"{ratio:.2f}",
                table.verdict(ratio, LIMIT_SEEN) if kind == "seen" else "",
            )


@dataclass
class Stage:
    """A project with entries in many wordings, and the wordings that are left. ``secret`` is its key."""

    project: Project
    secret: str
    exact: Sequence[str]
    seen: Sequence[str]
    new: Iterator[str]
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @classmethod
    def set(cls) -> Stage:
        project = shop.open_project()
        _, secret = ApiKey.issue(project)
        wordings = _wordings()
        stored, seen, new = wordings[:ENTRIES], wordings[ENTRIES : ENTRIES + SEEN], wordings[ENTRIES + SEEN :]
        requests = [shop.request(number, wording=wording) for number, wording in enumerate(stored)]
        texts = [plan_cache.request_for(project, asked).template.embedding_text for asked in requests]
        with transaction.atomic():
            for asked, vector in zip(requests, get_embedder().embed(texts), strict=True):
                plan = shop.plan_for(asked)
                plan_cache.store(project, asked, plan, vector=vector, planned_by="model", cost={})
        return cls(project, secret, stored[:SEEN], seen, iter(new))

    def requests(self, kind: str) -> list[bytes]:
        """For one round, each with values of its own."""
        if kind == "new":
            wordings = list(itertools.islice(self.new, MOST_IN_A_ROUND))
        else:
            known = self.exact if kind == "exact" else self.seen
            wordings = list(itertools.islice(itertools.cycle(known), MOST_IN_A_ROUND))
        return [self._prepared(shop.request(next(self.numbers), wording=wording)) for wording in wordings]

    def check(self) -> None:
        """Raises RuntimeError unless all were hits, by meaning for the most part where they had to be."""
        sources = dict.fromkeys(("exact", "semantic"), 0)
        for source in Plan.objects.filter(project=self.project).values_list("source", flat=True):
            sources[source or "none"] = sources.get(source or "none", 0) + 1
        if set(sources) != {"exact", "semantic"}:
            raise RuntimeError(f"Not all of the requests were hits: {sources}")

    def _prepared(self, asked: PlanRequest) -> bytes:
        params = [{"field": name, "value": value} for name, value in asked.params.items()]
        body = json.dumps({"action": asked.action, "params": params}).encode()
        return prepare("POST", "/v1/plans", body=body, headers=[f"Authorization: Bearer {self.secret}"])


def _wordings() -> list[str]:
    """All there are, in the same random order at every run."""
    parts = itertools.product(OPENINGS, DEEDS, THINGS, NAMED, BECAUSE, ENDS)
    made = [
        f"{opening}{deed} {thing} {named} {because}{end}" for opening, deed, thing, named, because, end in parts
    ]
    made = [wording[0].upper() + wording[1:] for wording in made]
    random.Random(SEED).shuffle(made)
    return made
