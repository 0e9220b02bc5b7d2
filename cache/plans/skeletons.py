"""A plan without its values: which services, and what flows between them.

Two plans of one skeleton do the same with other values. Which param an input takes is left out where their names
say it, so that a request with one optional input more has the skeleton of one without; where names are crossed
(``from_city`` takes ``origin``, or worse, ``to_city``) it is part of the skeleton, as constants are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cache.plans.recipes import Recipe
from orra.base.strictjson import Json, digest

_TASK0 = "task0"


@dataclass(frozen=True)
class Skeleton:
    """``digest`` is hex SHA-256. ``services`` are sorted, each as often as it is called. ``wirable``: names alone
    say how to wire it, for it holds no constant, no literal of a text and no crossed names."""

    digest: str
    services: tuple[str, ...]
    wirable: bool


def skeleton_of(plan: Json, recipe: Recipe, fields: Iterable[str]) -> Skeleton:
    """The skeleton of a validated ``plan`` with its ``recipe``; ``fields`` are its params' names."""
    tasks = {task["id"]: task for task in plan["tasks"] if task["id"] != _TASK0}
    reader = _Reader(tasks, _sources(plan, recipe, frozenset(fields)))
    labels = sorted(reader.label(task_id) for task_id in tasks)
    services = tuple(sorted(task["service"] for task in tasks.values()))
    wirable = reader.wirable and len(set(services)) == len(services)
    return Skeleton(digest(labels), services, wirable)


def _sources(plan: Json, recipe: Recipe, fields: frozenset[str]) -> dict[str, Json]:
    """What each field of task0 is: a param, made of literals or params, or a constant with its value."""
    position = next(index for index, task in enumerate(plan["tasks"]) if task["id"] == _TASK0)
    made = {
        str(place.path[1]): [[part.kind, list(part.path)] for part in place.parts]
        for place in recipe.places
        if place.path[0] == position
    }
    held = plan["tasks"][position]["input"]
    return {
        name: "param" if name in fields else ["made", made[name]] if name in made else ["constant", value]
        for name, value in held.items()
    }


def of_service(name: str) -> Skeleton:
    """The skeleton of a plan that calls one service with params alone."""
    return Skeleton(digest([digest([name, [], []])]), (name,), wirable=True)


class _Reader:
    """Labels each task by its service, its inputs and all that it depends on."""

    def __init__(self, tasks: Mapping[str, Json], sources: Mapping[str, Json]) -> None:
        self.wirable = True
        self._tasks = tasks
        self._sources = sources
        self._labels: dict[str, str] = {}
        self._params = frozenset(_plain(name) for name, source in sources.items() if source == "param")

    def label(self, task_id: str) -> str:
        if task_id not in self._labels:
            task = self._tasks[task_id]
            inputs = task["input"]
            sources = [[name, self._source(name, inputs)] for name in sorted(inputs)]
            told = [each for each in sources if each[1] is not None]
            after = sorted(self.label(before) for before in task.get("after", ()))
            self._labels[task_id] = digest([task["service"], told, after])
        return self._labels[task_id]

    def _source(self, name: str, inputs: Mapping[str, Json]) -> Json:
        """Where an input comes from; ``None`` for a param that the names alone give it."""
        value = inputs[name]
        holder, _, field = value.removeprefix("$").partition(".") if isinstance(value, str) else ("", "", "")
        if holder in self._tasks:
            return [self.label(holder), field]
        source = self._sources.get(field, ["constant", value])
        if source != "param":
            self.wirable = False
            return source
        if _plain(name) == _plain(field):
            return None
        crossed = _plain(name) in self._params or any(_plain(field) == _plain(other) for other in inputs)
        self.wirable &= not crossed
        return ["crossed", field] if crossed else None


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold())) or name
