"""A graph of services wired to each other: every input from a param, a schema constant or another's output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orra.base.strictjson import Json
from planengine.catalogue.field_names import Likeness
from planengine.validation.graph import levels


@dataclass(frozen=True)
class Source:
    """Where an input's value comes from: a field of task0 (``service`` is ``None``) or a service's output."""

    service: str | None
    field: str
    unlikeness: int = Likeness.EXACT


@dataclass(frozen=True)
class Missing:
    """Why a service cannot be used: the input that nothing gives. ``field`` is empty where it is a rule for all
    inputs together that is not kept, which is then the ``reason``. ``wanted``: the service that was asked for, and
    its input, where it is a look-up for that one which lacks something."""

    service: str
    field: str
    reason: str
    wanted: tuple[str, str] | None = None

    @property
    def goal(self) -> str:
        return self.wanted[0] if self.wanted else self.service

    @property
    def goal_field(self) -> str:
        return self.wanted[1] if self.wanted else self.field


@dataclass(frozen=True)
class Assembly:
    """``services`` in an order in which each can run; ``missing`` is empty when the goals can be reached."""

    services: tuple[str, ...] = ()
    inputs: Mapping[str, Mapping[str, Source]] = field(default_factory=dict)
    constants: Mapping[str, Json] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()

    @property
    def consumed(self) -> frozenset[str]:
        """The params (and constants) that some service takes."""
        return frozenset(
            source.field for inputs in self.inputs.values() for source in inputs.values() if not source.service
        )


def plan_of(
    assembly: Assembly, params: Mapping[str, Json], *, after: Mapping[str, Sequence[str]] | None = None
) -> Json:
    """The draft plan of a complete assembly: its services as task1, task2, … in their order. ``after``: services
    that another must come after although it takes nothing from them."""
    behind = after or {}
    ordered = _ordered(assembly.services, behind, assembly.inputs)
    ids = {service: f"task{number}" for number, service in enumerate(ordered, start=1)}
    tasks: list[Json] = [{"id": "task0", "input": dict(params) | dict(assembly.constants)}]
    for service, task in ids.items():
        inputs = {name: _reference(source, ids) for name, source in assembly.inputs[service].items()}
        order: Json = {"after": [ids[other] for other in behind[service]]} if service in behind else {}
        tasks.append({"id": task, "service": service, "input": inputs, **order})
    needs = {
        ids[service]: {ids[other] for other in _needs(service, behind, assembly.inputs)} for service in ordered
    }
    return {"tasks": tasks, "parallel_groups": levels(needs)}


def _ordered(
    services: Sequence[str], behind: Mapping[str, Sequence[str]], inputs: Mapping[str, Mapping[str, Source]]
) -> list[str]:
    """The services in their order, but for those that must come after a later one."""
    placed: list[str] = []
    left = list(services)
    while left:
        ready = (each for each in left if _needs(each, behind, inputs) <= set(placed))
        placed.append(next(ready, left[0]))
        left.remove(placed[-1])
    return placed


def _needs(
    service: str, behind: Mapping[str, Sequence[str]], inputs: Mapping[str, Mapping[str, Source]]
) -> set[str]:
    return {source.service for source in inputs[service].values() if source.service} | set(behind.get(service, ()))


def _reference(source: Source, ids: Mapping[str, str]) -> str:
    return f"${ids[source.service] if source.service else 'task0'}.{source.field}"
