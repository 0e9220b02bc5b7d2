"""The parts of a lookup that only compute."""

from __future__ import annotations

import timeit
from collections.abc import Callable

from benchmarks import shop, table
from cache.guards import check_guards
from cache.plans.provenance import check_with_sentinels, fill_plan, trace
from cache.templates.templates import make_template
from orra.embedded.defaults import BASE_DIR
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.evaluation.cache.rows import Pair, read_rows
from planengine.validation.rules import validate

SECONDS = 0.4
PAIRS = [
    (make_template(row.b.action, row.b.params), make_template(row.a.action, row.a.params))
    for file in sorted((BASE_DIR / "tests" / "cache" / "pairs").glob("*.jsonl"))
    for row in read_rows(file)
    if isinstance(row, Pair)
]


def run() -> None:
    stored, asked = shop.request(1), shop.request(2, wording="Please refund the order {order_id}, it is {reason}")
    plan = shop.plan_for(stored)
    template, asked_template = (make_template(each.action, each.params) for each in (stored, asked))
    recipe = trace(plan, template, stored.params)
    catalogue = Catalogue(
        ServiceSpec(id=name, name=name, version=1, **facts) for name, facts in shop.SERVICES.items()
    )
    filled = fill_plan(plan, recipe, asked_template, asked.params)
    table.heading("What only computes")
    table.line("", "µs")
    _line("template of a request", lambda: make_template(asked.action, asked.params))
    _line("guards of a candidate", lambda: check_guards(asked_template, template))
    guards = _line(
        f"  mean over {len(PAIRS)} pairs of tests", lambda: [check_guards(*pair) for pair in PAIRS], len(PAIRS)
    )
    table.line("  ≤ 1,000", table.verdict(guards, 1000))
    _line("values into a plan", lambda: fill_plan(plan, recipe, asked_template, asked.params))
    _line(
        "validation of a plan of two services",
        lambda: validate(filled, catalogue=catalogue, params=asked.params, action=asked.action),
    )
    _line(
        "tracing and rehearsing a plan to store",
        lambda: check_with_sentinels(plan, trace(plan, template, stored.params), template, stored.params),
    )


def _line(name: str, call: Callable[[], object], calls: int = 1) -> float:
    timer = timeit.Timer(call)
    count, seconds = timer.autorange()
    repeats = max(3, int(SECONDS / seconds))
    microseconds = min(timer.repeat(repeats, count)) / count / calls * 1e6
    table.line(name, f"{microseconds:,.0f}")
    return microseconds
