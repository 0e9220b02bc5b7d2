"""Chosen services wired so that the rules are kept which their schemas have for all inputs together."""

from __future__ import annotations

from collections.abc import Sequence

from planengine.planners.wiring.assembly import Assembly, Missing
from planengine.planners.wiring.chaining import Ways, attempt
from planengine.planners.wiring.workbench import Workbench

_MOST_RULES_MENDED = 3


def assemble(bench: Workbench, goals: Sequence[str]) -> Assembly:
    """The goals with the helpers that they need, wired so that the rules of their inputs are kept; or what is
    missing."""
    return _keeping_rules(bench, tuple(dict.fromkeys(goals)), {})


def _keeping_rules(bench: Workbench, goals: tuple[str, ...], ways: Ways) -> Assembly:
    """A rule that is broken by what is given is kept in one of its ways, if in only one. Before a side effect, one
    that fixes a value is taken only where the action says it: whoever names no id need not mean "create"."""
    found = attempt(bench, goals, ways)
    service, rule = next(bench.broken(found), (None, None)) if not found.missing else (None, None)
    if service is None or rule is None:
        return found
    kept: list[Assembly] = []
    unsaid = False
    if sum(map(len, ways.values())) < _MOST_RULES_MENDED:
        for way in rule.ways:
            unsaid |= not bench.may_choose(service, way.fixed)
            if bench.may_choose(service, way.fixed):
                other = _keeping_rules(bench, goals, {**ways, service: (*ways.get(service, ()), way)})
                kept += [other] if not other.missing and other not in kept else []
    kept.sort(key=lambda assembly: len(assembly.services))
    if kept[:1] and (not kept[1:] or len(kept[0].services) < len(kept[1].services)):
        return kept[0]
    reason = rule.words.rstrip(".")
    if kept or unsaid:
        reason += ", and the action does not say which" if unsaid else ", and it could be kept in several ways"
    return Assembly(missing=(Missing(service, "", reason),))
