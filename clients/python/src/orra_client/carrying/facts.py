"""What the services of a plan say of themselves, and what counts where they say nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from orra_client.reading import Json
from orra_client.results.catalogue import Service

Services = Mapping[str, "Service | Mapping[str, Json]"] | Iterable["Service | Mapping[str, Json]"]


@dataclass(frozen=True)
class Facts:
    """A schema that is ``None`` is not known. What is not said of effects counts as the worse case: a service has
    side effects, may destroy something, and doing it twice is not the same as doing it once."""

    input_schema: Mapping[str, Json] | None = None
    output_schema: Mapping[str, Json] | None = None
    annotations: Mapping[str, Json] = field(default_factory=dict)
    revertible: bool = False

    @property
    def read_only(self) -> bool:
        return self.annotations.get("readOnlyHint") is True

    @property
    def destructive(self) -> bool:
        return not self.read_only and self.annotations.get("destructiveHint") is not False

    @property
    def idempotent(self) -> bool:
        return self.read_only or self.annotations.get("idempotentHint") is True


def facts_by_name(services: Services | None) -> dict[str, Facts]:
    """``services``: as the client lists them, or as they are registered; by name, or each with its ``name``."""
    if services is None:
        return {}
    if isinstance(services, Mapping):
        return {name: _facts(service) for name, service in services.items()}
    return {_name(service): _facts(service) for service in services}


def _name(service: Service | Mapping[str, Json]) -> str:
    return service.name if isinstance(service, Service) else str(service["name"])


def _facts(service: Service | Mapping[str, Json]) -> Facts:
    said = service.raw if isinstance(service, Service) else service
    return Facts(
        input_schema=said.get("input_schema"),
        output_schema=said.get("output_schema"),
        annotations=said.get("annotations") or {},
        revertible=bool(said.get("revertible", False)),
    )
