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
    inputs together that is not kept, which is then the ``reason``."""

    service: str
    field: str
    reason: str


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
    ids = {service: f"task{number}" for number, service in enumerate(assembly.services, start=1)}
    tasks: list[Json] = [{"id": "task0", "input": dict(params) | dict(assembly.constants)}]
    for service, task in ids.items():
        inputs = {name: _reference(source, ids) for name, source in assembly.inputs[service].items()}
        order: Json = {"after": [ids[other] for other in behind[service]]} if service in behind else {}
        tasks.append({"id": task, "service": service, "input": inputs, **order})
    needs = {
        ids[service]: {ids[source.service] for source in assembly.inputs[service].values() if source.service}
        | {ids[other] for other in behind.get(service, ())}
        for service in assembly.services
    }
    return {"tasks": tasks, "parallel_groups": levels(needs)}


def _reference(source: Source, ids: Mapping[str, str]) -> str:
    return f"${ids[source.service] if source.service else 'task0'}.{source.field}"
