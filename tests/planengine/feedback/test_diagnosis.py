"""The three tellings of the same problems."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given

from orra.base.strictjson import Json
from planengine.catalogue.specs import Catalogue
from planengine.feedback.corrections import Corrections
from planengine.feedback.diagnosis import Diagnosis, diagnose, most_causal, tell_briefly, tell_in_detail
from planengine.validation.problems import Problem
from planengine.validation.rules import validate
from tests.planengine.shop import NUMBER, TEXT, a_draft, a_service, shop
from tests.planengine.validation.test_rules import drafts, inputs

LAPTOP = {"query": "a used laptop", "budget": "800", "category": "laptop"}
COMPOSITE = "$task0.query budget: $task0.budget category: $task0.category"


def problems_of(
    draft: Json, params: Mapping[str, Json], *, catalogue: Catalogue = shop, action: str = "Do it."
) -> tuple[Problem, ...]:
    problems = validate(draft, catalogue=catalogue, params=params, action=action).problems
    assert problems
    return problems


def diagnosis_of(
    draft: Json, params: Mapping[str, Json], *, catalogue: Catalogue = shop, action: str = "Do it."
) -> Diagnosis:
    problems = problems_of(draft, params, catalogue=catalogue, action=action)
    return diagnose(problems, draft=draft, catalogue=catalogue, params=params)


def corrections_of(draft: Json, params: Mapping[str, Json], *, catalogue: Catalogue = shop) -> Corrections:
    return Corrections(draft, catalogue=catalogue, params=params, action="Do it.")


def tellings_of(
    problems: tuple[Problem, ...], draft: Json, params: Mapping[str, Json], *, action: str = "Do it."
) -> tuple[str, str]:
    """Briefly and in detail."""
    corrections = corrections_of(draft, params)
    return (
        tell_briefly(problems, corrections),
        tell_in_detail(problems, corrections, catalogue=shop, params=params, action=action),
    )


def test_briefly_problems_with_one_cure_are_told_once() -> None:
    draft = a_draft({"order_id": "ORD-17"}, ("find-order", {"orderId": "$task0.order_id"}))
    brief, _ = tellings_of(problems_of(draft, {"orderId": "ORD-17"}), draft, {"orderId": "ORD-17"})
    assert brief == (
        "Validation Errors:\n"
        "- Task0 input field 'order_id' doesn't match any action parameter. "
        "Right: In 'task0', write \"orderId\": \"ORD-17\" instead of 'order_id'."
    )


def test_at_most_five_problems_are_told_and_the_rest_is_counted() -> None:
    problems = tuple(Problem("code", f"problem {number}\nof many", "task1") for number in range(9))
    for text in tellings_of(problems, None, {}):
        assert "problem 4 of many" in text and "problem 5" not in text
        assert "And 4 more, which may go away with these." in text


def test_what_causes_others_is_told_first() -> None:
    codes = ("unused_param", "missing_input", "composite_reference", "cycle", "unknown_task0_field")
    found = most_causal([Problem(code, code) for code in (*codes, "unknown_service", "duplicate_task")])
    assert [problem.code for problem in found] == ["duplicate_task", "unknown_service", *reversed(codes)]


def test_in_detail_says_where_and_what_would_be_right() -> None:
    draft = a_draft({"orderId": "ORD-17"}, ("refund", {"orderId": "$task0.orderId", "sum": 20}))
    params = {"orderId": "ORD-17"}
    _, text = tellings_of(problems_of(draft, params), draft, params, action="Refund ORD-17")
    assert "Where: task1, 'sum'" in text
    assert "'$task0.orderId'" in text
    assert "'refund' takes 'orderId': string (required), 'amount': number (required), 'reason': string" in text
    assert "'search-laptops'" not in text


class TestLaptopCase:
    @pytest.mark.parametrize("service", ["search-laptops", "s_search-laptops"])
    def test_the_request_is_at_fault_and_both_ways_out_name_names(self, service: str) -> None:
        told = diagnosis_of(a_draft(LAPTOP, (service, {"query": COMPOSITE})), LAPTOP)
        assert told.text.startswith(
            "ORCHESTRATION ERROR: Found invalid task0 references in downstream tasks.\nPROBLEM: "
        )
        assert COMPOSITE in told.text
        required, removed = told.how_to_fix
        assert "If required, update" in required and "'search-laptops'" in required
        assert "'budget', 'category'" in required and "'query'" not in required
        assert "remove 'budget', 'category' from your orchestration request" in removed
        assert told.text.endswith(f"HOW TO FIX:\n1. {required}\n2. {removed}")

    @pytest.mark.parametrize(
        "query_inputs", [{"query": "$task0.query"}, {"query": "$task0.query", "budget": "$task0.budget"}]
    )
    def test_however_the_model_dealt_with_them(self, query_inputs: Json) -> None:
        told = diagnosis_of(a_draft(LAPTOP, ("search-laptops", query_inputs)), LAPTOP)
        assert "no chosen service takes" in told.text and "'search-laptops'" in told.how_to_fix[0]
        assert all("'budget', 'category'" in fix for fix in told.how_to_fix)

    def test_a_service_that_would_take_them_is_named(self) -> None:
        catalogue = Catalogue([*shop, a_service("search-offers", {"query": TEXT, "budget": TEXT}, {})])
        told = diagnosis_of(a_draft(LAPTOP, ("search-laptops", {"query": COMPOSITE})), LAPTOP, catalogue=catalogue)
        assert "'search-offers'" in told.how_to_fix[2]

    def test_a_composite_of_params_that_are_taken_is_the_models_fault(self) -> None:
        params = {"email": "a@b.example", "text": "Hello"}
        told = diagnosis_of(a_draft(params, ("notify", {"email": "$task0.email $task0.text"})), params)
        assert "The model couldn't write a valid execution plan." in told.text
        assert not any("remove" in fix for fix in told.how_to_fix)


class TestOtherCauses:
    def test_a_params_value_that_does_not_fit(self) -> None:
        params = {"orderId": "ORD-17", "amount": "twenty secret euros"}
        draft = a_draft(params, ("refund", {"orderId": "$task0.orderId", "amount": "$task0.amount"}))
        told = diagnosis_of(draft, params)
        assert "'amount'" in told.how_to_fix[0] and "must be number, not string" in told.how_to_fix[0]
        assert "'refund'" in told.how_to_fix[1]
        assert "secret" not in told.text

    def test_an_input_that_nobody_gives(self) -> None:
        catalogue = Catalogue([a_service("ship", {"orderId": TEXT, "weight": NUMBER}, {})])
        params = {"orderId": "ORD-17"}
        draft = a_draft(params, ("ship", {"orderId": "$task0.orderId"}))
        told = diagnosis_of(draft, params, catalogue=catalogue)
        assert "Add 'weight' to the parameters" in told.how_to_fix[0] and "'ship'" in told.how_to_fix[1]
        catalogue = Catalogue([*catalogue, a_service("weigh", {"orderId": TEXT}, {"weight": NUMBER})])
        assert "The model couldn't" in diagnosis_of(draft, params, catalogue=catalogue).text

    def test_an_output_that_is_not_declared(self) -> None:
        params = {"orderId": "ORD-17"}
        draft = a_draft(
            params, ("find-order", {"orderId": "$task0.orderId"}), ("notify", {"email": "$task1.email"})
        )
        told = diagnosis_of(draft, params)
        assert "'find-order'" in told.how_to_fix[0] and "'email'" in told.how_to_fix[0]

    def test_a_service_that_does_not_exist(self) -> None:
        params = {"orderId": "ORD-17"}
        draft = a_draft(params, ("cancel-order", {"orderId": "$task0.orderId"}))
        told = diagnosis_of(draft, params)
        assert "'cancel-order'" in told.how_to_fix[0] and "'find-order'" in told.how_to_fix[1]
        assert "No service is registered" in diagnosis_of(draft, params, catalogue=Catalogue([])).text

    def test_a_value_that_is_made_up(self) -> None:
        params = {"orderId": "ORD-17"}
        draft = a_draft(params, ("refund", {"orderId": "$task0.orderId", "amount": 99}))
        told = diagnosis_of(draft, params)
        assert "Add 'amount' to the parameters" in told.how_to_fix[0] and "'refund'" in told.how_to_fix[1]

    @pytest.mark.parametrize(
        ("amount", "action", "error", "fix"),
        [
            (1234, "Refund 1.234", "can be read in several ways", "OR write a number without marks"),
            (125, "Refund 12,5", "read a value of the action wrongly", "more capable model"),
        ],
    )
    def test_a_value_of_the_action(self, amount: Json, action: str, error: str, fix: str) -> None:
        params = {"orderId": "ORD-17"}
        draft = a_draft(params, ("refund", {"orderId": "$task0.orderId", "amount": amount}))
        found = validate(draft, catalogue=shop, params=params, action=action).problems
        told = diagnose(found, draft=draft, catalogue=shop, params=params)
        assert error in told.text
        assert "Add 'amount' to the parameters" in told.how_to_fix[0] and fix in told.how_to_fix[1]

    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            ("output_truncated", "limit on output tokens"),
            ("no_plan_found", "check_models"),
            ("invalid_json", "evaluate_planner"),
            ("answer_too_large", "evaluate_planner"),
            ("something_new", "more capable model"),
        ],
    )
    def test_answers_without_a_plan(self, code: str, expected: str) -> None:
        told = diagnose([Problem(code, "What was wrong.")], draft=None, catalogue=shop, params={})
        assert "What was wrong." in told.text
        assert any(expected in fix for fix in told.how_to_fix)


@given(draft=drafts, params=inputs)
def test_every_telling_is_bounded_and_none_crashes(draft: Json, params: dict[str, Json]) -> None:
    problems = validate(draft, catalogue=shop, params=params, action="Do it.").problems
    told = diagnose(problems, draft=draft, catalogue=shop, params=params)
    assert told.text.startswith("ORCHESTRATION ERROR: ") and "\nPROBLEM: " in told.text and told.how_to_fix
    tellings = tellings_of(problems, draft, params, action="x" * 5_000)
    assert max(map(len, (told.text, *tellings))) < 15_000


def test_long_names_do_not_make_long_texts() -> None:
    long = "x" * 100_000
    params = {f"{long}{number}": long for number in range(50)}
    draft = a_draft(params, ("search-laptops", {"query": f"$task0.{long}1 and {long}", long: long}))
    problems = problems_of(draft, params)
    tellings = (
        *tellings_of(problems, draft, params, action=long),
        diagnose(problems, draft=draft, catalogue=shop, params=params).text,
    )
    assert max(map(len, tellings)) < 15_000
