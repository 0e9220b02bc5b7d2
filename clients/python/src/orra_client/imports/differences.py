"""What an import would change in a project, and what is sent to change it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from orra_client.imports.services import Json

# What an import says of a service; everything else is left as the project has it.
MEMBERS = ("description", "input_schema", "output_schema", "annotations")
KEPT = ("type", "revertible", "examples", "capabilities")
_MOST_NAMES = 8


@dataclass(frozen=True)
class Change:
    """``members``: before and after, by member."""

    name: str
    members: Mapping[str, tuple[Json, Json]]


@dataclass(frozen=True)
class Difference:
    """Names of services: ``gone`` are in the project and no longer in what is imported."""

    new: Sequence[str]
    changed: Sequence[Change]
    unchanged: Sequence[str]
    gone: Sequence[str]


def difference(
    wanted: Mapping[str, Mapping[str, Json]],
    current: Mapping[str, Mapping[str, Json]],
    *,
    owned: Collection[str] = (),
    keep: Collection[str] = (),
) -> Difference:
    """``wanted`` and ``current``: facts by name. ``owned``: names that imports before this one made; only these
    can be gone. ``keep``: members that stay as the project has them."""
    new, changed, unchanged = list[str](), list[Change](), list[str]()
    for name, facts in wanted.items():
        if name not in current:
            new.append(name)
            continue
        there = current[name]
        members = {
            member: (there.get(member), facts[member])
            for member in MEMBERS
            if member not in keep and not same(there.get(member), facts[member])
        }
        if members:
            changed.append(Change(name, members))
        else:
            unchanged.append(name)
    gone = [name for name in current if name in owned and name not in wanted]
    return Difference(new, changed, unchanged, gone)


def to_send(
    difference: Difference, wanted: Mapping[str, Mapping[str, Json]], current: Mapping[str, Mapping[str, Json]]
) -> list[dict[str, Json]]:
    """The services that are new or changed, whole, as ``PUT /v1/services`` takes them."""
    sent = [{"name": name, **wanted[name]} for name in difference.new]
    for change in difference.changed:
        there = current[change.name]
        kept = {member: there[member] for member in (*KEPT, *MEMBERS) if member in there}
        sent.append(
            {"name": change.name, **kept, **{member: after for member, (_, after) in change.members.items()}}
        )
    return sent


def batches(
    services: Iterable[dict[str, Json]], *, most: int = 25, characters: int = 1_500_000
) -> Iterator[list[dict[str, Json]]]:
    """In the given order, as many together as one request may take: of large schemas the engine checks about 15 a
    second."""
    batch: list[dict[str, Json]] = []
    size = 0
    for service in services:
        taken = len(json.dumps(service))
        if batch and (len(batch) >= most or size + taken > characters):
            yield batch
            batch, size = [], 0
        batch.append(service)
        size += taken
    if batch:
        yield batch


def same(one: Json, other: Json) -> bool:
    """Equal as JSON means it: ``1`` is ``1.0`` and not ``true``."""
    return _canonical(one) == _canonical(other)


def _canonical(value: Json) -> str:
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: Json) -> Json:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items()}
    return [_plain(member) for member in value] if isinstance(value, list) else value


# --- in words


def told(change: Change) -> list[str]:
    """What is otherwise, a line each."""
    lines: list[str] = []
    for member, (before, after) in change.members.items():
        if member in ("input_schema", "output_schema"):
            which = "inputs" if member == "input_schema" else "outputs"
            lines.extend(_of_schema(which, before or {}, after))
        elif member == "annotations":
            lines.append(f"annotations: {json.dumps(before)} → {json.dumps(after)}")
        else:
            lines.append(f"{member}: {_shown(before)} → {_shown(after)}")
    return lines


def _of_schema(which: str, before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[str]:
    had, has = before.get("properties", {}), after.get("properties", {})
    parts = (
        ("new", [name for name in has if name not in had]),
        ("removed", [name for name in had if name not in has]),
        ("changed", [name for name in has if name in had and not same(had[name], has[name])]),
        ("now required", sorted(set(after.get("required", ())) - set(before.get("required", ())))),
        ("no longer required", sorted(set(before.get("required", ())) - set(after.get("required", ())))),
    )
    said = [f"{what} {_named(names)}" for what, names in parts if names]
    yield f"{which}: {'; '.join(said) or 'other rules'}"


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def _shown(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:79] + "…"
