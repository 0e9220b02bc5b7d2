"""Projects, their settings and keys, and what their plans cost."""

from __future__ import annotations

from datetime import date

from orra_client.calls.call import Call, Listing, nothing, path_of, query_of
from orra_client.reading import Json, reads
from orra_client.results.pages import reads_page
from orra_client.results.projects import ApiKey, NewApiKey, NewProject, Project, Usage


def create_project(name: str, **settings: Json) -> Call[NewProject]:
    """Makes a project; its ``api_key`` is told this once. The engine may ask for the operator's token: give it as
    the client's key."""
    return Call(
        "POST",
        path_of("projects"),
        reads(NewProject),
        body={"name": name, **settings},
        repeatable=False,
        authorized=False,
    )


def get_project() -> Call[Project]:
    """The project that the key belongs to."""
    return Call("GET", path_of("project"), reads(Project))


def update_project(**settings: Json) -> Call[Project]:
    """Changes the project's settings; those that are not named stay."""
    return Call("PATCH", path_of("project"), reads(Project), body=settings)


def list_api_keys(*, page_size: int | None = None) -> Listing[ApiKey]:
    """The project's keys, revoked ones too."""
    return Listing(Call("GET", path_of("api-keys"), reads_page(ApiKey), query=query_of(limit=page_size)))


def create_api_key(name: str = "", **members: Json) -> Call[NewApiKey]:
    """Makes another key, for everything unless ``scopes`` are told; its ``api_key`` is told this once."""
    return Call("POST", path_of("api-keys"), reads(NewApiKey), body={"name": name, **members}, repeatable=False)


def rotate_api_key(key_id: str, **members: Json) -> Call[NewApiKey]:
    """Replaces a key by another with its name and scopes, which is told this once. The old one is good for a day
    more, or for ``overlap_seconds``."""
    path = path_of("api-keys", key_id, "rotate")
    return Call("POST", path, reads(NewApiKey), body={**members}, repeatable=False)


def revoke_api_key(key_id: str) -> Call[None]:
    """Revokes a key. It stays in the list."""
    return Call("DELETE", path_of("api-keys", key_id), nothing)


def get_usage(*, since: date | str | None = None) -> Call[Usage]:
    """Tokens, money and calls, and what the cache saved; from a day on, or of the last 30 days."""
    return Call("GET", path_of("usage"), reads(Usage), query=query_of(since=since))
