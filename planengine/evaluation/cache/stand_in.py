"""The planner of an evaluation, which always knows the right plan: one task of a service named for the label,
which takes the request's params."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from cache.contest import Contest
from orra.base.strictjson import Json, canonical, same
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.requests import PlanRequest
from planengine.validation.rules import validate

NO_CONSTANTS: Mapping[str, Json] = {}


@dataclass(frozen=True)
class _Fields:
    """What a service takes and what it requires."""

    taken: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()

    @staticmethod
    def of(params: Mapping[str, Json]) -> _Fields:
        return _Fields(frozenset(params), frozenset(params))

    def __or__(self, fields: Collection[str]) -> _Fields:
        return _Fields(self.taken.union(fields), self.required.intersection(fields))


class StandIn:
    """Plans with one service for each label, there from the start as a project's services are: it takes the params
    of all requests of that label, and requires those that all of them have. A label that is not ``known`` comes
    when it is first planned for, and requires nothing. A service's inputs take any value, so that validation does
    not save the cache from a hit that its own rules let through."""

    def __init__(self, known: Iterable[tuple[str, PlanRequest]] = ()) -> None:
        self._services: dict[str, _Fields] = {}
        self._is_whole = False
        for label, request in known:
            self._services[label] = self._services.get(label, _Fields.of(request.params)) | request.params.keys()
            self._is_whole = True
        self._catalogue = self._made()

    def discriminating_terms(self, request: PlanRequest) -> frozenset[str]:
        return self._catalogue.discriminating_terms(request.params)

    def contest(self, request: PlanRequest, services: Iterable[str]) -> Contest:
        """What could be done instead, of what is known: nothing is settled by services that come one by one."""
        found = self._catalogue.contest(request.params, services)
        return found if self._is_whole or found is not Contest.SETTLED else Contest.OPEN

    def plan(self, request: PlanRequest, *, label: str, constants: Mapping[str, Json] = NO_CONSTANTS) -> Json:
        """A validated plan, which holds ``constants`` of the action's text too; ``None`` when no plan can take
        these values."""
        held = {**request.params, **constants}
        self._register(label, held)
        draft = {
            "tasks": [
                {"id": "task0", "input": held},
                {"id": "task1", "service": label, "input": {field: f"$task0.{field}" for field in held}},
            ]
        }
        return validate(draft, catalogue=self._catalogue, params=request.params, action=request.action).plan

    def objection(self, plan: Json, request: PlanRequest) -> str | None:
        """Why a plan must not be served for this request, as production asks it."""
        verdict = validate(plan, catalogue=self._catalogue, params=request.params, action=request.action)
        if verdict.plan is not None:
            return None
        return "; ".join(problem.message for problem in verdict.problems) or "The plan is not actionable."

    def _register(self, label: str, params: Mapping[str, Json]) -> None:
        known = self._services.get(label, _Fields())
        if label not in self._services or not params.keys() <= known.taken:
            self._services[label] = replace(known, taken=known.taken | params.keys())
            self._catalogue = self._made()

    def _made(self) -> Catalogue:
        return Catalogue(_service(label, fields) for label, fields in self._services.items())


def has_values_of(plan: Json, request: PlanRequest, constants: Mapping[str, Json] = NO_CONSTANTS) -> bool:
    """Whether a stand-in's plan holds this request's values, each where it belongs, and no others: nothing is left
    of the request that it was made for."""
    held, task = plan["tasks"][0]["input"], plan["tasks"][1]
    given = {name: held.get(reference.removeprefix("$task0.")) for name, reference in task["input"].items()}
    return all(_agree(values, {**request.params, **constants}) for values in (held, given))


def _agree(held: Mapping[str, Json], asked: Mapping[str, Json]) -> bool:
    if held.keys() == asked.keys():
        return same(dict(held), dict(asked))
    # A field of another name took the value: which one is for the cache to know, but it can be only one.
    return Counter(map(canonical, held.values())) == Counter(map(canonical, asked.values()))


def _service(name: str, fields: _Fields) -> ServiceSpec:
    return ServiceSpec(
        id=name,
        name=name,
        type="service",
        description=name,
        version=1,
        input_schema={
            "type": "object",
            "properties": {field: {} for field in sorted(fields.taken)},
            "required": sorted(fields.required),
        },
        output_schema={"type": "object"},
        revertible=False,
    )
