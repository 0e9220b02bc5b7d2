"""A schema without references, as deep as there is room for.

It is written level by level. A level that does not fit is written without descriptions; one that does not fit so,
or lies deeper than :attr:`Room.depth`, is not written: of what stands above it only types and values remain. So is
what comes back to itself, where it would begin again. Where not even the first level fits, optional members are
left out, the last ones first. The work is bounded by the room, however the references multiply.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from orra_client.imports.schemas.keywords import LISTED, NAMED, ONE
from orra_client.imports.schemas.merging import Level, Reader
from orra_client.imports.services import Json, Refused

_SCHEMA = 30  # characters around a member, beside its name and its own


@dataclass(frozen=True)
class Room:
    """What one schema may take: characters of JSON, subschemas, levels."""

    characters: int
    subschemas: int = 1_000
    depth: int = 10


@dataclass(frozen=True)
class Written:
    """``notes``: what was simplified, a sentence each; ``left_out``: the members that did not fit."""

    schema: dict[str, Json]
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(eq=False)
class _Place:
    """Where a level is being written. ``above``: what it lies in."""

    level: Level
    out: dict[str, Json]
    above: _Place | None = None

    def lies_in(self, level: Level) -> bool:
        place: _Place | None = self
        while place is not None:
            if place.level is level:
                return True
            place = place.above
        return False


@dataclass
class _Spending:
    room: Room
    characters: int = 0
    subschemas: int = 1

    def fits(self, characters: int, subschemas: int) -> bool:
        return (
            self.characters + characters <= self.room.characters
            and self.subschemas + subschemas <= self.room.subschemas
        )

    def spend(self, characters: int, subschemas: int) -> None:
        self.characters += characters
        self.subschemas += subschemas


# A member of a level: its keyword, its name or index, and the level it is (or true and false).
_Member = tuple[str, str | int | None, Level]


@dataclass
class _Notes:
    dropped: set[str] = field(default_factory=set)
    recursive: bool = False
    bare: bool = False


def write(reader: Reader, schema: Json, *, room: Room, is_input: bool) -> Written:
    """``schema`` describes an object. Members that only the server writes are left out of an input, those that
    only clients write of an output. Raises :class:`Refused` where what is required does not fit."""
    root = reader.level(schema)
    notes = _Notes(set(root.dropped))
    out = dict(root.short)
    spending = _Spending(room, root.cost)
    members = list(_members(reader, root, is_input))
    left_out: tuple[str, ...] = ()
    if not spending.fits(*_cost(members)):
        notes.bare = True
    if notes.bare and not spending.fits(*_cost(members, bare=True)):
        members, left_out = _fitting(members, set(root.required), spending, is_input=is_input)
    spending.spend(*_cost(members, bare=notes.bare))
    places = _place(members, _Place(root, out), is_input, notes)
    depth = 1
    while places and depth < room.depth:
        below = _next(reader, places, spending, is_input, notes)
        if below is None:
            break
        places, depth = below, depth + 1
    return Written(out, _told(notes, depth if places else 0, left_out, is_input), left_out)


def _next(
    reader: Reader, places: list[_Place], spending: _Spending, is_input: bool, notes: _Notes
) -> list[_Place] | None:
    """Writes the next level everywhere; what is still to be written. Nothing is written if it does not fit."""
    level: list[tuple[_Place, list[_Member]]] = []
    full, bare = (0, 0), (0, 0)
    for place in places:
        members = list(_members(reader, place.level, is_input))
        full, bare = _plus(full, _cost(members)), _plus(bare, _cost(members, bare=True))
        if not spending.fits(*bare):
            return None
        level.append((place, members))
    notes.bare = notes.bare or not spending.fits(*full)
    spending.spend(*(bare if notes.bare else full))
    return [below for place, members in level for below in _place(members, place, is_input, notes)]


def _members(reader: Reader, level: Level, is_input: bool) -> Iterator[_Member]:
    for keyword in ONE:
        if keyword in level.said:
            yield keyword, None, reader.level(level.said[keyword])
    for keyword in LISTED:
        for index, schema in enumerate(level.said.get(keyword, ())):
            yield keyword, index, reader.level(schema)
    for keyword in NAMED:
        for name, schema in level.said.get(keyword, {}).items():
            member = reader.level(schema)
            if keyword != "properties" or not (member.read_only if is_input else member.write_only):
                yield keyword, name, member


def _cost(members: list[_Member], *, bare: bool = False) -> tuple[int, int]:
    """Characters and subschemas."""
    characters = sum(
        (level.bare_cost if bare else level.cost) + _SCHEMA + 2 * len(str(step or keyword))
        for keyword, step, level in members
    )
    return characters, len(members)


def _plus(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] + other[0], one[1] + other[1]


def _fitting(
    members: list[_Member], required: set[str], spending: _Spending, *, is_input: bool
) -> tuple[list[_Member], tuple[str, ...]]:
    """The required members and as many of the others as fit. Of an output nothing is required."""
    must = [each for each in members if each[0] != "properties" or (is_input and each[1] in required)]
    characters, subschemas = _cost(must, bare=True)
    if not spending.fits(characters, subschemas):
        raise Refused(
            "schema_too_large",
            f"What is required of its {'inputs' if is_input else 'outputs'} takes more than "
            f"{spending.room.characters:,} characters or {spending.room.subschemas:,} schemas.",
        )
    chosen, left_out = {each[:2] for each in must}, []
    for each in members:
        if each[:2] in chosen:
            continue
        cost = _cost([each], bare=True)
        if spending.fits(characters + cost[0], subschemas + cost[1]):
            characters, subschemas = characters + cost[0], subschemas + cost[1]
            chosen.add(each[:2])
        else:
            left_out.append(str(each[1]))
    return [each for each in members if each[:2] in chosen], tuple(left_out)


def _place(members: list[_Member], at: _Place, is_input: bool, notes: _Notes) -> list[_Place]:
    """Writes the members of a level, each without what is nested in it. What is still to be written."""
    below: list[_Place] = []
    for keyword, step, level in members:
        notes.dropped |= level.dropped
        written: Json = False if level.never else dict(level.bare if notes.bare else level.short)
        if level.has_nested and not level.never:
            if at.lies_in(level):
                notes.recursive = True
            else:
                below.append(_Place(level, written, at))
        if step is None:
            at.out[keyword] = written
        elif isinstance(step, int):
            at.out.setdefault(keyword, []).append(written)
        else:
            at.out.setdefault(keyword, {})[step] = written
    properties = at.out.get("properties", {})
    if "properties" in at.level.said:
        at.out.setdefault("properties", {})
    hidden = at.level.properties.keys() - properties.keys()
    required = [name for name in at.level.required if name not in hidden]
    if required:
        at.out["required"] = required
    if "dependentRequired" in at.level.said:
        at.out["dependentRequired"] = at.level.said["dependentRequired"]
    return below


def _told(notes: _Notes, depth: int, left_out: tuple[str, ...], is_input: bool) -> tuple[str, ...]:
    which = "Inputs" if is_input else "Outputs"
    told: list[str] = []
    if left_out:
        named = ", ".join(left_out[:8]) + (f" and {len(left_out) - 8} more" if len(left_out) > 8 else "")
        told.append(f"{which} left out, for there is no room: {named}.")
    if notes.bare:
        told.append(f"{which} have descriptions in the first levels only, or in none.")
    if depth:
        told.append(
            f"{which} are described {depth} {'level' if depth == 1 else 'levels'} deep, deeper only by type."
        )
    if notes.recursive:
        told.append(f"{which} that lie in themselves are described once, inside only by type.")
    if notes.dropped:
        told.append(f"{which}: not JSON Schema, so not kept: {', '.join(sorted(notes.dropped))}.")
    return tuple(told)
