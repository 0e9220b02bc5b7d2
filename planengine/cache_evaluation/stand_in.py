"""The planner of an evaluation, which always knows the right plan: one task of a service named for the label,
which takes the request's params."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from orra.strictjson import Json, canonical, same
from planengine.catalogue import Catalogue, ServiceSpec
from planengine.requests import PlanRequest
from planengine.validation import validate

NO_CONSTANTS: Mapping[str, Json] = {}


class StandIn:
    """Plans with one service for each label, there from the start as a project's services are; a label that nobody
    named comes when it is first planned for. A service learns its fields as they come, and its inputs take any
    value, so that validation does not save the cache from a hit that its own rules let through."""

    def __init__(self, labels: Iterable[str] = ()) -> None:
        self._fields: dict[str, dict[str, Json]] = {label: {} for label in labels}
        self._catalogue = Catalogue(_service(name, known) for name, known in self._fields.items())
        self._words = self._catalogue.words

    @property
    def words(self) -> frozenset[str]:
        """The words that its services are told apart by, as templates are made with in production."""
        return self._words

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
        is_new = label not in self._fields
        fields = self._fields.setdefault(label, {})
        if not is_new and params.keys() <= fields.keys():
            return
        fields.update(dict.fromkeys(params, {}))
        self._catalogue = Catalogue(_service(name, known) for name, known in self._fields.items())
        if is_new:
            self._words = self._catalogue.words


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


def _service(name: str, fields: Mapping[str, Json]) -> ServiceSpec:
    return ServiceSpec(
        id=name,
        name=name,
        type="service",
        description=name,
        version=1,
        input_schema={"type": "object", "properties": dict(fields)},
        output_schema={"type": "object"},
        revertible=False,
    )
