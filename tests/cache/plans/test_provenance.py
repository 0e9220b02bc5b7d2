from __future__ import annotations

import copy
import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cache.plans.provenance import CannotFill, Recipe, RecipeInvalid, check_with_sentinels, fill_plan, trace
from cache.templates.slots import leaves
from cache.templates.templates import fill, make_template
from cache.templates.tokens import joined
from orra.base.strictjson import Json, same


def plan_of(constants: dict[str, Json]) -> Json:
    inputs = {field: f"$task0.{field}" for field in constants}
    return {
        "tasks": [{"id": "task0", "input": constants}, {"id": "task1", "service": "shop", "input": inputs}],
        "parallel_groups": [["task1"]],
    }


def recipe_of(action: str, params: dict[str, Json], constants: dict[str, Json]) -> Recipe:
    """The recipe as it is stored: rehearsed, written and read back."""
    plan, template = plan_of(constants), make_template(action, params)
    recipe = trace(plan, template, params)
    assert recipe.reusable == check_with_sentinels(plan, recipe, template, params)
    return Recipe.from_json(json.loads(json.dumps(recipe.to_json())))


def served(
    action: str,
    params: dict[str, Json],
    constants: dict[str, Json],
    *,
    to: str,
    having: dict[str, Json] | None = None,
) -> Json:
    """task0's input when the plan for ``action`` serves the request ``to``."""
    recipe, plan = recipe_of(action, params, constants), plan_of(constants)
    before = copy.deepcopy(plan)
    filled = fill_plan(plan, recipe, make_template(to, having or {}), having or {})
    assert plan == before
    assert filled["tasks"][1:] == plan["tasks"][1:]
    return filled["tasks"][0]["input"]


@pytest.mark.parametrize(
    ("action", "value", "to", "expected"),
    [
        ("Pay 12,50 EUR", 12.5, "Pay 1.234,50 EUR", 1234.5),
        ("Pay 12.50 EUR", 12.5, "Pay 1.234 EUR", 1234),
        ("Pay 5k EUR", 5000, "Pay 750 EUR", 750),
        ("Pay 750 EUR", 750, "Pay twelve EUR", None),
        ("Take 5 of them", 5, "Take forty-two of them", 42),
        ("Take 5 of them", 5, "Take 1.234 of them", None),
        ("Take 5 of them", 5, "Take 1,5 of them", 1.5),
        ("Take 5 of them", "5", "Take 1,5 of them", "1,5"),
        ("Take 5 of them", 5, "Take 0.1234567890123456789 of them", None),
        ("Come on May 6, 2031", "2031-05-06", "Come on 25/12/2031", "2031-12-25"),
        ("Come on 2031-05-06", "2031-05-06", "Come on 05/06/2031", None),
        ("Come on 2031-05-06", "2031-05-06", "Come on tomorrow", None),
        ("Come on May 6, 2031", "May 6, 2031", "Come on tomorrow", "tomorrow"),
    ],
)
def test_values_are_filled_in_the_form_of_the_plan_or_not_at_all(
    action: str, value: Json, to: str, expected: Json
) -> None:
    assert recipe_of(action, {}, {"value": value}).reusable
    if expected is not None:
        assert same(served(action, {}, {"value": value}, to=to), {"value": expected})
    elif make_template(to, {}).key == make_template(action, {}).key:
        with pytest.raises(CannotFill):
            served(action, {}, {"value": value}, to=to)


@pytest.mark.parametrize(
    ("action", "value"),
    [
        ("Take 1.234 of them", 1234),
        ("Take 1.234 of them", 1.234),
        ("Take 1,000 of them", 1000),
        ("Take 1 500 of them", 1500),
        ("Pay 1 500 EUR", 1500),
        ("Take -5 of them", 5),
        ("Come on 05/06/2031", "2031-05-06"),
    ],
)
def test_what_may_be_a_guess_serves_the_identical_request_only(action: str, value: Json) -> None:
    assert not recipe_of(action, {}, {"value": value}).reusable


def test_literals_of_the_first_action_do_not_stay() -> None:
    constants = {"order": "1234", "number": 1234, "label": "#1234", "note": "About #1234!", "limit": 10}
    assert served("Process order #1234", {}, constants, to="Process order #5678") == {
        "order": "5678",
        "number": 5678,
        "label": "#5678",
        "note": "About #5678!",
        "limit": 10,
    }


