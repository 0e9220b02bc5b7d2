"""The versions of a service, what differs between two, and what a change would do, as they are shown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cache.storage import Held
from orra.base.strictjson import Json
from planengine.admin.parts.comparing import Line, compare
from planengine.catalogue.prospects import Prospect
from planengine.catalogue.registry import MEMBERS
from planengine.models import Service, ServiceVersion


@dataclass(frozen=True)
class Difference:
    """What changed of one member."""

    member: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Shown:
    """A prospect in words."""

    sentences: Sequence[str]
    differences: Sequence[Difference]
    loses_pins: bool


def differences(before: Mapping[str, Json] | None, after: Mapping[str, Json] | None) -> list[Difference]:
    """Member by member, their JSON sorted; members that say the same are left out."""
    found = [
        Difference(member.replace("_", " "), compare(_written(before, member), _written(after, member)))
        for member in MEMBERS
    ]
    return [each for each in found if each.lines]


def tell(prospect: Prospect) -> Shown:
    return Shown(
        _sentences(prospect), differences(prospect.before, prospect.after), loses_pins=prospect.evicts.pinned > 0
    )


def evictions(evicts: Held, *, done: bool) -> str:
    """How many entries go, or went."""
    if not evicts.entries:
        return "No cache entry was evicted." if done else "No cache entry would be evicted."
    noun = "cache entry" if evicts.entries == 1 else "cache entries"
    verb = ("was" if evicts.entries == 1 else "were") if done else "would be"
    pinned = f"{evicts.pinned:,} of them pinned" if evicts.pinned else "none of them pinned"
    voting = f", and {evicts.voting:,} that voted as examples" if evicts.voting else ""
    return f"{evicts.entries:,} {noun} {verb} evicted, {pinned}{voting}."


def versions_of(service: Service) -> list[ServiceVersion]:
    """The newest first, without what they say; there are never many."""
    return list(ServiceVersion.objects.filter(service=service).defer("facts"))


def _sentences(prospect: Prospect) -> list[str]:
    if not prospect.changed:
        return [f"Nothing would change: the version stays {prospect.version}, and no cache entry is evicted."]
    if not prospect.changes_facts:
        return [
            f"Only what the service says of itself would change ({_names(prospect.changed)}): the version stays "
            f"{prospect.version}, and no cache entry is evicted."
        ]
    if prospect.version is None:
        return ["The service is new, with version 1.", evictions(prospect.evicts, done=False)]
    return [
        f"The version would go from {prospect.version} to {prospect.next_version} ({_names(prospect.changed)}).",
        evictions(prospect.evicts, done=False),
    ]


def _names(members: Sequence[str]) -> str:
    return ", ".join(member.replace("_", " ") for member in members)


def _written(facts: Mapping[str, Json] | None, member: str) -> str:
    value = None if facts is None else facts.get(member)
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
