"""The services of an evaluation, as a file with one a line has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path

from orra.base.strictjson import Json
from planengine.catalogue.schemas import SchemaInvalid, check_schema
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.evaluation.lines import read_lines
from planengine.exceptions import BadRequest

# A service as a file has it: its name, and what the registry keeps of it.
Facts = Mapping[str, Json]


def read_services(path: Path) -> tuple[Facts, ...]:
    """The services of a file, never none, each with every fact. Raises
    :class:`~planengine.evaluation.lines.RowsUnusable`."""
    names: set[str] = set()

    def read(row: dict[str, Json], number: int) -> Facts:
        facts = read_service(row, what="it")
        if facts["name"] in names:
            raise BadRequest(f"the service {facts['name']!r} appears twice.")
        names.add(facts["name"])
        return facts

    return tuple(read_lines(path, read, what="services"))


def read_service(service: Json, *, what: str) -> Facts:
    """A service's facts, with what it leaves out filled in. Raises :class:`BadRequest`; ``what`` names it there
    until its name is known."""
    if not isinstance(service, dict):
        raise BadRequest(f"{what} is not an object.")
    name, description = service.get("name"), service.get("description", "")
    if not isinstance(name, str) or not name or not isinstance(description, str):
        raise BadRequest(f"{what} needs a `name` and a `description`, both text.")
    schemas = {side: service.get(side, {"type": "object"}) for side in ("input_schema", "output_schema")}
    for side, schema in schemas.items():
        try:
            check_schema(schema)
        except SchemaInvalid as error:
            raise BadRequest(f"`{side}` of the service {name!r}, at {error.path or '/'}: {error}") from None
    return {
        "name": name,
        "type": service.get("type", "service"),
        "description": description,
        "revertible": service.get("revertible", False),
        "annotations": _read_annotations(service.get("annotations", {}), name),
        "examples": _read_examples(service.get("examples", []), name),
        **schemas,
    }


def catalogue_from(services: Iterable[Facts]) -> Catalogue:
    """The services as planners choose from them, without a project."""
    known = {field.name for field in fields(ServiceSpec)}
    return Catalogue(
        ServiceSpec(id=f"s_{index}", version=1, **{name: fact for name, fact in facts.items() if name in known})
        for index, facts in enumerate(services, 1)
    )


def only_reads(facts: Facts) -> bool:
    """Whether the service is known to change nothing (MCP's ``readOnlyHint``). What is not known has side
    effects."""
    return facts["annotations"].get("readOnlyHint") is True


def _read_annotations(annotations: Json, name: str) -> dict[str, Json]:
    if not isinstance(annotations, dict):
        raise BadRequest(f"`annotations` of the service {name!r} must be an object.")
    return annotations


def _read_examples(examples: Json, name: str) -> list[Json]:
    if not isinstance(examples, list):
        raise BadRequest(f"`examples` of the service {name!r} must be a list.")
    return examples
