"""Which inputs a schema declares, wherever it does so, and which schemas of inputs are refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orra.base.strictjson import Json
from planengine.catalogue.schemas import (
    ObjectSchema,
    SchemaInvalid,
    check_input_schema,
    check_schema,
    compile_input_schema,
    compile_schema,
    type_names,
    value_faults,
)
from tests.planengine.shop import NUMBER, TEXT, an_object

TICKET = an_object({"op": {"const": "open"}, "subject": TEXT})
CLOSING = an_object({"op": {"const": "close"}, "ticket": NUMBER})


def inputs(schema: Json) -> ObjectSchema:
    check_input_schema(schema)
    return compile_input_schema(schema)


class TestInputsOfBranches:
    @pytest.mark.parametrize(
        "branches",
        [
            {"oneOf": [TICKET, CLOSING]},
            {"anyOf": [TICKET, CLOSING]},
            {"allOf": [{"oneOf": [TICKET, {"anyOf": [CLOSING]}]}]},
            {"if": {"properties": {"op": {"const": "open"}}}, "then": TICKET, "else": CLOSING},
            {"dependentSchemas": {"op": {"oneOf": [TICKET, CLOSING]}}},
            {"dependencies": {"op": {"oneOf": [TICKET, CLOSING]}}},
            {"oneOf": [{"$ref": "#/$defs/T"}, {"$ref": "#/$defs/C"}], "$defs": {"T": TICKET, "C": CLOSING}},
        ],
    )
    def test_are_inputs_of_the_types_that_the_branches_say(self, branches: Json) -> None:
        found = inputs({"type": "object", **branches})
        types = {name: type_names(field.types) for name in found.properties if (field := found.field(name))}
        assert types == {"op": "string", "subject": "string", "ticket": "number"}
        field = found.field("op")
        assert field is not None and {"open", "close"} <= set(field.constants)
        assert field.faults(1) and not field.faults("other"), "what is right depends on the branch"
        assert found.field("nothing") is None and found.required == ()

    def test_what_is_forbidden_or_only_denied_is_none(self) -> None:
        schema = {"type": "object", "anyOf": [{"properties": {"a": False, "b": TEXT}}], "not": {"required": ["c"]}}
        assert list(inputs(schema).properties) == ["b"]

    def test_names_that_rules_ask_for_are_inputs_of_any_type(self) -> None:
        schema = an_object({"a": TEXT}, [], anyOf=[{"required": ["b"]}], dependentRequired={"a": ["c"]})
        assert inputs(schema).properties == {"a": TEXT, "b": True, "c": True}

    def test_an_input_that_several_parts_declare_must_suit_them_all(self) -> None:
        schema = {"type": "object", "allOf": [an_object({"a": {"minLength": 2}}), an_object({"a": TEXT})]}
        field = inputs(schema).field("a")
        assert field is not None and field.types == {"string"}
        assert field.faults("x") and field.faults(12) and not field.faults("xy")


class TestInputsOfAnyName:
    @pytest.mark.parametrize(
        ("schema", "is_open"),
        [
            ({"type": "object"}, True),
            ({"type": "object", "minProperties": 1, "description": "Anything."}, True),
            ({"type": "object", "additionalProperties": {}}, True),
            (an_object({"a": TEXT}, additionalProperties=NUMBER), True),
            (an_object({"a": TEXT}, patternProperties={"^x-": TEXT}, additionalProperties=False), True),
            ({"type": "object", "anyOf": [an_object({"a": TEXT}, additionalProperties=True)]}, True),
            ({"type": "object", "properties": {}}, False),
            ({"type": "object", "additionalProperties": False}, False),
            ({"type": "object", "unevaluatedProperties": False}, False),
            (an_object({"a": TEXT}), False),
            ({"type": "object", "anyOf": [an_object({"a": TEXT})]}, False),
        ],
    )
    def test_are_welcome_where_the_schema_says_so_or_says_nothing(self, schema: Json, is_open: bool) -> None:
        found = inputs(schema)
        assert (found.is_open, found.field("anything") is not None) == (is_open, is_open)

    def test_with_values_that_suit_the_schema_of_others(self) -> None:
        field = inputs(an_object({"a": TEXT}, additionalProperties=NUMBER)).field("b")
        assert field is not None and field.faults("x") and not field.faults(1)

    def test_outputs_that_are_not_declared_are_none(self) -> None:
        assert compile_schema({"type": "object"}).field("anything") is None


class TestRefused:
    @pytest.mark.parametrize(
        ("schema", "path", "says"),
        [
            (
                an_object({"a": TEXT}, additionalProperties=False, oneOf=[an_object({"b": TEXT})]),
                "/additionalProperties",
                "'b' is declared elsewhere",
            ),
            (
                {
                    "type": "object",
                    "allOf": [an_object({"a": TEXT}), an_object({"b": TEXT}, additionalProperties=False)],
                },
                "/allOf/1/additionalProperties",
                "unevaluatedProperties",
            ),
            (
                an_object({"a": TEXT}, oneOf=[an_object({"b": TEXT}, additionalProperties=False)]),
                "/oneOf",
                "'a' is refused by every one",
            ),
        ],
    )
    def test_inputs_that_no_request_could_give(self, schema: Json, path: str, says: str) -> None:
        with pytest.raises(SchemaInvalid, match=says) as caught:
            check_input_schema(schema)
        assert caught.value.path == path
        check_schema(schema)  # as an output it does no harm

    @pytest.mark.parametrize(
        ("member", "path", "says"),
        [
            ({"type": "string", "nullable": "yes"}, "/properties/a/nullable", "true or false"),
            ({"dependencies": ["b"]}, "/properties/a/dependencies", "dependentRequired"),
            ({"type": "array", "items": [TEXT]}, "/properties/a/items", "prefixItems"),
            ({"type": "string", "required": True}, "/properties/a/required", '"required" list'),
        ],
    )
    def test_older_words_that_mean_nothing_with_what_to_write(self, member: Json, path: str, says: str) -> None:
        with pytest.raises(SchemaInvalid, match=says) as caught:
            check_schema(an_object({"a": member}))
        assert caught.value.path == path

    def test_a_rule_about_an_input_that_is_not_declared_is_no_fault(self) -> None:
        check_input_schema(an_object({"a": TEXT}, additionalProperties=False, dependentRequired={"old": ["a"]}))
        check_input_schema(an_object({"a": TEXT}, additionalProperties=False, anyOf=[{"required": ["old"]}, {}]))

    def test_alternatives_of_objects_need_no_type_beside_them(self) -> None:
        assert list(inputs({"oneOf": [TICKET, CLOSING]}).properties) == ["op", "subject", "ticket"]
        with pytest.raises(SchemaInvalid, match="must describe an object"):
            check_schema({"oneOf": [TICKET, TEXT]})


class TestAsOpenApiWritesIt:
    @pytest.mark.parametrize(
        ("schema", "types", "good", "bad"),
        [
            ({"type": "string", "nullable": True}, "string or null", None, 1),
            ({"type": "string", "nullable": False}, "string", "x", None),
            ({"type": "string", "enum": ["a"], "nullable": True}, "string or null", None, "b"),
            ({"const": "a", "nullable": True}, "string or null", None, "b"),
            ({"$ref": "#/$defs/Size", "nullable": True}, "string or null", None, "XL"),
            ({"allOf": [{"$ref": "#/$defs/Size"}], "nullable": True}, "string or null", None, "XL"),
            ({"oneOf": [{"type": "string"}, {"type": "integer"}], "nullable": True}, None, None, 1.5),
            ({"type": "array", "items": {"type": "number", "nullable": True}}, "array", [None, 1], [None, "1"]),
            ({"type": "integer", "minimum": 3, "exclusiveMinimum": True}, "integer", 4, 3),
            ({"type": "integer", "maximum": 3, "exclusiveMaximum": False}, "integer", 3, 4),
        ],
    )
    def test_it_is_read_as_it_is_meant(self, schema: Json, types: str | None, good: Json, bad: Json) -> None:
        whole = an_object({"a": schema}) | {"$defs": {"Size": {"enum": ["S", "M"]}}}
        field = inputs(whole).field("a")
        assert field is not None and types in (None, type_names(field.types))
        assert not field.faults(good) and field.faults(bad)

    def test_words_that_are_names_or_data_stay(self) -> None:
        schema = an_object({"nullable": TEXT, "dependencies": TEXT, "a": {"enum": [{"nullable": True}]}})
        assert inputs(schema).properties == schema["properties"]

    def test_all_inputs_together_are_never_null(self) -> None:
        assert list(inputs(an_object({"a": TEXT}, nullable=True)).properties) == ["a"]


@given(
    steps=st.integers(-10_000_000, 10_000_000),
    step=st.sampled_from(["0.01", "0.1", "0.05", "1e-7", "0.3", "2.5", "7"]),
)
def test_multiples_are_counted_in_decimals(steps: int, step: str) -> None:
    value = Decimal(step) * steps
    schema = {"multipleOf": float(step)}
    assert value_faults(schema, float(value)) == []
    assert value_faults(schema, float(value + Decimal(step) / 2))


def test_what_is_no_multiple_is_told() -> None:
    assert value_faults({"multipleOf": 0.05}, 4.99) == ["must be a multiple of 0.05"]
    assert value_faults({"multipleOf": 3}, 10**300) == ["must be a multiple of 3"]
    assert value_faults({"multipleOf": 1e-300}, 1e300) == value_faults({"multipleOf": 2}, "x") == []


def test_a_pattern_under_a_condition_is_a_note_too() -> None:
    assert value_faults({"not": {"pattern": "^a"}}, "b") == []
    assert value_faults({"not": {"pattern": "^a"}}, "a") == []
    assert value_faults({"not": {"type": "integer", "pattern": "^a"}}, 1), "a pattern says nothing of numbers"
    items: Json = {"contains": {"pattern": "^a"}, "maxContains": 1}
    assert value_faults(items, ["b", "c"]) == [] and value_faults(items, [])


def test_what_branches_say_is_shown_as_one() -> None:
    found = inputs({"oneOf": [TICKET, CLOSING, an_object({"subject": {"type": "string", "maxLength": 5}})]})
    assert found.properties["op"] == {"enum": ["open", "close"]}
    assert found.properties["subject"] == {"anyOf": [TEXT, {"type": "string", "maxLength": 5}]}


def test_outputs_of_branches_are_outputs() -> None:
    found = compile_schema({"type": "object", "oneOf": [an_object({"receipt": TEXT}), an_object({"error": TEXT})]})
    assert list(found.properties) == ["receipt", "error"]
