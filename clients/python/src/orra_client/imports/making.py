"""A service out of what is known of an operation or tool: schemas written to fit, everything within the limits."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from orra_client.imports.schemas import Reader, Room, Written, write
from orra_client.imports.services import (
    MOST_DESCRIPTION_CHARACTERS,
    MOST_SCHEMA_CHARACTERS,
    MOST_SCHEMA_DEPTH,
    MOST_SUBSCHEMAS,
    Json,
    Refused,
    Service,
)
from orra_client.imports.texts import cut

# What a planner reads: of inputs it must know all, of outputs mostly the names of the first level.
ROOMS = Room(characters=20_000), Room(characters=8_000)


def rooms_for(characters: int) -> tuple[Room, Room]:
    """For inputs of so many characters, and outputs in the same proportion as :data:`ROOMS`."""
    outputs = characters * ROOMS[1].characters // ROOMS[0].characters
    return Room(characters=characters), Room(characters=max(outputs, 1_000))


# A schema as the document has it, with who reads it.
Source = tuple[Reader, dict[str, Json]]


def made(
    *,
    name: str,
    origin: str,
    description: str,
    inputs: Source,
    outputs: Source,
    annotations: Mapping[str, Json],
    binding: Mapping[str, Json],
    notes: Sequence[str] = (),
    is_certain: bool = True,
    rooms: tuple[Room, Room] | None = None,
) -> Service:
    """``is_certain``: whether every output has what its schema requires. Raises :class:`Refused`."""
    rooms = rooms or ROOMS
    taken = write(*inputs, room=rooms[0], is_input=True)
    given = write(*outputs, room=rooms[1], is_input=False)
    if not is_certain:
        given.schema.pop("required", None)
    for written in (taken, given):
        _check(written)
    facts = {
        "description": cut(description, MOST_DESCRIPTION_CHARACTERS),
        "input_schema": taken.schema,
        "output_schema": given.schema,
        "annotations": dict(annotations),
    }
    told = dict.fromkeys((*notes, *taken.notes, *given.notes))
    return Service(name, origin, facts, _without(binding, taken.left_out), tuple(told))


def _without(binding: Mapping[str, Json], left_out: Sequence[str]) -> Mapping[str, Json]:
    gone = set(left_out)
    if not gone or "inputs" not in binding:
        return binding
    return {**binding, "inputs": {name: goes for name, goes in binding["inputs"].items() if name not in gone}}


def _check(written: Written) -> None:
    """The server's own limits. What is written keeps to them already unless names or values are very long."""
    characters = len(json.dumps(written.schema, ensure_ascii=False))
    count, depth = _measure(written.schema)
    if characters > MOST_SCHEMA_CHARACTERS or count > MOST_SUBSCHEMAS or depth > MOST_SCHEMA_DEPTH:
        raise Refused(
            "schema_too_large",
            f"Its schema takes {characters:,} characters and {count:,} schemas in {depth} levels; "
            f"{MOST_SCHEMA_CHARACTERS:,}, {MOST_SUBSCHEMAS:,} and {MOST_SCHEMA_DEPTH} are the most.",
        )


def _measure(schema: Json) -> tuple[int, int]:
    """How many objects and lists it holds, and how deep they lie."""
    count, deepest, stack = 0, 0, [(schema, 1)]
    while stack:
        item, depth = stack.pop()
        deepest = max(deepest, depth)
        if isinstance(item, dict):
            count += 1
            stack.extend((member, depth + 1) for member in item.values())
        elif isinstance(item, list):
            stack.extend((member, depth + 1) for member in item)
    return count, deepest
