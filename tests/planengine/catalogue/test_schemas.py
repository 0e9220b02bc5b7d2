"""Which schemas a service may have, and what they say about values and about each other."""

from __future__ import annotations

import time
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orra.base.strictjson import Json
from planengine.catalogue.schemas import (
    SchemaInvalid,
    can_fit,
    check_schema,
    compile_schema,
    type_names,
    types_of,
    value_faults,
)
from tests.planengine.shop import NUMBER, TEXT, an_object

INTEGER: Json = {"type": "integer"}
NULL: Json = {"type": "null"}

# As Pydantic writes a model with a nested, a recursive, an optional and an enumerated field.
PYDANTIC: Json = {
    "$defs": {
        "Address": an_object(
            {"street": TEXT, "zip": {"type": "string", "pattern": "^[0-9]{5}$"}}, title="Address"
        ),
        "Node": an_object({"children": {"type": "array", "items": {"$ref": "#/$defs/Node"}}}, []),
        "Size": {"enum": ["S", "M"], "type": "string", "title": "Size"},
    },
    "type": "object",
    "title": "Order",
    "properties": {
        "address": {"$ref": "#/$defs/Address"},
        "size": {"$ref": "#/$defs/Size", "default": "M"},
        "tree": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}], "default": None},
        "tags": {"type": "array", "items": TEXT, "uniqueItems": True},
        "prices": {"type": "object", "additionalProperties": NUMBER},
        "email": {"type": "string", "format": "email"},
    },
    "required": ["address"],
}


def with_property(schema: Json, **more: Json) -> Json:
    return an_object({"a": schema}, **more)


class TestCheckSchema:
    @pytest.mark.parametrize(
        "schema",
        [
            PYDANTIC,
            {"type": "object"},
            {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "$id": "https://a.example/x",
                "type": "object",
            },
            {"$ref": "#/$defs/A", "$defs": {"A": {"type": "object"}}},
            with_property({"$ref": "#"}),
            with_property({"$ref": "#/properties/b~1c"})
            | {"properties": {"a": {"$ref": "#/properties/b~1c"}, "b/c": TEXT}},
            with_property({"$ref": "#/$defs/A/anyOf/1"}, **{"$defs": {"A": {"anyOf": [TEXT, NUMBER]}}}),
            with_property({"enum": [{"$ref": "not a reference, but data"}]}),
            with_property({"type": "object", "properties": {"$ref": TEXT, "pattern": TEXT}}),
        ],
    )
    def test_good(self, schema: Json) -> None:
        check_schema(schema)

    @pytest.mark.parametrize(
        ("schema", "path"),
        [
            ([], ""),
            ("object", ""),
            ({}, "/type"),
            ({"type": "string"}, "/type"),
            ({"type": "object", "properties": []}, "/properties"),
            ({"type": "object", "required": "a"}, "/required"),
            (with_property({"type": "strng"}), "/properties/a/type"),
            (with_property({"minimum": "3"}), "/properties/a/minimum"),
            (with_property({"items": {"enum": "x"}}), "/properties/a/items/enum"),
            (with_property({"$ref": "#/$defs/Nobody"}), "/properties/a/$ref"),
            (with_property({"$ref": "#/required"}), "/properties/a/$ref"),
            (with_property({"$ref": "https://schemas.example/a.json"}), "/properties/a/$ref"),
            (with_property({"$ref": "other.json#/a"}), "/properties/a/$ref"),
            (with_property({"$ref": "#anchor"}), "/properties/a/$ref"),
            (with_property({"$dynamicRef": "#a"}), "/properties/a/$dynamicRef"),
            (with_property({"$id": "https://a.example/"}), "/properties/a/$id"),
            (with_property({"$ref": "#/properties/a"}), "/properties/a"),
        ],
    )
    def test_bad_with_the_path_of_the_fault(self, schema: Json, path: str) -> None:
        with pytest.raises(SchemaInvalid) as caught:
            check_schema(schema)
        assert caught.value.path == path and caught.value.message

    @pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
    def test_what_only_leads_back_to_itself(self, keyword: str) -> None:
        schema = with_property(
            {"$ref": "#/$defs/A"}, **{"$defs": {"A": {keyword: [{"$ref": "#/$defs/B"}]}, "B": {}}}
        )
        check_schema(schema)
        schema["$defs"]["B"] = {"$ref": "#/$defs/A"}
        with pytest.raises(SchemaInvalid, match="without end"):
            check_schema(schema)

    def test_size_and_depth_are_bounded(self) -> None:
        deep: Json = TEXT
        for _ in range(60):
            deep = {"items": deep}
        wide = an_object({f"p{n}": {} for n in range(3_000)})
        for schema in (with_property(deep), wide, with_property({"description": "x" * 200_000})):
            with pytest.raises(SchemaInvalid):
                check_schema(schema)

    @given(
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.text(max_size=4)
            | st.sampled_from(["object", "#/$defs/a", "#"]),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        [
                            "type",
                            "properties",
                            "items",
                            "anyOf",
                            "allOf",
                            "not",
                            "$ref",
                            "$defs",
                            "enum",
                            "required",
                            "a",
                            "const",
                        ]
                    ),
                    inner,
                    max_size=4,
                )
            ),
        )
    )
    def test_any_json_is_accepted_or_refused_and_what_is_accepted_can_be_used(self, schema: Json) -> None:
        try:
            check_schema(schema)
        except SchemaInvalid:
            return
        compiled = compile_schema(schema)
        for name in compiled.properties:
            field = compiled.field(name)
            assert field is not None and field.types is not None and field.takes(field) in (True, False)
            field.faults([{"a": 1}, None])


