"""The services of files which name none: one for each label of a stream, and one for all pairs.

They are there from the start, as a project's services are. Their inputs take any value, so that validation does
not save the cache from a hit that its own rules let through.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from orra.base.strictjson import Json
from planengine.evaluation.cache.rows import Pair, StreamRow, service_named
from planengine.evaluation.services import Facts

ANSWER = "answer"  # the one service that pairs are planned with
# Nothing says what the services of a stream do; that they only read is the tolerance of a project at its plainest.
READS: Mapping[str, Json] = {"readOnlyHint": True}


def services_of(rows: Iterable[StreamRow]) -> tuple[Facts, ...]:
    """For each label a service that takes the params of all its requests, and requires those that all of them
    have. They only read."""
    fields: dict[str, list[Collection[str]]] = {}
    for row in rows:
        fields.setdefault(row.label, []).append(row.request.params.keys())
    return tuple(_service(label, seen, annotations=READS) for label, seen in fields.items())


def service_of(pairs: Iterable[Pair]) -> Facts:
    """The service that takes whatever any request of the pairs has, and requires nothing. What it does is not
    known, so it may do anything."""
    taken = [fields for pair in pairs for fields in (pair.a.params, pair.a_constants, pair.b.params)]
    return _service(ANSWER, [(), *taken], annotations={})


def _service(name: str, fields: Iterable[Collection[str]], *, annotations: Mapping[str, Json]) -> Facts:
    """``fields``: those of each request."""
    each = [frozenset(some) for some in fields]
    taken, required = frozenset().union(*each), frozenset.intersection(*each)
    return {
        "name": service_named(name),
        "type": "service",
        "description": name,
        "revertible": False,
        "annotations": dict(annotations),
        "examples": [],
        "input_schema": {
            "type": "object",
            "properties": {field: {} for field in sorted(taken)},
            "required": sorted(required),
        },
        "output_schema": {"type": "object"},
    }
