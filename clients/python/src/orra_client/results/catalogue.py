"""Services and groundings: what plans are made of, and by which rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from orra_client.reading import Json, Result

# What a service says of itself, besides its name.
MEMBERS = (
    "type",
    "description",
    "input_schema",
    "output_schema",
    "revertible",
    "annotations",
    "examples",
    "capabilities",
)


@dataclass(frozen=True)
class Service(Result):
    name: str
    id: str = ""
    type: str = "service"
    description: str = ""
    input_schema: Mapping[str, Json] = field(default_factory=dict)
    output_schema: Mapping[str, Json] = field(default_factory=dict)
    revertible: bool = False
    annotations: Mapping[str, Json] = field(default_factory=dict)
    examples: tuple[Json, ...] = ()
    capabilities: tuple[str, ...] = ()
    version: int = 1
    created_at: datetime | None = None
    updated_at: datetime | None = None

    def as_given(self) -> dict[str, Json]:
        """As it is sent to register it."""
        return {"name": self.name, **{member: self.raw[member] for member in MEMBERS if member in self.raw}}


@dataclass(frozen=True)
class Evictions(Result):
    """So many cached plans, of which so many are pinned, and so many vote as examples."""

    entries: int = 0
    pinned: int = 0
    voting: int = 0


@dataclass(frozen=True)
class ServiceChange(Result):
    """What a change would do: ``changed`` are the members that would differ."""

    changed: tuple[str, ...] = ()
    version: int | None = None
    next_version: int | None = None
    evicts: Evictions = field(default_factory=Evictions)


@dataclass(frozen=True)
class ServiceOutcome(ServiceChange):
    """``outcome``: ``created``, ``changed``, ``unchanged`` or ``refused``, for which ``problem`` says why."""

    name: str = ""
    outcome: str = ""
    problem: Mapping[str, Json] | None = None


@dataclass(frozen=True)
class ServicesOutcome(Result):
    """``services`` in the order in which they were sent; ``stored``: they are as they are told."""

    stored: bool
    services: tuple[ServiceOutcome, ...] = ()
    evicts: Evictions = field(default_factory=Evictions)


@dataclass(frozen=True)
class GroundingSummary(Result):
    name: str
    id: str = ""
    domain: str = ""
    version: str = ""
    mode: str = ""
    use_case_count: int = 0
    constraint_count: int = 0
    current: bool = False
    created_at: datetime | None = None


@dataclass(frozen=True)
class Grounding(Result):
    name: str
    id: str = ""
    domain: str = ""
    version: str = ""
    mode: str = ""
    use_cases: tuple[Mapping[str, Json], ...] = ()
    constraints: tuple[Json, ...] = ()
    current: bool = False
    created_at: datetime | None = None

    def as_given(self) -> dict[str, Json]:
        """As it is sent to apply it."""
        members = ("domain", "version", "mode", "use_cases", "constraints")
        return {member: self.raw[member] for member in members if member in self.raw}
