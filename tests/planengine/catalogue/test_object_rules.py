"""What a schema says of an object as a whole: told in words, and judged as the library judges it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from orra.base.strictjson import Json
from planengine.catalogue.schemas import (
    Field,
    ObjectSchema,
    check_schema,
    compile_input_schema,
    types_of,
    value_faults,
)
from tests.planengine.shop import NUMBER, TEXT, an_object

NAMES = ("a", "b", "c")
VALUES: tuple[Json, ...] = ("x", "y", 1, None)
CARD = an_object({"card": TEXT, "iban": TEXT, "holder": TEXT}, [])


def told(schema: Json, values: Mapping[str, Json] | None = None, *awaited: str, **givers: Field) -> list[str]:
    compiled = compile_input_schema(schema)
    return [rule.words for rule in compiled.broken(values or {}, dict.fromkeys(awaited) | givers)]


def field(schema: Json) -> Field:
    found = ObjectSchema(an_object({"x": schema})).field("x")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("rule", "broken", "kept", "words"),
    [
        (
            {"anyOf": [{"required": ["card"]}, {"required": ["iban"]}]},
            {"holder": "A"},
            {"iban": "1"},
            "Give at least one of 'card' and 'iban'.",
        ),
        (
            {"oneOf": [{"required": ["card"]}, {"required": ["iban"]}]},
            {"card": "1", "iban": "2"},
            {"card": "1"},
            "Give exactly one of 'card' and 'iban'.",
        ),
        (
            {"oneOf": [{"$ref": "#/$defs/C"}, {"required": ["iban"]}], "$defs": {"C": {"required": ["card"]}}},
            {},
            {"card": "1"},
            "Give exactly one of 'card' and 'iban'.",
        ),
        (
            {"allOf": [{"not": {"required": ["card", "iban"]}}]},
            {"card": "1", "iban": "2"},
            {"iban": "2"},
            "Do not give 'card' and 'iban' together.",
        ),
        ({"not": {"required": ["card"]}}, {"card": "1"}, {}, "Do not give 'card'."),
        (
            {"dependentRequired": {"card": ["holder"]}},
            {"card": "1"},
            {"holder": "A"},
            "With 'card' give 'holder' too.",
        ),
        (
            {"dependencies": {"card": ["holder"]}},
            {"card": "1"},
            {"holder": "A"},
            "With 'card' give 'holder' too.",
        ),
        (
            {"dependentSchemas": {"card": {"required": ["holder"]}}},
            {"card": "1"},
            {"card": "1", "holder": "A"},
            "With 'card': 'holder' is given.",
        ),
        (
            {
                "if": {"properties": {"holder": {"const": "A"}}, "required": ["holder"]},
                "then": {"required": ["iban"]},
                "else": {"required": ["card"]},
            },
            {"holder": "A", "card": "1"},
            {"holder": "B", "card": "1"},
            "If 'holder' is \"A\", then 'iban' is given. Otherwise 'card' is given.",
        ),
        ({"minProperties": 2}, {"card": "1"}, {"card": "1", "iban": "2"}, "Give at least 2 inputs."),
        ({"maxProperties": 1}, {"card": "1", "iban": "2"}, {"card": "1"}, "Give at most 1 input."),
        (
            {"additionalProperties": True, "propertyNames": {"maxLength": 6}},
            {"identity": 1},
            {"ident": 1},
            'Every input\'s name must fit {"maxLength": 6}.',
        ),
        (
            {"allOf": [{"properties": {"card": {}, "iban": {}}, "unevaluatedProperties": False}]},
            {"holder": "A"},
            {"card": "1"},
            "Give no inputs but those of the alternatives that hold.",
        ),
        (
            {
                "anyOf": [
                    {"properties": {"holder": {"const": "A"}}, "required": ["holder", "iban"]},
                    {"minProperties": 3},
                ]
            },
            {"holder": "B", "iban": "1"},
            {"holder": "A", "iban": "1"},
            "At least one of these must hold: (1) 'holder' is \"A\" and 'iban' is given; (2) at least 3 inputs are"
            " given.",
        ),
    ],
)
def test_a_rule_that_is_broken_is_told_in_words(
    rule: Json, broken: dict[str, Json], kept: dict[str, Json], words: str
) -> None:
    schema = CARD | rule
    check_schema(schema)
    assert told(schema, broken) == [words]
    assert told(schema, kept) == []


class TestWhatIsNotKnownYet:
    def test_names_decide_where_values_do_not_matter(self) -> None:
        either = CARD | {"oneOf": [{"required": ["card"]}, {"required": ["iban"]}]}
        assert told(either, {}, "card") == []
        assert told(either, {}, "card", "iban") == ["Give exactly one of 'card' and 'iban'."]
        assert told(either, {}, "holder") == ["Give exactly one of 'card' and 'iban'."]
        assert told(CARD | {"dependentRequired": {"card": ["holder"]}}, {}, "card")
        assert told(CARD | {"maxProperties": 1}, {"card": "1"}, "iban")

    def test_and_types_that_are_certain(self) -> None:
        members = [an_object({"card": TEXT}), an_object({"iban": TEXT})]
        assert told(CARD | {"oneOf": members}, {}, "card", "iban") == ["Give exactly one of 'card' and 'iban'."]
        other = {"type": "object", "oneOf": [an_object({"to": TEXT}), an_object({"to": NUMBER, "by": TEXT})]}
        assert told(other, {}, to=field(TEXT)) == []
        assert told(other, {}, to=field(NUMBER))
        assert told(other, {"by": "post"}, to=field(NUMBER)) == []

    def test_a_condition_that_depends_on_a_value_to_come_is_taken_to_be_met(self) -> None:
        schema = CARD | {
            "if": {"properties": {"holder": {"const": "A"}}, "required": ["holder"]},
            "then": {"required": ["iban"]},
        }
        assert told(schema, {"holder": "A"})
        assert told(schema, {}, "holder") == []
        assert told(schema, {}, holder=field({"enum": ["B", "C"]})) == []
        assert (
            told(CARD | {"not": {"properties": {"card": {"const": "1"}}, "required": ["card"]}}, {}, "card") == []
        )

    def test_what_only_a_regular_expression_would_tell_is_no_fault(self) -> None:
        starts = {"properties": {"holder": {"pattern": "^A"}}, "required": ["holder"]}
        assert told(CARD | {"not": starts}, {"holder": "B"}) == []
        assert told(CARD | {"if": starts, "then": {"required": ["iban"]}}, {"holder": "B"}) == []
        assert told(CARD | {"oneOf": [starts, {"required": ["holder"]}]}, {"holder": "B"}) == []
        assert told(CARD | {"oneOf": [starts, {"required": ["card"]}]}, {"holder": "B", "card": "1"}) == []
        assert told(CARD | {"oneOf": [starts, {"required": ["card"]}]}, {})


MEMBER = st.sampled_from(
    (True, {"const": "x"}, {"enum": ["x", 1]}, TEXT, {"type": ["integer", "null"]}, {"not": {"const": "y"}}, False)
)


def an_object_schema(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    names = st.lists(st.sampled_from(NAMES), max_size=2, unique=True)
    several = st.lists(inner, min_size=1, max_size=3)
    return st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.sampled_from(NAMES), MEMBER, max_size=2),
            "required": names,
            "anyOf": several,
            "oneOf": several,
            "allOf": several,
            "not": inner,
            "if": inner,
            "then": inner,
            "else": inner,
            "dependentRequired": st.dictionaries(st.sampled_from(NAMES), names, max_size=2),
            "dependentSchemas": st.dictionaries(st.sampled_from(NAMES), inner, max_size=2),
            "minProperties": st.integers(0, 2),
            "maxProperties": st.integers(1, 3),
            "propertyNames": st.sampled_from(({"enum": ["a", "b"]}, {"const": "a"}, True)),
            "additionalProperties": MEMBER,
            "unevaluatedProperties": st.sampled_from((False, True, TEXT)),
            "enum": st.just([{"a": "x"}, {"a": 1, "b": "y"}]),
            "$ref": st.just("#/$defs/D"),
        },
    )


LEAF = an_object_schema(st.booleans()).map(lambda schema: {k: v for k, v in schema.items() if k != "$ref"})
SCHEMA = st.builds(
    lambda schema, definition: (
        {"type": "object", "additionalProperties": True} | schema | {"$defs": {"D": definition}}
    ),
    an_object_schema(st.booleans() | LEAF | an_object_schema(LEAF)),
    LEAF,
)
OBJECT = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES))


def accepts(schema: ObjectSchema, values: Mapping[str, Json]) -> bool:
    """As validation asks: names, then values, then rules."""
    fields = [(schema.field(name), value) for name, value in values.items()]
    certain = [(found, value) for found, value in fields if found is None or not found.in_branches]
    return (
        all(name in values for name in schema.required)
        and all(found is not None and not found.faults(value) for found, value in certain)
        and not schema.broken(values, {})
    )


@settings(max_examples=80, deadline=None)
@given(schema=SCHEMA, values=OBJECT)
def test_with_all_values_known_it_is_the_library_that_decides(schema: Json, values: dict[str, Json]) -> None:
    assume(types_of(schema, schema) == {"object"})  # no other is registered
    assert accepts(ObjectSchema(schema), values) is Draft202012Validator(schema).is_valid(values)


@settings(max_examples=80, deadline=None)
@given(
    schema=SCHEMA,
    values=OBJECT,
    givers=st.dictionaries(st.sampled_from(NAMES), st.none() | MEMBER, min_size=1),
)
def test_what_some_completion_would_satisfy_is_never_refused(
    schema: Json, values: dict[str, Json], givers: dict[str, Json]
) -> None:
    known = {name: value for name, value in values.items() if name not in givers}
    fields = {name: None if giver is None else field(giver) for name, giver in givers.items()}
    library = Draft202012Validator(schema)
    given_by = {
        name: [value for value in VALUES if giver is None or Draft202012Validator(giver).is_valid(value)]
        for name, giver in givers.items()
    }
    completions = (known | dict(zip(givers, chosen, strict=True)) for chosen in product(*given_by.values()))
    if any(map(library.is_valid, completions)):
        assert not ObjectSchema(schema).broken(known, fields)


@settings(max_examples=80, deadline=None)
@given(schema=SCHEMA, values=OBJECT)
def test_a_pattern_that_says_nothing_of_the_values_changes_nothing(schema: Json, values: dict[str, Json]) -> None:
    pattern = {"not": {"properties": {"z": {"pattern": "^a"}}, "required": ["z"]}}
    patterned = schema | {"allOf": [*schema.get("allOf", ()), pattern]}
    assert (value_faults(patterned, values) == []) is Draft202012Validator(schema).is_valid(values)
