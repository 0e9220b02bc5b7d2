"""Plans out of their wrappings, and names out of theirs."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orra.base.strictjson import Json
from planengine.planners.unwrapping import is_task, plan_in, unquoted, with_known_names

KNOWN = {"find_order", "functions.list", "api.status", "send.mail"}
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
)


def named(name: Json) -> Json:
    plan = {"tasks": [{"id": "task0", "input": {}}, {"id": "task1", "service": name, "input": {}}]}
    return with_known_names(plan, is_known=KNOWN.__contains__)["tasks"][1]["service"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("find_order", "find_order"),
        ("find_order<|channel|>commentary", "find_order"),
        ("find_order <|end|>", "find_order"),
        ("functions.find_order<|channel|>json", "find_order"),
        ("tools/find_order", "find_order"),
        ("default_api:find_order", "find_order"),
        ("functions.list", "functions.list"),  # a name of its own
        ("list", "list"),  # nobody's: nothing is added
        ("crm.find_order", "crm.find_order"),  # another's, perhaps
        ("functions.functions.find_order", "functions.functions.find_order"),
        ("<|channel|>", "<|channel|>"),
        ("", ""),
        (None, None),
    ],
)
def test_a_name_is_freed_where_that_makes_it_known(written: Json, meant: Json) -> None:
    assert named(written) == meant


@given(VALUES)
def test_any_value_is_looked_at(value: Json) -> None:
    found = plan_in(value)
    assert found is None or isinstance(found["tasks"], list)
    is_task(value)
    unquoted(json.dumps(value))
    with_known_names(value, is_known=KNOWN.__contains__)


@given(st.dictionaries(TEXTS, VALUES, max_size=3))
def test_what_is_not_wrapped_stays_as_it_is(values: dict[str, Json]) -> None:
    """A param's value may be text that is JSON: only what must be an object or a list is read as one."""
    plan = {"tasks": [{"id": "task0", "input": values | {"text": '{"a": [1]}', "list": "[1]"}}]}
    assert plan_in(plan) == plan
    assert plan_in({"plan": plan}) == plan
    assert plan_in(json.dumps(plan)) == plan


def test_a_string_is_unquoted_as_often_as_it_was_quoted_and_no_deeper() -> None:
    assert unquoted(json.dumps(json.dumps("{}"))) == "{}"
    assert unquoted('say "yes"') == 'say "yes"'
    assert unquoted('"half') == '"half'
