"""Whether a served plan is the one that a row wants, with the row's own values. Nothing of validation is trusted:
that the cache is wrong is what an evaluation is to find out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from orra.base.strictjson import Json, canonical
from planengine.evaluation.cache.rows import StreamRow
from planengine.evaluation.expected import calls_of, services_agree
from planengine.requests import PlanRequest
from planengine.validation.comparison import same_graph
from planengine.validation.references import read_reference

RIGHT = ""


def fault_of(served: Json, row: StreamRow, *, wanted: Json, entry: PlanRequest) -> str:
    """``plan``, ``values``, ``refusable`` or nothing, see :class:`planengine.evaluation.cache.figures.Outcome`.
    ``wanted`` is the row's plan, ``None`` where it is not valid: then the services must be the row's. ``entry`` is
    the request that the served plan was made for."""
    if not row.expected:
        return "refusable"
    if not services_agree(calls_of(served), row.expected):
        return "plan"
    is_wired = wanted is not None and all(call.input is not None for call in row.expected)
    if not has_values_of(served, row.request, entry=entry, by_name=not is_wired):
        return "values"
    return "plan" if is_wired and not same_graph(served, wanted) else RIGHT


def has_values_of(
    plan: Json,
    request: PlanRequest,
    constants: Mapping[str, Json] | None = None,
    *,
    entry: PlanRequest,
    by_name: bool = True,
) -> bool:
    """Whether the plan holds all of the request's values, in task0 and in what services are given of it, and none
    that only ``entry`` has. ``constants`` are values of the action's text that the plan holds too. A field of
    task0, and ``by_name`` an input of a service, that is called as a param holds that param's value; of other
    names it is for the cache to know which value they take."""
    asked = {**request.params, **(constants or {})}
    held = plan["tasks"][0]["input"]
    given = [pair for task in plan["tasks"][1:] for pair in _given(task, held)]
    if not _holds_all(held, asked) or not _are_their_own(held.items(), asked):
        return False
    if by_name and not _are_their_own(given, asked):
        return False
    own, taken = {canonical(value) for value in asked.values()}, {canonical(value) for _, value in given}
    foreign = {canonical(value) for value in entry.params.values()} - own
    return own <= taken and foreign.isdisjoint(taken.union(map(canonical, held.values())))


def _holds_all(held: Mapping[str, Json], asked: Mapping[str, Json]) -> bool:
    """Each value as often as it is asked for."""
    return Counter(map(canonical, asked.values())) <= Counter(map(canonical, held.values()))


def _are_their_own(fields: Iterable[tuple[str, Json]], asked: Mapping[str, Json]) -> bool:
    return all(canonical(asked[name]) == canonical(value) for name, value in fields if name in asked)


def _given(task: Json, held: Mapping[str, Json]) -> Iterable[tuple[str, Json]]:
    """A task's inputs with the values that they take from task0 or hold themselves."""
    for name, value in task["input"].items():
        reference = read_reference(value, has_field=lambda task_id, field: field in held)
        if reference is None:
            yield name, value
        elif reference.task == "task0":
            yield name, held.get(reference.field)
