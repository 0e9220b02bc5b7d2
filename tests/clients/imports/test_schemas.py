"""Schemas of documents as schemas of services: merged, freed of references, cut to what there is room for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orra_client.imports import openapi
from orra_client.imports.documents import Document
from orra_client.imports.making import rooms_for
from orra_client.imports.schemas import Reader, Room, write
from orra_client.imports.services import Refused
from planengine.catalogue.schemas import check_schema
from tests.clients.imports.documents import accepted, body, document, operation

Json = Any
WIDE = Room(characters=50_000)


def written(
    schema: Json,
    *,
    defs: Mapping[str, Json] | None = None,
    old: bool = False,
    is_input: bool = False,
    room: Room = WIDE,
) -> tuple[dict[str, Json], tuple[str, ...]]:
    root = {"$defs": dict(defs or {}), "it": schema}
    made = write(Reader(Document(root, is_3_0=old)), schema, room=room, is_input=is_input)
    if made.schema.get("type") == "object":
        check_schema(made.schema)
    return made.schema, made.notes


def member(schema: Json, **how: Json) -> Json:
    return written({"type": "object", "properties": {"a": schema}}, **how)[0]["properties"]["a"]


@pytest.mark.parametrize(
    ("schema", "is_now"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "enum": ["a"], "nullable": True}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"allOf": [{"$ref": "#/$defs/S"}], "nullable": True}, {"type": ["string", "null"]}),
        ({"$ref": "#/$defs/S", "description": "Not read beside a reference"}, {"type": "string"}),
        ({"type": "integer", "minimum": 3, "exclusiveMinimum": True}, {"type": "integer", "exclusiveMinimum": 3}),
        ({"type": "integer", "minimum": 3, "exclusiveMinimum": False}, {"type": "integer", "minimum": 3}),
        ({"anyOf": [{"type": "string"}], "nullable": True}, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        ({"type": "string", "example": "x", "x-any": 1, "xml": {}}, {"type": "string"}),
    ],
)
def test_what_openapi_3_0_writes_otherwise(schema: Json, is_now: Json) -> None:
    assert member(schema, defs={"S": {"type": "string"}}, old=True) == is_now


def test_beside_a_reference_3_1_says_more() -> None:
    schema = {"$ref": "#/$defs/S", "description": "More"}
    assert member(schema, defs={"S": {"type": "string", "maxLength": 3}}) == {
        "description": "More",
        "type": "string",
        "maxLength": 3,
    }


def test_parts_are_merged() -> None:
    schema = {
        "allOf": [
            {
                "properties": {"a": {"type": "string"}, "b": {"minimum": 1}},
                "required": ["a"],
                "additionalProperties": False,
            },
            {"properties": {"b": {"type": "integer", "minimum": 3}}, "required": ["b"]},
            {"$ref": "#/$defs/C"},
        ],
        "description": "All",
    }
    defs = {"C": {"type": "object", "properties": {"c": {"enum": [1, 2]}}}}
    assert written(schema, defs=defs)[0] == {
        "description": "All",
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "integer", "minimum": 3}, "c": {"enum": [1, 2]}},
        "required": ["a", "b"],
    }


@pytest.mark.parametrize(
    ("parts", "is_now"),
    [
        ([{"type": ["string", "null"]}, {"type": "string"}], {"type": "string"}),
        ([{"type": "number"}, {"type": "integer"}], {"type": "integer"}),
        ([{"enum": [1, 2, 3]}, {"enum": [3, 2]}], {"enum": [2, 3]}),
        ([{"maxLength": 5}, {"maxLength": 3}], {"maxLength": 3}),
        (
            [{"items": {"type": "string"}}, {"items": {"maxLength": 2}}],
            {"items": {"type": "string", "maxLength": 2}},
        ),
        (
            [{"anyOf": [{"type": "string"}]}, {"anyOf": [{"maxLength": 1}]}],
            {"anyOf": [{"type": "string"}], "allOf": [{"anyOf": [{"maxLength": 1}]}]},
        ),
        ([True, {"type": "string"}], {"type": "string"}),
        ([False, {"type": "string"}], False),
    ],
)
def test_what_parts_say_of_one_value(parts: Json, is_now: Json) -> None:
    assert member({"allOf": parts}) == is_now


def test_merging_leaves_the_document_as_it_is() -> None:
    first = {"properties": {"a": {}}, "required": ["a"], "enum": [{"a": 1}]}
    before = json.dumps(first)
    written({"allOf": [first, {"properties": {"b": {}}, "required": ["b"]}], "type": "object"})
    assert json.dumps(first) == before


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "file"},
        {"type": ["string", "any"]},
        {"required": True},
        {"minLength": "3"},
        {"enum": "a"},
        {"default": {"a": {"b": 1}}},
        {"properties": {"a": 7}},
        {"properties": []},
        {"allOf": {}},
        {"anyOf": []},
        {"items": 3},
        {"pattern": None},
        {"multipleOf": 0},
        {"maximum": 1e30},
        {"dependentRequired": {"a": "b"}},
        {"description": 5},
        {"additionalProperties": "no"},
    ],
)
def test_what_is_no_json_schema_is_left_out_and_told(schema: Json) -> None:
    out, notes = written({"type": "object", "properties": {"a": schema}})
    assert "a" in out["properties"]
    assert "allOf" in schema or any("not JSON Schema" in note for note in notes)


def test_items_by_position_have_their_own_word() -> None:
    assert member({"type": "array", "items": [{"type": "string"}]})["prefixItems"] == [{"type": "string"}]


def test_what_the_server_writes_is_no_input_and_what_clients_write_no_output() -> None:
    schema = {
        "type": "object",
        "properties": {"id": {"readOnly": True}, "secret": {"writeOnly": True}, "name": {}},
        "required": ["id", "secret", "name"],
    }
    assert written(schema, is_input=True)[0]["required"] == ["secret", "name"]
    assert written(schema)[0]["required"] == ["id", "name"]


def test_what_comes_back_to_itself_is_cut_where_it_would_begin_again() -> None:
    node = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
        },
    }
    out, notes = written({"$ref": "#/$defs/Node"}, defs={"Node": node}, old=True)
    assert out["properties"]["children"] == {"type": "array", "items": {"type": "object"}}
    assert any("lie in themselves" in note for note in notes)


def test_levels_that_do_not_fit_are_cut_to_types() -> None:
    deep = {
        "type": "object",
        "properties": {"a": {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(40)}}},
    }
    out, notes = written(deep, room=Room(characters=600))
    assert out == {"type": "object", "properties": {"a": {"type": "object"}}}
    assert any("1 level deep" in note for note in notes)


def test_descriptions_go_before_levels_do() -> None:
    wide = {
        "type": "object",
        "properties": {f"p{n}": {"type": "string", "description": "d" * 200} for n in range(10)},
    }
    out, notes = written(wide, room=Room(characters=1_000))
    assert out["properties"]["p9"] == {"type": "string"}
    assert any("descriptions" in note for note in notes)


def test_optional_members_go_where_the_first_level_does_not_fit() -> None:
    wide = {
        "type": "object",
        "properties": {f"p{n}": {"type": "string"} for n in range(100)},
        "required": ["p99"],
    }
    out, notes = written(wide, is_input=True, room=Room(characters=800))
    assert "p0" in out["properties"] and "p99" in out["properties"] and "p98" not in out["properties"]
    assert any(note.startswith("Inputs left out") for note in notes)


def test_required_inputs_that_do_not_fit_are_refused() -> None:
    names = [f"p{n}" for n in range(100)]
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in names}, "required": names}
    with pytest.raises(Refused) as refused:
        written(schema, is_input=True, room=Room(characters=800))
    assert refused.value.code == "schema_too_large"


def test_references_that_multiply_end_within_the_room() -> None:
    defs = {
        f"L{n}": {"type": "object", "properties": {f"p{k}": {"$ref": f"#/$defs/L{n + 1}"} for k in range(10)}}
        for n in range(30)
    }
    defs["L30"] = {"type": "string"}
    out, notes = written({"$ref": "#/$defs/L0"}, defs=defs)
    assert len(json.dumps(out)) < 60_000
    assert any("deep" in note for note in notes)


def test_inputs_that_do_not_fit_have_no_place_in_the_binding() -> None:
    properties = {f"p{n}": {"type": "string"} for n in range(200)}
    said = operation(requestBody=body({"type": "object", "properties": properties}))
    root = document({"/a": {"post": said}})
    [service] = accepted(openapi.read(root, rooms=rooms_for(1_000))).services
    assert service.binding["inputs"].keys() == service.facts["input_schema"]["properties"].keys()


# --- any schemas

NAMES = st.sampled_from(["a", "b", "c", "id"])
REFERENCES = st.builds(lambda name: {"$ref": f"#/components/schemas/{name}"}, NAMES)
SCALARS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["string", "integer", "number", "boolean", "null", "array", "object", "file"]),
        "nullable": st.booleans(),
        "enum": st.lists(st.one_of(st.integers(0, 3), st.sampled_from(["x", None, True])), max_size=3),
        "minimum": st.one_of(st.integers(0, 3), st.just("1")),
        "exclusiveMinimum": st.one_of(st.booleans(), st.integers(0, 3)),
        "description": st.text(max_size=20),
        "format": st.sampled_from(["date", "binary"]),
        "required": st.one_of(st.lists(NAMES, max_size=3), st.booleans()),
        "readOnly": st.booleans(),
        "default": st.one_of(st.integers(), st.text(max_size=3)),
    },
)


def _nested(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    nested = st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(NAMES, inner, max_size=3),
            "items": inner,
            "additionalProperties": st.one_of(st.booleans(), inner),
            "allOf": st.lists(inner, min_size=1, max_size=3),
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "oneOf": st.lists(inner, max_size=2),
            "not": inner,
        },
    )
    return st.builds(lambda one, other: {**one, **other}, SCALARS, nested)


SCHEMAS = st.recursive(st.one_of(SCALARS, REFERENCES), _nested, max_leaves=8)


@settings(max_examples=50)
@given(
    st.fixed_dictionaries(dict.fromkeys(("a", "b", "c", "id"), SCHEMAS)),
    SCHEMAS,
    SCHEMAS,
    st.sampled_from(["3.0.3", "3.1.0"]),
)
def test_every_service_that_is_made_is_one_that_the_engine_takes(
    schemas: Json, taken: Json, answered: Json, version: str
) -> None:
    said = operation(
        requestBody=body(taken),
        responses={"200": {"description": "", "content": {"application/json": {"schema": answered}}}},
        parameters=[{"name": "id", "in": "path", "required": True, "schema": schemas["a"]}],
    )
    root = document({"/pets/{id}": {"post": said}}, schemas=schemas, version=version)
    imported = accepted(openapi.read(root))
    assert len(imported.services) + len(imported.refusals) == 1
