"""Whether a valid plan keeps to what a grounding asks of it. Pure, and fast enough to be asked on every cache hit.

``before`` is a matter of the graph, by what flows between tasks and by ``after``, and not of places in a list.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from orra.base.strictjson import Json
from orra.base.text import quote, quote_all
from planengine.catalogue.field_names import key_of
from planengine.grounding.coverage import Coverage, Doer, Done
from planengine.grounding.specs import Grounded, Rule, RuleKind
from planengine.grounding.use_cases import variables_of
from planengine.validation.problems import Problem
from planengine.validation.references import mentions

MISSING = "grounding_capability_missing"
ORDER = "grounding_order"
PARAM = "grounding_param_missing"
FORBIDDEN = "grounding_forbidden"
RULES: Mapping[RuleKind, str] = {kind: f"grounding_rule_{kind.value}" for kind in RuleKind}
CODES = frozenset((MISSING, ORDER, PARAM, FORBIDDEN, *RULES.values()))
# What other services may put right; the order is not theirs.
CURED_BY_CHOOSING = CODES - {ORDER, PARAM, RULES[RuleKind.AT_MOST]}

ADD = "Add a task that calls "
AFTER = 'Write "after": '


def problems_of(
    plan: Json, grounded: Grounded, coverage: Coverage, params: Mapping[str, Json]
) -> tuple[Problem, ...]:
    """What a validated ``plan`` for a request with these ``params`` does not keep, most important first. Of what
    may be covered although nobody knows it now (see :class:`Coverage`) nothing is said."""
    case = _Case(plan, grounded, coverage, params)
    found = [*case.missing(), *case.forbidden(), *case.unordered(), *case.lacking_params(), *case.broken_rules()]
    return tuple(dict.fromkeys(found))


def is_mendable(problem: Problem) -> bool:
    """Whether a planner that reads the hint can do something about it."""
    return problem.code in CODES and problem.hint.startswith((ADD, AFTER))


class _Case:
    """A plan, and what a grounding says of its tasks."""

    def __init__(self, plan: Json, grounded: Grounded, coverage: Coverage, params: Mapping[str, Json]) -> None:
        tasks = [task for task in plan["tasks"] if "service" in task]
        self.services: dict[str, str] = {task["id"]: task["service"] for task in tasks}
        self.constants = frozenset(field for task in plan["tasks"][:1] for field in task.get("input", ()))
        self.before = _ancestors(tasks)
        self.use_case, self.rules = grounded.use_case, grounded.spec.rules
        self.label = grounded.spec.label
        self.coverage, self.params = coverage, params

    def missing(self) -> Iterator[Problem]:
        for capability in self.use_case.capabilities:
            done = self.coverage.of(capability)
            if self._is_unknown(done) or self._doing(done):
                continue
            yield Problem(
                MISSING,
                f"No task of the plan does {quote(capability)}, which {self._wanted()} requires{_closest(done)}",
                hint=self._how_to_add(capability, done),
            )

    def forbidden(self) -> Iterator[Problem]:
        for capability in self.use_case.forbidden:
            for task in self._suspected(self.coverage.of(capability)):
                yield Problem(
                    FORBIDDEN,
                    f"{quote(task)} does {quote(capability)}, by {quote(self.services[task])}, which"
                    f" {self._wanted()} forbids",
                    task,
                    hint=f"Leave out {quote(task)}.",
                )

    def unordered(self) -> Iterator[Problem]:
        order = [each for each in dict.fromkeys(self.use_case.order) if self._doing(self.coverage.of(each))]
        for first, then in zip(order, order[1:], strict=False):
            yield from self._not_before(first, then, ORDER, self._wanted())

    def lacking_params(self) -> Iterator[Problem]:
        given = {key_of(name) for name in (*self.params, *self.constants)}
        for name in variables_of(self.use_case.action):
            if key_of(name) not in given:
                yield Problem(
                    PARAM,
                    f"{self._wanted()} has {quote(name)}, and the request gives none",
                    "task0",
                    name,
                    f"Send a param {quote(name)} with the request.",
                )

    def broken_rules(self) -> Iterator[Problem]:
        kinds: Mapping[RuleKind, Callable[[Rule, str], Iterable[Problem]]] = {
            RuleKind.REQUIRES: self._requires,
            RuleKind.NEVER: self._never,
            RuleKind.AT_MOST: self._at_most,
            RuleKind.ONLY_IF: self._only_if,
        }
        for rule in self.rules:
            yield from kinds[rule.kind](rule, RULES[rule.kind])

    # --- rules

    def _requires(self, rule: Rule, code: str) -> Iterator[Problem]:
        needing, done = self._suspected(self.coverage.of(rule.then)), self.coverage.of(rule.first)
        if not needing or self._is_unknown(done):
            return
        by = f"the grounding {quote(self.label)}"
        if not self._doing(done):
            yield Problem(
                code,
                f"{quote(needing[0])} does {quote(rule.then)}, before which {by} requires"
                f" {quote(rule.first)}, and no task does that{_closest(done)}",
                needing[0],
                hint=_adding(done, needing),
            )
        else:
            yield from self._not_before(rule.first, rule.then, code, by)

    def _never(self, rule: Rule, code: str) -> Iterator[Problem]:
        ones, others = (self._suspected(self.coverage.of(name)) for name in (rule.first, rule.then))
        if ones and others:
            yield Problem(
                code,
                f"{quote(ones[0])} does {quote(rule.first)} and {quote(others[0])} does {quote(rule.then)}, which"
                f" the grounding {quote(self.label)} forbids in one plan",
                others[0],
                hint=f"Leave out {quote_all(dict.fromkeys(others))} or {quote_all(dict.fromkeys(ones))}.",
            )

    def _at_most(self, rule: Rule, code: str) -> Iterator[Problem]:
        doing = self._suspected(self.coverage.of(rule.first))
        if len(doing) > rule.most:
            yield Problem(
                code,
                f"{quote_all(doing)} do {quote(rule.first)}, {len(doing)} times, and the grounding"
                f" {quote(self.label)} allows {rule.most}",
                doing[rule.most],
                hint=f"Leave out {quote_all(doing[rule.most :])}.",
            )

    def _only_if(self, rule: Rule, code: str) -> Iterator[Problem]:
        doing = self._suspected(self.coverage.of(rule.first))
        if doing and key_of(rule.then) not in map(key_of, self.params):
            yield Problem(
                code,
                f"{quote(doing[0])} does {quote(rule.first)}, which the grounding {quote(self.label)} allows only"
                f" in requests with the param {quote(rule.then)}",
                doing[0],
                rule.then,
                f"Leave out {quote_all(doing)}, or send the param {quote(rule.then)} with the request.",
            )

    # --- what they share

    def _not_before(self, first: str, then: str, code: str, by: str) -> Iterator[Problem]:
        """Of each task that does ``then`` without ``first`` before it."""
        done = self._doing(self.coverage.of(first))
        suspected = self._suspected if code != ORDER else self._doing
        for task in suspected(self.coverage.of(then)):
            if task in done or not self.before[task].isdisjoint(done):
                continue
            waiting = [each for each in done if task in self.before[each]]
            free = [each for each in done if each not in waiting]
            yield Problem(
                code,
                f"{quote(task)} does {quote(then)} and does not come after a task that does {quote(first)}"
                f" ({quote_all(done)}), as {by} requires",
                task,
                "after",
                f'{AFTER}["{free[0]}"] in {quote(task)}.'
                if free
                else f"{quote(waiting[0])} waits for {quote(task)}; it must be the other way round.",
            )

    def _doing(self, done: Done) -> list[str]:
        return self._tasks(done.services)

    def _suspected(self, done: Done) -> list[str]:
        return self._tasks(done.suspects)

    def _tasks(self, services: Collection[str]) -> list[str]:
        return [task for task, service in self.services.items() if service in services]

    def _is_unknown(self, done: Done) -> bool:
        return not self.coverage.complete and not done.by

    def _how_to_add(self, capability: str, done: Done) -> str:
        """With the tasks that do what the use case orders behind it."""
        order = self.use_case.order
        later = order[order.index(capability) + 1 :] if capability in order else ()
        behind = next((tasks for each in later if (tasks := self._doing(self.coverage.of(each)))), [])
        return _adding(done, behind)

    def _wanted(self) -> str:
        return f"the use case {quote(self.use_case.action)} of the grounding {quote(self.label)}"


def _adding(done: Done, behind: Sequence[str]) -> str:
    if done.doers:
        called = ", or ".join(quote(doer.service) for doer in done.doers[:3])
        then = f', and put its id into "after" of {quote_all(behind)}' if behind else ""
        return f"{ADD}{called}{then}."
    if len(done.likely) > 1:
        names = quote_all(doer.service for doer in done.likely)
        several = f"Several services may do {quote(done.capability)}: {names}."
        return f"{several} Declare the capability on the one that does."
    near = f" Closest are {_told(done.closest)}." if done.closest else ""
    return (
        f"No registered service does {quote(done.capability)}: register one, or declare the capability on the"
        f" service that does it.{near}"
    )


def _closest(done: Done) -> str:
    return "" if done.doers or not done.closest else f"; closest services: {_told(done.closest)}"


def _told(doers: Iterable[Doer]) -> str:
    return ", ".join(
        quote(doer.service) + ("" if doer.similarity is None else f" ({doer.similarity:.2f})") for doer in doers
    )


def _ancestors(tasks: Sequence[Mapping[str, Json]]) -> Mapping[str, frozenset[str]]:
    """Of each task those that must have ended before it begins."""
    needs = {task["id"]: frozenset(_needed(task)) & {each["id"] for each in tasks} for task in tasks}
    found: dict[str, frozenset[str]] = {}
    waiting = list(needs)
    while waiting:
        ready = [task for task in waiting if needs[task] <= found.keys()]
        if not ready:  # no validated plan has a circle
            ready = waiting
        for task in ready:
            direct = needs[task]
            found[task] = direct.union(*(found.get(each, frozenset()) for each in direct))
        waiting = [task for task in waiting if task not in found]
    return found


def _needed(task: Mapping[str, Json]) -> Iterator[str]:
    yield from task.get("after", ())
    for value in task["input"].values():
        yield from (reference.task for reference in mentions(value))
