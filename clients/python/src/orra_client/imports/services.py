"""What an import gives: services, how each is called, and what was refused.

The limits are the server's; an import keeps them so that what it calls usable is accepted.

ImportFailed         nothing can be imported
Refused              one operation or tool cannot be a service
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orra_client.errors import OrraError

# A JSON value as Python's json module gives it.
Json = Any

MOST_SCHEMA_CHARACTERS = 100_000
MOST_SUBSCHEMAS = 2_000
MOST_SCHEMA_DEPTH = 26  # of the JSON; 40 in a schema, 32 in a request that holds it
MOST_DESCRIPTION_CHARACTERS = 4_000
MOST_NAME_CHARACTERS = 100
MOST_TITLE_CHARACTERS = 200


class ImportFailed(OrraError):
    """Nothing can be imported; the message says why and what to do."""


class Refused(Exception):
    """One operation or tool cannot be a service. ``code`` is stable, ``reason`` a sentence."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True)
class Service:
    """``facts``: ``description``, ``input_schema``, ``output_schema`` and ``annotations`` as ``PUT /v1/services``
    takes them. ``binding``: how it is called (:mod:`orra_client.imports.bindings`). ``origin``: the operation or
    tool it is. ``notes``: what was simplified, a sentence each."""

    name: str
    origin: str
    facts: Mapping[str, Json]
    binding: Mapping[str, Json]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """``origin``: the operation or tool; ``code`` and ``reason`` as of :class:`Refused`."""

    origin: str
    code: str
    reason: str


@dataclass(frozen=True)
class Imported:
    """All that a document or server offers. ``total`` counts its operations or tools, ``left_out`` those that a
    filter or ``deprecated`` left out, by reason; the rest are services or refusals. ``names``: those of all of
    them, as services have them. ``reached_at``: the ``server`` member of the bindings' file."""

    title: str
    total: int
    services: Sequence[Service]
    refusals: Sequence[Refusal]
    left_out: Mapping[str, int] = field(default_factory=dict)
    names: Collection[str] = ()
    reached_at: Mapping[str, Json] = field(default_factory=dict)

    @property
    def by_name(self) -> dict[str, Mapping[str, Json]]:
        return {service.name: service.facts for service in self.services}

    @property
    def refused_by_code(self) -> Counter[str]:
        return Counter(refusal.code for refusal in self.refusals)
