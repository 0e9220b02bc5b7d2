"""The services of an evaluation, as a file with one a line has them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from orra.base.strictjson import Json
from planengine.catalogue.annotations import check_annotations, is_read_only
from planengine.catalogue.capabilities import check_capabilities
from planengine.catalogue.errors import RegistrationInvalid
from planengine.catalogue.examples import check_examples
from planengine.catalogue.schemas import check_input_schema, check_schema, compile_input_schema
from planengine.evaluation.lines import read_lines
from planengine.exceptions import BadRequest

# A service as a file has it: its name, and what the registry keeps of it.
Facts = Mapping[str, Json]

MAX_NAME = 100

# What is checked, in this order, and what it is when left out.
_CHECKED: Facts = {
    "input_schema": {"type": "object"},
    "output_schema": {"type": "object"},
    "annotations": {},
    "examples": [],
    "capabilities": [],
}


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
    if len(name) > MAX_NAME:
        raise BadRequest(f"the service's name {name[:40]!r}… is longer than {MAX_NAME} characters.")
    kind, revertible = service.get("type", "service"), service.get("revertible", False)
    if kind not in ("agent", "service") or not isinstance(revertible, bool):
        raise BadRequest(
            f"the service {name!r} needs a `type` of agent or service, and a `revertible` of true or false."
        )
    facts: dict[str, Json] = {member: service.get(member, default) for member, default in _CHECKED.items()}
    for member in _CHECKED:
        try:
            _check(member, facts)
        except RegistrationInvalid as error:
            raise BadRequest(f"`{member}` of the service {name!r}, at {error.path or '/'}: {error}") from None
    return {
        "name": name,
        "type": kind,
        "description": description,
        "revertible": revertible,
        **facts,
    }


def only_reads(facts: Facts) -> bool:
    """Whether the service is known to change nothing. What is not known has side effects."""
    return is_read_only(facts["annotations"])


def _check(member: str, facts: Facts) -> None:
    match member:
        case "annotations":
            check_annotations(facts[member])
        case "examples":
            check_examples(facts[member], compile_input_schema(facts["input_schema"]))
        case "capabilities":
            check_capabilities(facts[member])
        case "input_schema":
            check_input_schema(facts[member])
        case _:
            check_schema(facts[member])
