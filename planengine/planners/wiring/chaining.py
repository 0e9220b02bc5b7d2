"""From chosen services to a wired graph.

Backward chaining: what a goal needs and no param gives must be produced by another service, which may need others
in turn. The shortest chain wins; two that are equally short and equally likely are an ambiguity, not a choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orra.base.strictjson import Json, same
from planengine.catalogue.field_names import Likeness, is_vague, key_of
from planengine.catalogue.schemas import Way, only_value
from planengine.planners.producers import Output
from planengine.planners.wiring.assembly import Assembly, Missing, Source
from planengine.planners.wiring.workbench import Workbench

_MAX_REACHED = 64
_CLEARLY_NEARER = 0.15


Ways = Mapping[str, Sequence[Way]]


def attempt(bench: Workbench, goals: tuple[str, ...], ways: Ways) -> Assembly:
    """The goals with the helpers that they need, wired; or what is missing. ``ways``: how rules for the inputs of
    some services are to be kept."""
    return _Attempt(bench, goals, ways).assembly()


@dataclass(frozen=True)
class _Ready:
    """A service that could run with what is settled. ``waits``: better not before another goal; ``cost``: the
    helpers it takes, itself included when it is one."""

    service: str
    waits: bool
    cost: int
    sources: dict[str, Source]


class _Attempt:
    """One try at reaching a set of goals. Services are settled one by one, each after all that it takes from, so
    that the result has no cycle."""

    def __init__(self, bench: Workbench, goals: tuple[str, ...], ways: Ways) -> None:
        self.bench = bench
        self.ways = ways
        self.goals = goals
        self.goal_set = frozenset(goals)
        self.taken_by_goals = frozenset(name for goal in goals for name in bench.exact_params(goal))
        self.cost: dict[str, int] = {}
        self.sources: dict[str, dict[str, Source]] = {}
        self.ambiguous: dict[tuple[str, str], str] = {}
        self.constants: dict[str, Json] = {}

    def assembly(self) -> Assembly:
        self._settle(self._reached())
        missing = [self._missing(goal) for goal in self.goals if goal not in self.cost]
        if missing:
            return Assembly(missing=tuple(missing))
        services = self._selected()
        inputs = {service: dict(self.sources[service]) for service in services}
        for service in services:
            self._wire_optional(service, inputs, services)
        self._wire_free(inputs)
        ambiguous = self._ambiguous(inputs)
        if ambiguous:
            return Assembly(missing=ambiguous)
        used = {source.field for wired in inputs.values() for source in wired.values() if source.service is None}
        return Assembly(services, inputs, {name: value for name, value in self.constants.items() if name in used})

    def _required(self, service: str) -> tuple[str, ...]:
        """The inputs that a service needs, those included of the ways in which its rules are to be kept."""
        own = self.bench.candidates[service].spec.required_inputs
        more = (name for way in self.ways.get(service, ()) for name in sorted(way.required))
        return tuple(dict.fromkeys((*own, *more)))

    def _only_value(self, service: str, name: str) -> list[Json]:
        fixed = [way.fixed[name] for way in self.ways.get(service, ()) if name in way.fixed]
        found = self.bench.field_of(service, name)
        return fixed or only_value(found.schema, found.root)

    def _reached(self) -> list[str]:
        """The goals and everything that could help them, nearest first."""
        reached = dict.fromkeys(self.goals)
        queue = list(self.goals)
        while queue and len(reached) < _MAX_REACHED:
            service = queue.pop(0)
            for name in self._required(service):
                if self._given(service, name) is not None:
                    continue
                for option in self._usable(service, name):
                    if option.producer not in reached:
                        reached[option.producer] = None
                        queue.append(option.producer)
        return list(reached)

    def _settle(self, reached: Sequence[str]) -> None:
        """Cheapest first, and of equally cheap ones the helpers first: a goal then sees every helper that could
        serve it as cheaply as the one it takes."""
        while True:
            ready = [found for service in reached if service not in self.cost if (found := self._ready(service))]
            if not ready:
                return
            best = min(ready, key=self._turn)
            self.cost[best.service], self.sources[best.service] = best.cost, best.sources

    def _turn(self, ready: _Ready) -> tuple[bool, int, bool, float, str]:
        service = ready.service
        return ready.waits, ready.cost, service in self.goal_set, -self.bench.nearness(service), service

    def _ready(self, service: str) -> _Ready | None:
        cost = 0 if service in self.goal_set else 1
        waits = False
        sources: dict[str, Source] = {}
        for name in self._required(service):
            given = self._given(service, name)
            if given is not None:
                sources[name] = given
                continue
            usable = self._usable(service, name)
            settled = [option for option in usable if option.producer in self.cost]
            waits |= any(
                option.producer in self.goal_set and option.producer not in self.cost for option in usable
            )
            option = self._best(service, name, settled)
            if option is None:
                return None
            sources[name] = Source(option.producer, option.field, option.unlikeness)
            cost += self._extra(option)
        return _Ready(service, waits, cost, sources)

    def _extra(self, option: Output) -> int:
        return 0 if option.producer in self.goal_set else self.cost[option.producer]

    def _best(self, service: str, name: str, options: Sequence[Output]) -> Output | None:
        def rank(option: Output) -> tuple[int, int, int]:
            return self._extra(option), option.unlikeness, -len(self._brings(option.producer))

        self.ambiguous.pop((service, name), None)
        if not options:
            return None
        ordered = sorted(
            options, key=lambda option: (rank(option), -self.bench.nearness(option.producer), option.producer)
        )
        best, *others = ordered
        if others and rank(others[0]) == rank(best):
            nearer = self.bench.nearness(best.producer) - self.bench.nearness(others[0].producer)
            if best.producer in self.goal_set or nearer < _CLEARLY_NEARER:
                self.ambiguous[service, name] = (
                    f"both '{best.producer}' and '{others[0].producer}' could produce it"
                )
                return None
        return best

    def _brings(self, service: str) -> frozenset[str]:
        """The params that only this helper would use. That the request gives them is a sign that it is wanted."""
        return self.bench.exact_params(service) - self.taken_by_goals

    def _usable(self, service: str, name: str) -> list[Output]:
        """Outputs from goals, and from services that may help. A name that says nothing ("text", "id") is taken
        from a service that nobody asked for only if the params speak for that one."""
        if (decided := self.bench.decided.get((service, name))) is not None:
            if decided.service is None:
                return []
            return [Output(self.bench.candidates[decided.service].spec, decided.output, None)]
        return [
            option
            for option in self.bench.options(service, name)
            if option.producer in self.goal_set
            or (
                self.bench.may_help(option.producer)
                and (not (is_vague(name) and is_vague(option.field)) or self._brings(option.producer))
            )
        ]

    def _given(self, service: str, name: str) -> Source | None:
        """What the request itself gives for an input: a param, or the only value that its schema allows; or what
        was decided."""
        if (decided := self.bench.decided.get((service, name))) is not None:
            if decided.param is not None:
                return Source(None, decided.param)
            if decided.service is not None:
                return None
            return Source(None, self._constant_name(service, name, decided.value))
        param = self.bench.namesake(name)
        if param is not None:
            return None if self.bench.unfitting(service, name) else Source(None, param)
        constant = self._only_value(service, name)
        if constant:
            return Source(None, self._constant_name(service, name, constant[0]))
        free = [
            (likeness, param)
            for likeness, param in self.bench.equivalents(service, name)
            if param not in self.taken_by_goals
        ]
        if not free or (len(free) > 1 and free[0][0] == free[1][0]):
            return None
        return Source(None, free[0][1], free[0][0])

    def _constant_name(self, service: str, name: str, value: Json) -> str:
        """A task0 field for ``value``: neither a param's nor that of another constant."""
        task0_name = name
        while task0_name in self.bench.params or not same(self.constants.get(task0_name, value), value):
            task0_name = f"{service}_{task0_name}"
        self.constants[task0_name] = value
        return task0_name

    def _selected(self) -> tuple[str, ...]:
        wanted: set[str] = set()
        queue = list(self.goals)
        while queue:
            service = queue.pop()
            if service not in wanted:
                wanted.add(service)
                queue.extend(source.service for source in self.sources[service].values() if source.service)
        return tuple(service for service in self.cost if service in wanted)

    def _wire_optional(self, service: str, inputs: dict[str, dict[str, Source]], services: Sequence[str]) -> None:
        """Optional inputs take a param, or a field of the same name that an earlier service of the plan yields."""
        spec = self.bench.candidates[service].spec
        earlier = services[: services.index(service)]
        required = self._required_by_others(service, inputs)
        for name in spec.input_fields:
            if name in inputs[service]:
                continue
            # An unfitting namesake is wired all the same: validation then names the value, which is what is wrong.
            param = self.bench.namesake(name)
            if param in required:  # it is theirs; that it is this one's too would be a guess
                continue
            named = None if param is None else Source(None, param)
            source = named or self._equivalent(service, name, inputs)
            if source is not None:
                inputs[service][name] = source
        for name in spec.input_fields:
            if name in inputs[service] or is_vague(name) or self.bench.namesake(name) in required:
                continue
            yielding = [
                option
                for option in self.bench.options(service, name)
                if option.producer in earlier and option.likeness is Likeness.EXACT
            ]
            if len(yielding) == 1:
                more = {**inputs[service], name: Source(yielding[0].producer, yielding[0].field)}
                if not self._breaks_more(service, inputs[service], more):
                    inputs[service] = more

    def _breaks_more(self, service: str, wired: Mapping[str, Source], more: Mapping[str, Source]) -> bool:
        broken, before = (self.bench.broken_by(service, each, self.constants) for each in (more, wired))
        return any(rule not in before for rule in broken)

    def _wire_free(self, inputs: dict[str, dict[str, Source]]) -> None:
        """Params for which no service has an input go to the one goal that takes inputs of any name."""
        takers = [goal for goal in self.goals if self.bench.free_params(goal)]
        for param in self.bench.free_params(takers[0]) if len(takers) == 1 else ():
            used = {source.field for wired in inputs.values() for source in wired.values() if not source.service}
            if param not in used and not self.bench.field_of(takers[0], param).faults(self.bench.params[param]):
                inputs[takers[0]][param] = Source(None, param)

    def _required_by_others(self, service: str, inputs: Mapping[str, Mapping[str, Source]]) -> set[str]:
        return {
            inputs[other][name].field
            for other in inputs.keys() - {service}
            for name in self._required(other)
            if inputs[other][name].service is None
        }

    def _equivalent(self, service: str, name: str, inputs: Mapping[str, Mapping[str, Source]]) -> Source | None:
        given = self._given(service, name) if not self._only_value(service, name) else None
        used = {source.field for wired in inputs.values() for source in wired.values() if source.service is None}
        return given if given is not None and given.field not in used else None

    def _ambiguous(self, inputs: Mapping[str, Mapping[str, Source]]) -> tuple[Missing, ...]:
        """A param that stands in for two differently named inputs stands for neither."""
        stands_for: dict[str, dict[str, Missing]] = {}
        for service, wired in inputs.items():
            for name, source in wired.items():
                if source.service is None and source.unlikeness > Likeness.IDENTIFIER:
                    reason = f"param '{source.field}' could be that or another input"
                    stands_for.setdefault(source.field, {})[key_of(name)] = Missing(service, name, reason)
        ambiguous = [found for found in stands_for.values() if len(found) > 1]
        return tuple(missing for found in ambiguous for missing in found.values())

    def _missing(self, goal: str) -> Missing:
        """The first input that nothing gives, followed down to the service at which the chain breaks."""
        service, seen, via = goal, {goal}, ""
        wanted: tuple[str, str] | None = None
        while True:
            name = self._blocked(service)
            usable = [option for option in self._usable(service, name) if option.producer not in seen]
            reason = self.ambiguous.get((service, name)) or self.bench.unfitting(service, name)
            if reason or not usable:
                return Missing(service, name, (reason or self._why_not(service, name)) + via, wanted)
            wanted = wanted or (goal, name)
            broken = usable[0].producer
            via = f" ('{broken}' would produce '{usable[0].field}' for '{service}')"
            service = broken
            seen.add(service)

    def _blocked(self, service: str) -> str:
        names = self._required(service)
        return next((name for name in names if self._is_blocked(service, name)), names[0])

    def _is_blocked(self, service: str, name: str) -> bool:
        if self._given(service, name) is not None:
            return False
        settled = any(option.producer in self.cost for option in self._usable(service, name))
        return (service, name) in self.ambiguous or not settled

    def _why_not(self, service: str, name: str) -> str:
        refused = [option.producer for option in self.bench.options(service, name)]
        if refused:
            return (
                f"no param gives it, and '{refused[0]}', which produces it, is neither asked for nor known to only"
                " read (readOnlyHint)"
            )
        near = [found for found in self.bench.producers.of(service, name) if found.likeness is None]
        if near:
            return f"no param gives it; '{near[0].producer}' gives '{near[0].field}', which is another name"
        listed = self.bench.producers.list_of(name)
        if listed:
            return (
                f"no param gives it; '{listed[0]}' gives '{listed[1]}', a list, and a plan cannot call a service"
                " once for each item"
            )
        return "no param gives it and no service produces it"