def test_equal_values_of_two_params_do_not_collide() -> None:
    both = {"from": "NYC", "to": "NYC"}
    other = {"from": "NYC", "to": "LON"}
    assert served("Fly from NYC to NYC", both, both, to="Fly from NYC to LON", having=other) == other


def test_a_number_is_not_its_text() -> None:
    first = {"count": 1, "code": "1"}
    other = {"count": 2, "code": "3"}
    assert served("Count them", first, first, to="Count them", having=other) == other


def test_nested_values_are_replaced_by_path() -> None:
    first = {"address": {"city": "Oslo", "lines": ["Main street 1"]}}
    other = {"address": {"city": "Rome", "lines": ["Via Po 2"]}}
    constants = {**first, "city": "Oslo", "label": "To Main street 1"}
    assert served("Ship it", first, constants, to="Ship it", having=other) == {
        **other,
        "city": "Rome",
        "label": "To Via Po 2",
    }


def test_the_whole_action_is_replaced_by_the_new_one() -> None:
    assert served("Find inns by Friday", {}, {"query": "Find inns by Friday"}, to="Find inns by Monday") == {
        "query": "Find inns by Monday"
    }


def test_literals_in_service_tasks_are_replaced_too() -> None:
    plan = plan_of({})
    plan["tasks"][1]["input"] = {"order": {"id": "ORD-17"}}
    template, asked = make_template("Refund ORD-17", {}), make_template("Refund ORD-18", {})
    recipe = trace(plan, template, {})
    assert check_with_sentinels(plan, recipe, template, {})
    assert fill_plan(plan, recipe, asked, {})["tasks"][1]["input"] == {"order": {"id": "ORD-18"}}


@pytest.mark.parametrize(
    ("params", "constants", "code"),
    [
        ({}, {}, "param_missing"),
        ({"id": "A-2", "extra": 1}, {}, "param_unknown"),
    ],
)
def test_other_params_are_a_miss(params: dict[str, Json], constants: dict[str, Json], code: str) -> None:
    with pytest.raises(CannotFill) as error:
        served("Show it", {"id": "A-1"}, {"id": "A-1", **constants}, to="Show it", having=params)
    assert error.value.code == code


def test_a_literal_that_no_task_takes_must_be_the_same() -> None:
    assert served("Enable 2FX", {}, {"user": "all"}, to="enable 2fx") == {"user": "all"}
    with pytest.raises(CannotFill) as error:
        served("Enable 2FX", {}, {"user": "all"}, to="Enable 3DS")
    assert error.value.code == "literal_differs"


def test_other_kinds_of_literals_are_a_miss() -> None:
    with pytest.raises(CannotFill) as error:
        served("Refund ORD-17", {}, {"order": "ORD-17"}, to="Refund order 17")
    assert error.value.code == "literals_differ"


@pytest.mark.parametrize(
    ("action", "params", "constants"),
    [
        ("Move 5 of 5", {}, {"count": 5}),
        ("Refund ORD-17", {}, {"number": 17}),
        ("Refund ORD-17", {}, {"number": "17"}),
        ("Call Ann Lee", {"name": "Ann Lee"}, {"name": "Ann Lee", "first": "Ann"}),
        ("Call ann lee", {"name": "Ann Lee"}, {"name": "Ann Lee", "title": "DEAR ANN LEE"}),
        ("Translate", {"target": "en"}, {"target": "en", "source": "en"}),
        ("Order some", {"quantity": 5}, {"quantity": 5, "page": 5}),
        ("Show it on May 6, 2031", {"day": "May 6, 2031"}, {"day": "May 6, 2031", "iso": "2031-05-06"}),
        ("Show it", {"id": "A-1"}, {"id": "A-2"}),
    ],
)
def test_what_cannot_be_traced_serves_only_the_identical_request(
    action: str, params: dict[str, Json], constants: dict[str, Json]
) -> None:
    assert not recipe_of(action, params, constants).reusable
    assert served(action, params, constants, to=action, having=params) == constants
    with pytest.raises(CannotFill) as error:
        served(action, params, constants, to=action + "!", having=params)
    assert error.value.code == "identical_request_only"


def test_words_of_the_action_in_the_plan_are_noted() -> None:
    recipe = recipe_of(
        "Play smooth jazz for Ann", {"who": "Ann"}, {"who": "Ann", "genre": "jazz", "mode": "stream"}
    )
    assert recipe.reusable
    assert recipe.text_constants == ("jazz",)


