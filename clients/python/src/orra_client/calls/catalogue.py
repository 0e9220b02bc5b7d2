"""Services and groundings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from orra_client.calls.call import Call, Listing, nothing, path_of, query_of
from orra_client.reading import Json, reads
from orra_client.results.catalogue import Grounding, GroundingSummary, Service, ServiceChange, ServicesOutcome
from orra_client.results.pages import reads_page


def list_services(*, type: str | None = None, page_size: int | None = None) -> Listing[Service]:
    """The project's services by name; pages are fetched as they are needed."""
    filters = query_of(type=type, limit=page_size)
    return Listing(Call("GET", path_of("services"), reads_page(Service), query=filters))


def get_service(name: str) -> Call[Service]:
    """One service."""
    return Call("GET", path_of("services", name), reads(Service))


def put_service(name: str, service: Mapping[str, Json]) -> Call[Service]:
    """Registers or changes a service. The version rises only when something changed."""
    return Call("PUT", path_of("services", name), reads(Service), body=_without_name(name, service))


def put_services(
    services: Iterable[Mapping[str, Json]], *, mode: str = "atomic", dry_run: bool = False
) -> Call[ServicesOutcome]:
    """Registers or changes up to 500 services, each with its ``name``. ``atomic``: all, or none where one is
    refused (:class:`~orra_client.errors.BadRequest`); ``each``: the others are stored. ``dry_run``: nothing is
    stored, and what would happen is told."""
    body = {"services": [dict(each) for each in services], "mode": mode, "dry_run": dry_run}
    return Call("PUT", path_of("services"), reads(ServicesOutcome), body=body, seconds=60)


def dry_run_service(name: str, service: Mapping[str, Json]) -> Call[ServiceChange]:
    """What registering or changing a service would do. Nothing is stored."""
    return Call(
        "POST", path_of("services", name, "dry-run"), reads(ServiceChange), body=_without_name(name, service)
    )


def delete_service(name: str) -> Call[None]:
    """Removes a service."""
    return Call("DELETE", path_of("services", name), nothing)


def list_groundings(
    *,
    name: str | None = None,
    domain: str | None = None,
    mode: str | None = None,
    page_size: int | None = None,
) -> Listing[GroundingSummary]:
    """The project's groundings by name, of each the version that holds."""
    filters = query_of(name=name, domain=domain, mode=mode, limit=page_size)
    return Listing(Call("GET", path_of("groundings"), reads_page(GroundingSummary), query=filters))


def get_grounding(name: str, *, version: str | None = None) -> Call[Grounding]:
    """One grounding: the version that holds, or another one."""
    return Call("GET", path_of("groundings", name), reads(Grounding), query=query_of(version=version))


def put_grounding(name: str, grounding: Mapping[str, Json]) -> Call[Grounding]:
    """Applies a grounding: from now on this version holds."""
    return Call("PUT", path_of("groundings", name), reads(Grounding), body=dict(grounding))


def delete_grounding(name: str) -> Call[None]:
    """Removes a grounding with all its versions."""
    return Call("DELETE", path_of("groundings", name), nothing)


def list_grounding_versions(name: str, *, page_size: int | None = None) -> Listing[GroundingSummary]:
    """A grounding's versions, newest first."""
    return Listing(
        Call(
            "GET",
            path_of("groundings", name, "versions"),
            reads_page(GroundingSummary),
            query=query_of(limit=page_size),
        )
    )


def _without_name(name: str, service: Mapping[str, Json]) -> dict[str, Json]:
    """What is sent to a service's own address; a name in it may only be the same."""
    if service.get("name", name) != name:
        raise ValueError(f"The service says that its name is {service['name']!r}, not {name!r}.")
    return {member: said for member, said in service.items() if member != "name"}