class TestValueFaults:
    @pytest.mark.parametrize(
        ("name", "good", "bad"),
        [
            ("address", {"street": "x", "zip": "12345"}, {"street": "x"}),
            ("address", {"street": "x", "zip": "12345"}, {"street": 1, "zip": "12345"}),
            ("size", "S", "XL"),
            ("tree", None, 1),
            ("tree", {"children": [{"children": []}]}, {"children": [{"children": [1]}]}),
            ("tags", ["a", "b"], ["a", "a"]),
            ("prices", {"a": 1}, {"a": "1"}),
        ],
    )
    def test_references_into_the_root(self, name: str, good: Json, bad: Json) -> None:
        field = compile_schema(PYDANTIC).field(name)
        assert field is not None
        assert (field.faults(good), bool(field.faults(bad))) == ([], True)
        assert value_faults(PYDANTIC["properties"][name], good, root=PYDANTIC) == []
        assert value_faults(PYDANTIC["properties"][name], bad, root=PYDANTIC)

    @pytest.mark.parametrize(
        ("schema", "value", "fault"),
        [
            (INTEGER, "3", "must be integer, not string"),
            ({"type": ["string", "null"]}, True, "must be string or null, not boolean"),
            ({"enum": ["a", 1]}, "b", 'must be one of "a", 1'),
            ({"minimum": 3}, 2, "must be at least 3"),
            (an_object({"x": TEXT}), {}, "lacks the member 'x'"),
            ({"items": an_object({"x": TEXT})}, [{"x": 1}], "'0.x' must be string, not integer"),
            (an_object({}, additionalProperties=False), {"x": 1}, "breaks the rule 'additionalProperties'"),
        ],
    )
    def test_faults_are_plain_sentences(self, schema: Json, value: Json, fault: str) -> None:
        assert value_faults(schema, value) == [fault]

    def test_json_types(self) -> None:
        assert value_faults(INTEGER, 3.0) == []
        assert value_faults(INTEGER, True) and value_faults(NUMBER, False)
        assert value_faults({"enum": [1]}, True) and value_faults({"uniqueItems": True}, [1, 1.0])
        assert value_faults({"uniqueItems": True}, [1, True, "1"]) == []

    def test_no_regular_expression_of_a_schema_is_run(self) -> None:
        schema = {"pattern": "^(a+)+$", "format": "email"}
        named = {"patternProperties": {"^(a+)+$": TEXT}, "additionalProperties": False}
        started = time.process_time()
        assert value_faults(schema, "a" * 60 + "!") == []
        assert value_faults(named, {"a" * 60 + "!": 1}) == []
        assert time.process_time() - started < 3

    def test_work_is_bounded(self) -> None:
        twice = [{"type": "array", "items": {"$ref": "#/$defs/A"}}] * 2
        schema = with_property({"$ref": "#/$defs/A"}, **{"$defs": {"A": {"anyOf": twice}}})
        check_schema(schema)
        value: Json = 1
        for _ in range(28):
            value = [value]
        assert value_faults(schema, {"a": value}) == ["it is too intricate to be checked against the schema"]
        mixed = [None, "a", *range(20_000)]
        started = time.process_time()
        assert value_faults({"uniqueItems": True}, mixed) == []
        assert time.process_time() - started < 10

    def test_a_schema_field_of_the_standard_does_not_bring_the_standards_rules_back(self) -> None:
        schema = {"items": {"$schema": "http://json-schema.org/draft-07/schema#", "pattern": "b"}}
        assert value_faults(schema, ["a"]) == []


