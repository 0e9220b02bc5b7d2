"""What a use case wants and its grounding's rules forbid together: no plan could keep to both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from orra.base.text import fold, quote, quote_all
from planengine.grounding.specs import Rule, RuleKind, UseCase


def contradictions(use_cases: Sequence[UseCase], rules: Sequence[Rule]) -> Iterator[tuple[str, str]]:
    """The place of each in the grounding, and what contradicts what there."""
    for index, use_case in enumerate(use_cases):
        needed = _needed(use_case, rules)
        found = (*_left_out(use_case, rules, needed), *_in_a_circle(use_case, rules, needed))
        yield from ((f"use_cases[{index}]", message) for message in found)


def _needed(use_case: UseCase, rules: Sequence[Rule]) -> dict[str, str]:
    """What every plan for the use case does, by how it is compared: its capabilities, and what must come before
    them."""
    needed = {fold(each): each for each in use_case.capabilities}
    before = [(rule.first, fold(rule.then)) for rule in rules if rule.kind == RuleKind.REQUIRES]
    for _ in before:  # each adds one at least, or nothing is left to add
        needed |= {fold(first): first for first, then in before if then in needed and fold(first) not in needed}
    return needed


def _left_out(use_case: UseCase, rules: Sequence[Rule], needed: dict[str, str]) -> Iterator[str]:
    for forbidden in use_case.forbidden:
        if fold(forbidden) in needed:
            yield f"It forbids {quote(forbidden)}, which a rule requires before what it wants."
    for rule in rules:
        if fold(rule.first) not in needed:
            continue
        if rule.kind == RuleKind.AT_MOST and rule.most == 0:
            yield f"It needs {quote(rule.first)}, which a rule allows at most 0 times."
        if rule.kind == RuleKind.NEVER and fold(rule.then) in needed:
            yield f"It needs {quote(rule.first)} and {quote(rule.then)}, which a rule allows in no one plan."


def _in_a_circle(use_case: UseCase, rules: Sequence[Rule], needed: dict[str, str]) -> Iterator[str]:
    order = TopologicalSorter[str]()
    for first, then in pairwise(use_case.order):
        order.add(fold(then), fold(first))
    for rule in rules:
        if rule.kind == RuleKind.REQUIRES and fold(rule.then) in needed:
            order.add(fold(rule.then), fold(rule.first))
    try:
        order.prepare()
    except CycleError as error:
        circle = [needed.get(each, each) for each in error.args[1]]
        yield f"Each of these would have to come before the next, which goes in a circle: {quote_all(circle)}."