def test_the_rehearsal_notices_a_recipe_that_leaves_a_value_behind() -> None:
    params = {"id": "A-1"}
    plan, template = plan_of({"id": "A-1", "label": "Order A-1"}), make_template("Show it", params)
    recipe = trace(plan, template, params)
    assert check_with_sentinels(plan, recipe, template, params)
    stored = recipe.to_json()
    for lost in stored["places"]:
        kept = [place for place in stored["places"] if place is not lost]
        assert len(kept) == 1
        assert not check_with_sentinels(plan, Recipe.from_json({**stored, "places": kept}), template, params)


def test_the_rehearsal_accepts_values_that_look_like_its_own_words() -> None:
    params: dict[str, Json] = {
        "kind": "sentinel",
        "field": "value",
        "digit": "5",
        "number": 0,
        "none": None,
        "on": True,
    }
    assert recipe_of("Show it", params, params).reusable


word = st.sampled_from(["order", "for", "ship", "Blue", "page", "ORD-1", "#7"])
old = st.sampled_from(["old1", "old two", "Old-3", "44", "OLD four 4", "o5"])
plan_text = st.lists(
    st.one_of(word, old, st.sampled_from(["old", "two", "3", "four", ", "])), min_size=1, max_size=4
)


@given(
    params=st.dictionaries(
        st.sampled_from(["id", "name", "tags", "box"]), old | st.lists(old, max_size=2), max_size=3
    ),
    # With a word of its own: an action that is nothing but a param's value keeps it as text.
    action=st.lists(st.one_of(word, old), max_size=6).map(lambda words: " ".join(["Check", *words])),
    extra=st.dictionaries(st.sampled_from(["note", "ids", "label"]), plan_text.map(" ".join), max_size=3),
)
def test_substitution_never_leaves_an_old_value_behind(
    params: dict[str, Json], action: str, extra: dict[str, Json]
) -> None:
    constants = {**params, **extra}
    plan, template = plan_of(constants), make_template(action, params)
    recipe = trace(plan, template, params)
    own = fill_plan(plan, recipe, template, params)
    assert own == plan
    assume(recipe.reusable)
    assert check_with_sentinels(plan, recipe, template, params)
    fresh = {field: ["new"] * len(value) if isinstance(value, list) else "new" for field, value in params.items()}
    asked = make_template(
        fill(template, ["new" if slot.kind == "param" else slot.raw for slot in template.slots]), fresh
    )
    filled = fill_plan(plan, recipe, asked, fresh)
    for value in params.values():
        for item in value if isinstance(value, list) else [value]:
            held = joined(item)
            assert not any(held in joined(text) for _, text in leaves(filled["tasks"][0]["input"]) if text)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(
    plan=anything | st.builds(lambda tasks: {"tasks": tasks}, anything),
    params=st.dictionaries(st.text(max_size=4), anything, max_size=2),
)
def test_plans_of_any_shape_are_survived(plan: Json, params: dict[str, Json]) -> None:
    template = make_template("Refund ORD-17", params)
    recipe = trace(plan, template, params)
    check_with_sentinels(plan, recipe, template, params)
    assert same(fill_plan(plan, recipe, template, params), plan)


@given(
    anything, st.sampled_from(["reusable", "request", "fields", "literals", "places", "pinned", "text_constants"])
)
def test_a_damaged_recipe_is_refused_or_cannot_fill(value: Json, member: str) -> None:
    params = {"id": "A-1"}
    plan, template = plan_of({"id": "A-1", "label": "Order A-1"}), make_template("Show it", params)
    stored = {**trace(plan, template, params).to_json(), member: value}
    try:
        fill_plan(plan, Recipe.from_json(stored), template, params)
        fill_plan(value, Recipe.from_json(stored), template, params)
    except (RecipeInvalid, CannotFill) as error:
        assert error.code


def test_a_place_that_the_plan_lacks_cannot_be_filled() -> None:
    params = {"id": "A-1"}
    recipe = recipe_of("Show it", params, params)
    damaged: list[Json] = [
        None,
        [],
        {"tasks": None},
        {"tasks": [{}]},
        {"tasks": [{"input": []}]},
        {"tasks": [{"input": {}}]},
    ]
    for plan in damaged:
        with pytest.raises(CannotFill):
            fill_plan(plan, recipe, make_template("Show it", params), params)
