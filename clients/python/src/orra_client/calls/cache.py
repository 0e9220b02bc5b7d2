"""What the cache holds, would do and did."""

from __future__ import annotations

from datetime import datetime

from orra_client.calls.call import Call, Listing, nothing, path_of, query_of
from orra_client.calls.plans import Params
from orra_client.reading import Json, reads
from orra_client.results.cache import CacheStats, Entry, Evicted, Explanation
from orra_client.results.pages import reads_page
from orra_client.results.plans import Plan


def list_cache_entries(
    *, service: str | None = None, kind: str | None = None, page_size: int | None = None
) -> Listing[Entry]:
    """What the cache holds, newest first. ``kind``: ``plan`` (if not given), ``refusal`` or ``counter``."""
    filters = query_of(service=service, kind=kind, limit=page_size)
    return Listing(Call("GET", path_of("cache", "entries"), reads_page(Entry), query=filters))


def get_cache_entry(entry_id: str) -> Call[Entry]:
    """One entry."""
    return Call("GET", path_of("cache", "entries", entry_id), reads(Entry))


def evict_cache_entry(entry_id: str) -> Call[None]:
    """Evicts an entry."""
    return Call("DELETE", path_of("cache", "entries", entry_id), nothing)


def purge_cache_entries(service: str) -> Call[Evicted]:
    """Evicts every entry that uses a service."""
    return Call("DELETE", path_of("cache", "entries"), reads(Evicted), query={"service": service})


def replay_cache_entry(entry_id: str, *, action: str | None = None, params: Params = None) -> Call[Plan]:
    """A new plan from an entry, with these values or its own, validated against today's services."""
    body = {"action": action, "params": params}
    return Call(
        "POST",
        path_of("cache", "entries", entry_id, "replay"),
        reads(Plan),
        body={name: said for name, said in body.items() if said is not None},
        repeatable=False,
    )


def explain_cache(action: str, params: Params = None) -> Call[Explanation]:
    """What the cache would do with a request, and why. Nothing is served, planned or changed."""
    body: dict[str, Json] = {"action": action}
    if params is not None:
        body["params"] = params
    return Call("POST", path_of("cache", "explain"), reads(Explanation), body=body)


def get_cache_stats(*, since: datetime | None = None, hours: int | None = None) -> Call[CacheStats]:
    """What the cache did for the project: since it began, since a time, or in the last hours."""
    return Call("GET", path_of("cache", "stats"), reads(CacheStats), query=query_of(since=since, hours=hours))
