"""OpenAPI documents as small as a rule needs them, and the engine's own word on what was made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orra_client.imports import openapi
from orra_client.imports.services import Imported, Service
from planengine.api.serializers import ServiceSerializer
from planengine.catalogue.registry import NAME

Json = Any
OBJECT = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}


def document(
    paths: Mapping[str, Json], *, version: str = "3.0.3", schemas: Mapping[str, Json] | None = None, **more: Json
) -> dict[str, Json]:
    return {
        "openapi": version,
        "info": {"title": "Pets", "version": "1"},
        "paths": dict(paths),
        "components": {"schemas": dict(schemas or {})},
        **more,
    }


def answering(schema: Json, *, status: str = "200", content_type: str = "application/json") -> dict[str, Json]:
    return {status: {"description": "Fine", "content": {content_type: {"schema": schema}}}}


def operation(**said: Json) -> dict[str, Json]:
    return {"summary": "Does it", "responses": answering(OBJECT), **said}


def read(paths: Mapping[str, Json], **more: Json) -> Imported:
    """An import whose every service the engine takes."""
    return accepted(openapi.read(document(paths, **more)))


def read_one(said: Mapping[str, Json], *, method: str = "get", path: str = "/pets", **more: Json) -> Service:
    imported = read({path: {method: dict(said)}}, **more)
    assert not imported.refusals, imported.refusals
    [service] = imported.services
    return service


def refusal_of(
    said: Mapping[str, Json], *, method: str = "get", path: str = "/pets", **more: Json
) -> tuple[str, str]:
    """The code and the reason."""
    [refusal] = read({path: {method: dict(said)}}, **more).refusals
    return refusal.code, refusal.reason


def body(schema: Json, *, content_type: str = "application/json", required: bool = True) -> dict[str, Json]:
    return {"required": required, "content": {content_type: {"schema": schema}}}


def accepted(imported: Imported) -> Imported:
    for service in imported.services:
        assert NAME.fullmatch(service.name), service.name
        serializer = ServiceSerializer(data=dict(service.facts))
        assert serializer.is_valid(), (service.origin, serializer.errors)
    names = [service.name for service in imported.services]
    assert len(set(names)) == len(names)
    return imported
