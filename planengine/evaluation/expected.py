"""What a labelled request should become: the calls that its row names, and the plan that they make.

``expected`` is a list of ``{"service", "input"}``: ``$task0.field`` is a param, ``$taskN.field`` the output of the
N-th call. A call without ``input`` names its service only: its inputs are then the params and earlier outputs of
the same names. An empty list is a request to be refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orra.base.strictjson import Json, canonical
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.exceptions import BadRequest

_reference = re.compile(r"\$task(\d{1,6})\.(.+)", re.DOTALL)


@dataclass(frozen=True)
class Call:
    """One service and where its inputs come from, as a row expects it or a plan has it: ``[service, field]`` (the
    params' service is ``task0``), or a literal. ``None``: a row that says nothing of the inputs."""

    service: str
    input: Mapping[str, Json] | None


def read_expected(expected: Json, catalogue: Catalogue) -> tuple[Call, ...]:
    """Raises :class:`BadRequest`."""
    if not isinstance(expected, list):
        raise BadRequest("`expected` must be a list of {service, input}.")
    for call in expected:
        if not isinstance(call, dict) or not isinstance(call.get("input", {}), dict):
            raise BadRequest("`expected` must be a list of {service, input}, `input` an object or left out.")
        if not isinstance(call.get("service"), str) or catalogue.get(call["service"]) is None:
            raise BadRequest(f"`expected` names {call.get('service')!r}, which is not among `services`.")
    services = {f"task{number}": call["service"] for number, call in enumerate(expected, 1)}
    for value in (value for call in expected for value in call.get("input", {}).values()):
        _check_reference(value, services)
    return tuple(Call(call["service"], _origins(call.get("input"), services)) for call in expected)


def draft_of(expected: Sequence[Json], *, params: Mapping[str, Json], catalogue: Catalogue) -> Json:
    """The plan that a row expects, as a draft. ``expected`` as it stands in the row, once it was read."""
    specs = [catalogue.get(call["service"]) for call in expected]
    tasks: list[Json] = [{"id": "task0", "input": dict(params)}]
    for number, call in enumerate(expected, 1):
        wired = call["input"] if "input" in call else _namesakes(specs[:number], params)
        tasks.append({"id": f"task{number}", "service": call["service"], "input": wired})
    return {"tasks": tasks, "parallel_groups": []}


def calls_of(plan: Json) -> tuple[Call, ...]:
    """The services of a validated plan; what they take from one another is named after the service it comes
    from."""
    services = {task["id"]: task["service"] for task in plan["tasks"] if "service" in task}
    return tuple(
        Call(task["service"], _origins(task["input"], services)) for task in plan["tasks"] if "service" in task
    )


def comparable(calls: Iterable[Call]) -> list[str]:
    """Equal for calls that are the same but for their order."""
    return sorted(canonical([call.service, None if call.input is None else dict(call.input)]) for call in calls)


def services_agree(calls: Iterable[Call], expected: Iterable[Call]) -> bool:
    """Whether the expected services are called, each as often as expected, and no other."""
    return sorted(call.service for call in calls) == sorted(call.service for call in expected)


def calls_agree(calls: Sequence[Call], expected: Sequence[Call]) -> bool:
    """Whether the expected services are called with the expected inputs, where a row names any."""
    if not services_agree(calls, expected):
        return False
    left = comparable(calls)
    for wanted in comparable(call for call in expected if call.input is not None):
        if wanted not in left:
            return False
        left.remove(wanted)
    return True


def _namesakes(specs: Sequence[ServiceSpec | None], params: Mapping[str, Json]) -> dict[str, str]:
    """References for the last of the services: to params of the names of its inputs, or else to the latest
    earlier service that gives something of that name."""
    *earlier, own = specs
    assert own is not None  # the row was read
    found = {
        name: f"$task{number}.{name}"
        for number, spec in enumerate(earlier, 1)
        if spec is not None
        for name in own.input_fields
        if name in spec.output_fields
    }
    return found | {name: f"$task0.{name}" for name in own.input_fields if name in params}


def _origins(inputs: Mapping[str, Json] | None, services: Mapping[str, str]) -> Mapping[str, Json] | None:
    return None if inputs is None else {name: _origin(value, services) for name, value in inputs.items()}


def _origin(value: Json, services: Mapping[str, str]) -> Json:
    match = _reference.fullmatch(value) if isinstance(value, str) else None
    return [services.get(f"task{match[1]}", "task0"), match[2]] if match else value


def _check_reference(value: Json, services: Mapping[str, str]) -> None:
    match = _reference.fullmatch(value) if isinstance(value, str) else None
    if match and f"task{match[1]}" not in {"task0", *services}:
        raise BadRequest(
            f"`expected` refers to {value!r} and names {len(services)} services: $task0.field is a param,"
            " $taskN.field an output of its N-th service."
        )