def test_the_same_schema_is_compiled_once() -> None:
    assert compile_schema(an_object({"a": TEXT})) is compile_schema(an_object({"a": {"type": "string"}}))
    assert compile_schema(an_object({"a": {"const": 1}})) is not compile_schema(an_object({"a": {"const": True}}))


class TestTypes:
    @pytest.mark.parametrize(
        ("schema", "expected"),
        [
            (TEXT, "string"),
            (NUMBER, "number"),
            (INTEGER, "integer"),
            ({"type": ["null", "string"]}, "string or null"),
            ({"anyOf": [TEXT, {"type": "null"}]}, "string or null"),
            ({"enum": ["a", 1, None]}, "integer or string or null"),
            ({"const": 1.5}, "number"),
            ({"allOf": [{"type": ["string", "integer"]}, NUMBER]}, "integer"),
            ({"$ref": "#/$defs/A"}, "array"),
            (False, "nothing"),
            ({"allOf": [TEXT, NUMBER]}, "nothing"),
            ({"$ref": "#/$defs/Loop"}, "array or boolean or number or object or string or null"),
        ],
    )
    def test_types_of(self, schema: Json, expected: str) -> None:
        root = {"$defs": {"A": {"type": "array"}, "Loop": {"$ref": "#/$defs/Loop"}}}
        assert type_names(types_of(schema, root)) == expected


def array_of(schema: Json) -> Json:
    return {"type": "array", "items": schema}


class TestCanFit:
    @pytest.mark.parametrize(
        ("producer", "consumer", "fits"),
        [
            (TEXT, TEXT, True),
            (TEXT, NUMBER, False),
            (INTEGER, NUMBER, True),
            (NUMBER, INTEGER, True),
            (True, TEXT, True),
            (TEXT, {}, True),
            ({"anyOf": [TEXT, NULL]}, TEXT, True),
            ({"anyOf": [TEXT, NULL]}, {"anyOf": [NUMBER, NULL]}, True),
            ({"enum": ["a", "b"]}, {"enum": ["b", "c"]}, True),
            ({"enum": ["a"]}, {"enum": ["b", "c"]}, False),
            (array_of(TEXT), array_of(TEXT), True),
            (array_of(TEXT), array_of(NUMBER), False),
            (array_of(array_of(TEXT)), array_of(array_of(NUMBER)), False),
            ({"type": "array"}, array_of(NUMBER), True),
            ({"anyOf": [array_of(TEXT), NULL]}, {"anyOf": [array_of(NUMBER), NULL]}, False),
            ({"anyOf": [array_of(TEXT), array_of(NUMBER)]}, array_of(NUMBER), True),
            (an_object({"a": TEXT, "b": NUMBER}), an_object({"a": TEXT}), True),
            (an_object({"a": TEXT}), an_object({"a": NUMBER}), False),
            (an_object({"a": TEXT}), an_object({"a": NUMBER}, []), True),
            (an_object({"a": TEXT}), an_object({"b": TEXT}), False),
            (an_object({"a": TEXT}, additionalProperties=True), an_object({"b": TEXT}), True),
            ({"type": "object"}, an_object({"b": TEXT}), True),
            ({"$ref": "#/$defs/Text"}, TEXT, True),
            (array_of({"$ref": "#/$defs/Text"}), array_of(NUMBER), False),
            ({"$ref": "#/$defs/Tree"}, {"$ref": "#/$defs/Tree"}, True),
        ],
    )
    def test_false_only_when_nothing_can_fit(self, producer: Json, consumer: Json, fits: bool) -> None:
        tree = an_object({"children": array_of({"$ref": "#/$defs/Tree"})})
        root = {"$defs": {"Text": TEXT, "Tree": tree}}
        assert can_fit(producer, consumer, producer_root=root, consumer_root=root) is fits

    @given(
        value=st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=3), st.lists, max_leaves=5)
    )
    def test_a_value_that_both_accept_proves_that_they_fit(self, value: Json) -> None:
        schemas = [
            TEXT,
            INTEGER,
            {"type": ["string", "null"]},
            {"const": value},
            array_of({}),
            array_of(NUMBER),
            {},
        ]
        for producer, consumer in product(schemas, schemas):
            if not value_faults(producer, value) and not value_faults(consumer, value):
                assert value in (None, []) or can_fit(producer, consumer, producer_root={}, consumer_root={})
