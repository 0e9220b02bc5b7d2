"""What older drafts and OpenAPI 3.0 write otherwise, in the words of Draft 2020-12.

Understood are ``nullable``, ``exclusiveMinimum`` and ``exclusiveMaximum`` as booleans, and ``dependencies``.
"""

from __future__ import annotations

from orra.base.strictjson import Json
from planengine.catalogue.shapes import IN_PLACE, subschemas

# What says nothing about a value.
ANNOTATIONS = frozenset(
    ("title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly", "$comment")
)
_BOUNDS = (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum"))


def as_draft_2020(schema: Json, *, whole: bool = True) -> Json:
    """A copy in which nothing is written as only older drafts do. ``whole``: it describes all inputs or outputs,
    which are never null. What cannot be made out is left as it is."""
    if not isinstance(schema, dict):
        return schema
    result = _without_dependencies(schema)
    for steps, member in subschemas(result):
        keyword, *rest = str(steps[0]), *steps[1:]
        if not rest:
            result[keyword] = as_draft_2020(member, whole=False)
            continue
        if result[keyword] is schema.get(keyword):
            result[keyword] = result[keyword].copy()
        result[keyword][rest[0]] = as_draft_2020(member, whole=False)
    for bound, exclusive in _BOUNDS:
        if isinstance(result.get(exclusive), bool):
            is_exclusive = result.pop(exclusive)
            if is_exclusive and bound in result:
                result[exclusive] = result.pop(bound)
    nullable = result.pop("nullable") if isinstance(result.get("nullable"), bool) else False
    return _or_null(result) if nullable and not whole else result


def _or_null(schema: dict[str, Json]) -> dict[str, Json]:
    if "$ref" in schema or not IN_PLACE.isdisjoint(schema):
        notes = {keyword: value for keyword, value in schema.items() if keyword in ANNOTATIONS}
        rest = {keyword: value for keyword, value in schema.items() if keyword not in ANNOTATIONS}
        return notes | {"anyOf": [rest, {"type": "null"}]}
    result = dict(schema)
    named = result.get("type")
    if isinstance(named, str | list):
        types = [named] if isinstance(named, str) else named
        result["type"] = types if "null" in types else [*types, "null"]
    if "const" in result:
        result.setdefault("enum", [result.pop("const")])
    if isinstance(result.get("enum"), list) and None not in result["enum"]:
        result["enum"] = [*result["enum"], None]
    return result


def _without_dependencies(schema: dict[str, Json]) -> dict[str, Json]:
    dependencies = schema.get("dependencies")
    if not isinstance(dependencies, dict) or not all(
        isinstance(m, list | dict | bool) for m in dependencies.values()
    ):
        return dict(schema)
    result = {keyword: value for keyword, value in schema.items() if keyword != "dependencies"}
    for keyword, kind in (("dependentRequired", list), ("dependentSchemas", dict | bool)):
        found = {name: member for name, member in dependencies.items() if isinstance(member, kind)}
        if found:
            given = result.get(keyword)
            result[keyword] = found | (given if isinstance(given, dict) else {})
    return result
