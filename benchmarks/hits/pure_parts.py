"""The parts of a lookup that only compute."""

from __future__ import annotations

import timeit
from collections.abc import Callable

from benchmarks.measuring import shop, table
from cache.examples.accounting import Known, account
from cache.examples.judgement import Judgement, Seen, Terms, judge
from cache.examples.votes import NEAREST, Example, Rivals, count_votes
from cache.examples.wording import content, words_of
from cache.plans.provenance import check_with_sentinels, fill_plan, trace
from cache.plans.surroundings import check_surroundings
from cache.requests import fields_digest
from cache.templates.templates import Template, make_template
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
    examples = _examples(template)
    votes = _line(f"votes of {NEAREST} examples, and their risk", lambda: _judged(asked_template, examples))
    table.line("  ≤ 2,000", table.verdict(votes, 2000))
    _line(
        f"accounting for every word, mean over {len(PAIRS)} pairs of tests",
        lambda: [account(words_of(b), Known((words_of(a),))) for b, a in PAIRS],
        len(PAIRS),
    )
    _line(
        f"surroundings of values, mean over {len(PAIRS)} pairs",
        lambda: [check_surroundings(b, a, text_constants=()) for b, a in PAIRS],
        len(PAIRS),
    )
    _line("values into a plan", lambda: fill_plan(plan, recipe, asked_template, asked.params))
    _line(
        "validation of a plan of two services",
        lambda: validate(filled, catalogue=catalogue, params=asked.params, action=asked.action),
    )
    _line(
        "tracing and rehearsing a plan to store",
        lambda: check_with_sentinels(plan, trace(plan, template, stored.params), template, stored.params),
    )


def _examples(template: Template) -> list[Example]:
    """As near as they come, two thirds of them of one skeleton."""
    words, fields = words_of(template), fields_digest(template)
    return [
        Example("plan", f"s{number % 3 // 2}", ("refund_payment",), fields, words, 1 - number / 100)
        for number in range(NEAREST)
    ]


def _judged(asked: Template, examples: list[Example]) -> Judgement:
    words = words_of(asked)
    vote = count_votes(
        examples,
        fields=fields_digest(asked),
        words=content(words),
        rivals_of=lambda services: Rivals(frozenset({"order_lookup"}), {"order_lookup": 0.5}),
        takes=lambda services: True,
    )
    assert vote is not None
    return judge(
        vote,
        words,
        terms=Terms(),
        read_only=False,
        described=("refund", "order"),
        with_params=True,
        look_up=lambda words, skeleton: Seen(),
    )


def _line(name: str, call: Callable[[], object], calls: int = 1) -> float:
    timer = timeit.Timer(call)
    count, seconds = timer.autorange()
    repeats = max(3, int(SECONDS / seconds))
    microseconds = min(timer.repeat(repeats, count)) / count / calls * 1e6
    table.line(name, f"{microseconds:,.0f}")
    return microseconds
