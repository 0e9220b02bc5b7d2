"""Labelled requests: from a file, or the ones that come with orra.

A row is ``{"action", "params", "services": [{name, description, input_schema, output_schema}], "expected":
[{"service", "input"}]}``. In ``expected``, ``$task0.field`` is a param and ``$taskN.field`` the output of its
N-th service; an empty list is a request to be refused. The rows that come with orra share one catalogue, in a
file of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from orra.base.strictjson import InvalidJson, Json, canonical, parse
from planengine.catalogue.schemas import SchemaInvalid, check_schema
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.exceptions import BadRequest
from planengine.planners.protocol import Job
from planengine.requests import parse_action, parse_params

OWN_REQUESTS = Path(__file__).with_name("requests.jsonl")
OWN_SERVICES = Path(__file__).with_name("services.jsonl")
_reference = re.compile(r"\$task(\d{1,6})\.(.+)", re.DOTALL)


class RowsUnusable(ValueError):
    """The file cannot be evaluated. The message names the file and, for a bad row, its line."""


@dataclass(frozen=True)
class Call:
    """One service and its inputs, as a row expects it or a plan has it."""

    service: str
    input: Mapping[str, Json]


@dataclass(frozen=True)
class Row:
    """``line`` is where it stands in the file, from 1. Nothing ``expected``: it is to be refused."""

    line: int
    job: Job
    expected: tuple[Call, ...]


def read_rows(path: Path, *, limit: int | None = None) -> list[Row]:
    """The rows of a file, never none. Raises :class:`RowsUnusable`."""
    return _read_rows(path, limit=limit)


def own_rows(*, limit: int | None = None) -> list[Row]:
    """The requests that come with orra: one service, chains, side by side, and some that cannot be planned."""
    return _read_rows(OWN_REQUESTS, limit=limit, catalogue=own_catalogue())


@cache
def own_catalogue() -> Catalogue:
    """The services that they choose from: of a shop, travel, staff, operations and documents."""
    return Catalogue(_read_services([parse(line) for line in OWN_SERVICES.read_bytes().splitlines()]))


def calls_of(plan: Json) -> tuple[Call, ...]:
    """The services of a validated plan; what they take from one another is named after the service it comes
    from."""
    services = {task["id"]: task["service"] for task in plan["tasks"] if "service" in task}
    return tuple(
        Call(task["service"], {name: _origin(value, services) for name, value in task["input"].items()})
        for task in plan["tasks"]
        if "service" in task
    )


def comparable(calls: Iterable[Call]) -> list[str]:
    """Equal for calls that are the same but for their order."""
    return sorted(canonical([call.service, dict(call.input)]) for call in calls)


def plan_of(row: Row) -> Json:
    """The plan that a row expects, as a draft: task0 with the params, then its services as task1, task2, …"""
    ids = {call.service: f"task{number}" for number, call in enumerate(row.expected, 1)}
    tasks: list[Json] = [{"id": "task0", "input": dict(row.job.params)}]
    for call in row.expected:
        wired = {name: f"${ids.get(service, 'task0')}.{field}" for name, (service, field) in call.input.items()}
        tasks.append({"id": ids[call.service], "service": call.service, "input": wired})
    return {"tasks": tasks, "parallel_groups": []}


def _origin(value: Json, services: Mapping[str, str]) -> Json:
    match = _reference.fullmatch(value) if isinstance(value, str) else None
    return [services.get(f"task{match[1]}", "task0"), match[2]] if match else value


def _read_rows(path: Path, *, limit: int | None, catalogue: Catalogue | None = None) -> list[Row]:
    try:
        with path.open("rb") as lines:
            filled = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
            rows = [_read_row(path, number, line, catalogue) for number, line in islice(filled, limit)]
    except OSError as error:
        raise RowsUnusable(f"{path} cannot be read: {error.strerror}.") from None
    if not rows:
        raise RowsUnusable(f"{path} has no rows.")
    return rows


def _read_row(path: Path, number: int, line: bytes, catalogue: Catalogue | None) -> Row:
    try:
        row = parse(line)
        if not isinstance(row, dict):
            raise BadRequest("it is not a JSON object.")
        if catalogue is None:
            catalogue = Catalogue(_read_services(row.get("services")))
        job = Job(parse_action(row.get("action")), parse_params(row.get("params")), catalogue)
        return Row(number, job, _read_expected(row.get("expected"), catalogue))
    except (InvalidJson, BadRequest) as error:
        raise RowsUnusable(f"{path}, line {number}: {error}") from None


def _read_services(services: Json) -> Sequence[ServiceSpec]:
    if not isinstance(services, list):
        raise BadRequest("`services` must be a list.")
    specs = [_read_service(service, index) for index, service in enumerate(services, 1)]
    names = [spec.name for spec in specs]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadRequest(f"the service {twice!r} appears twice in `services`.")
    return specs


def _read_service(service: Json, index: int) -> ServiceSpec:
    if not isinstance(service, dict):
        raise BadRequest(f"service {index} is not an object.")
    name, description = service.get("name"), service.get("description", "")
    if not isinstance(name, str) or not name or not isinstance(description, str):
        raise BadRequest(f"service {index} needs a `name` and a `description`, both text.")
    schemas = {side: service.get(side, {"type": "object"}) for side in ("input_schema", "output_schema")}
    for side, schema in schemas.items():
        try:
            check_schema(schema)
        except SchemaInvalid as error:
            raise BadRequest(f"`{side}` of the service {name!r}, at {error.path or '/'}: {error}") from None
    kind = service.get("type", "service")
    return ServiceSpec(
        id=f"s_{index}", name=name, type=kind, description=description, version=1, revertible=False, **schemas
    )


def _read_expected(expected: Json, catalogue: Catalogue) -> tuple[Call, ...]:
    if not isinstance(expected, list):
        raise BadRequest("`expected` must be a list of {service, input}.")
    for call in expected:
        if not isinstance(call, dict) or not isinstance(call.get("input"), dict):
            raise BadRequest("`expected` must be a list of {service, input}.")
        if not isinstance(call.get("service"), str) or catalogue.get(call["service"]) is None:
            raise BadRequest(f"`expected` names {call.get('service')!r}, which is not among `services`.")
    services = {f"task{number}": call["service"] for number, call in enumerate(expected, 1)}
    for value in (value for call in expected for value in call["input"].values()):
        _check_reference(value, services)
    return tuple(
        Call(call["service"], {name: _origin(value, services) for name, value in call["input"].items()})
        for call in expected
    )


def _check_reference(value: Json, services: Mapping[str, str]) -> None:
    match = _reference.fullmatch(value) if isinstance(value, str) else None
    if match and f"task{match[1]}" not in {"task0", *services}:
        raise BadRequest(
            f"`expected` refers to {value!r} and names {len(services)} services: $task0.field is a param,"
            " $taskN.field an output of its N-th service."
        )
