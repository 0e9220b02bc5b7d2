"""What validation accepts, what it puts in order by itself, and what it says about everything else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orra.base.strictjson import Json
from planengine.catalogue.specs import Catalogue
from planengine.validation.problems import MAX_PROBLEMS, Problem, Verdict
from planengine.validation.rules import validate
from tests.planengine.shop import TEXT, a_draft, a_service, an_object, shop

ORDER = {"orderId": "ORD-17"}


def judge(draft: Json, params: Mapping[str, Json] | None = None, action: str = "Do it.", **more: Any) -> Verdict:
    verdict = validate(draft, catalogue=more.get("catalogue", shop), params=params or {}, action=action)
    outcomes = [verdict.plan is not None, bool(verdict.problems), verdict.not_actionable is not None]
    assert outcomes.count(True) == 1
    return verdict


def problems(
    draft: Json, params: Mapping[str, Json] | None = None, action: str = "Do it.", **more: Any
) -> list[Problem]:
    return list(judge(draft, params, action, **more).problems)


def codes(draft: Json, params: Mapping[str, Json] | None = None, action: str = "Do it.", **more: Any) -> list[str]:
    return [problem.code for problem in problems(draft, params, action, **more)]


def refund_with(**inputs: Json) -> dict[str, Json]:
    """One refund of the order; what is not given comes from the params."""
    return a_draft(
        {"orderId": "ORD-17", "amount": 20},
        ("refund", {"orderId": "$task0.orderId", "amount": "$task0.amount", **inputs}),
    )


def refund_codes(action: str = "Refund the order.", **inputs: Json) -> list[str]:
    return codes(refund_with(**inputs), {"orderId": "ORD-17", "amount": 20}, action)


class TestAcceptedPlans:
    def test_groups_are_the_levels_of_the_graph_whatever_the_draft_says(self) -> None:
        draft = a_draft(
            ORDER,
            ("find-order", {"orderId": "$task0.orderId"}),
            ("refund", {"orderId": "$task0.orderId", "amount": "$task1.total"}),
            ("find-customer", {"customerId": "$task1.customerId"}),
            ("notify", {"email": "$task3.email", "text": "$task2.refundId"}),
        )
        draft["parallel_groups"] = [["task4"], ["task1", "nonsense"]]
        plan = judge(draft, ORDER).plan
        assert plan["parallel_groups"] == [["task1"], ["task2", "task3"], ["task4"]]

    def test_task0_comes_first_services_by_name_and_nothing_else_in_a_task(self) -> None:
        draft = a_draft(ORDER, ("s_find-order", {"orderId": "$task0.orderId"}))
        draft["tasks"].reverse()
        draft["tasks"][0]["description"] = "chatter"
        assert judge(draft, ORDER).plan == {
            "tasks": [
                {"id": "task0", "input": {"orderId": "ORD-17"}},
                {"id": "task1", "service": "find-order", "input": {"orderId": "$task0.orderId"}},
            ],
            "parallel_groups": [["task1"]],
        }

    def test_a_param_keeps_the_spelling_of_the_request(self) -> None:
        params = {"orderId": "ORD-17", "amount": 20}
        draft = a_draft(
            {"orderId": "ORD-17", "amount": 20.0},
            ("refund", {"orderId": "$task0.orderId", "amount": "$task0.amount"}),
        )
        assert json.dumps(judge(draft, params).plan["tasks"][0]["input"]) == json.dumps(params)

    def test_a_value_that_looks_like_a_reference_is_data(self) -> None:
        params = {"query": "$task1.offers and $task0.x"}
        plan = judge(a_draft(params, ("search-laptops", {"query": "$task0.query"})), params).plan
        assert plan["tasks"][0]["input"] == params

    def test_a_field_with_blanks_or_dots_can_be_referred_to_when_it_exists(self) -> None:
        params = {"what I want": "a laptop", "a.b": "c"}
        draft = a_draft(
            params,
            ("search-laptops", {"query": "$task0.what I want"}),
            ("search-laptops", {"query": "$task0.a.b"}),
        )
        assert judge(draft, params).plan is not None

    def test_undeclared_inputs_are_welcome_when_the_schema_says_so(self) -> None:
        open_schema = an_object({"a": TEXT}, additionalProperties={"type": "integer"})
        service = a_service("open", {}, {})
        catalogue = Catalogue([replace(service, input_schema=open_schema)])
        for count, expected in ((3, []), ("three", ["type_mismatch"])):
            params = {"a": "x", "count": count}
            draft = a_draft(params, ("open", {"a": "$task0.a", "count": "$task0.count"}))
            assert codes(draft, params, catalogue=catalogue) == expected


class TestShape:
    @pytest.mark.parametrize(
        ("draft", "code"),
        [
            (None, "plan_not_an_object"),
            ([], "plan_not_an_object"),
            ({}, "tasks_missing"),
            ({"tasks": []}, "tasks_missing"),
            ({"tasks": {"id": "task0"}}, "tasks_missing"),
            ({"tasks": [{"id": "task0", "input": {}}] * 201}, "too_large"),
            ({"tasks": [{"id": "task0", "input": {}}]}, "no_service_task"),
        ],
    )
    def test_what_is_no_plan(self, draft: Json, code: str) -> None:
        assert codes(draft) == [code]

    @pytest.mark.parametrize(
        ("task", "code"),
        [
            ("task2", "task_malformed"),
            ({"service": "find-order", "input": {}}, "task_malformed"),
            ({"id": "step2", "service": "find-order", "input": {}}, "task_malformed"),
            ({"id": "task02", "service": "find-order", "input": {}}, "task_malformed"),
            ({"id": "task2", "service": ["find-order"], "input": {}}, "task_malformed"),
            ({"id": "task2", "service": "find-order", "input": ["orderId"]}, "task_malformed"),
            ({"id": "task1", "service": "find-order", "input": {"orderId": "$task0.orderId"}}, "duplicate_task"),
            ({"id": "task2", "input": {"orderId": "$task0.orderId"}}, "service_missing"),
            ({"id": "task2", "service": "", "input": {}}, "service_missing"),
            ({"id": "task2", "service": "Find-Order", "input": {}}, "unknown_service"),
            ({"id": "task2", "service": "refund", "input": {str(n): 1 for n in range(201)}}, "too_large"),
        ],
    )
    def test_one_bad_task(self, task: Json, code: str) -> None:
        draft = a_draft(ORDER, ("find-order", {"orderId": "$task0.orderId"}))
        assert codes(draft, ORDER) == []
        draft["tasks"].append(task)
        assert codes(draft, ORDER) == [code]

    def test_task0_is_needed_and_calls_nothing(self) -> None:
        draft = a_draft(ORDER, ("find-order", {"orderId": "$task0.orderId"}))
        draft["tasks"][0]["service"] = "find-order"
        assert codes(draft, ORDER) == ["task0_has_service"]
        del draft["tasks"][0]
        assert codes(draft, ORDER) == ["task0_missing"]

    def test_an_unknown_service_names_the_closest(self) -> None:
        draft = a_draft(ORDER, ("find-oder", {"orderId": "$task0.orderId"}))
        (problem,) = problems(draft, ORDER)
        assert (problem.code, problem.task, problem.field) == ("unknown_service", "task1", "service")
        assert "'find-order'" in problem.hint

    def test_deep_nesting_is_refused(self) -> None:
        value: Json = "x"
        for _ in range(2_000):
            value = [value]
        assert codes({"tasks": [{"id": "task0", "input": {"a": value}}]}) == ["json_too_deep"]

    def test_problems_are_distinct_and_bounded(self) -> None:
        tasks = [("refund", {f"x{n}": "$task9.x" for n in range(40)}) for _ in range(20)]
        found = problems(a_draft({}, *tasks))
        assert len(found) == MAX_PROBLEMS == len(set(found))


class TestNotActionable:
    @pytest.mark.parametrize(
        ("final", "reason"),
        [
            ({"id": "final", "input": {"error": "Nobody sells\n\tboats. \x00"}}, "Nobody sells boats."),
            ({"id": "final", "input": {"message": "Nobody sells boats."}}, "Nobody sells boats."),
            ({"id": "final", "input": "Nobody sells boats."}, "Nobody sells boats."),
            ({"id": "final", "error": "Nobody sells boats."}, "Nobody sells boats."),
            ({"id": "final", "service": "", "input": {}}, "The planner gave no reason."),
        ],
    )
    def test_the_reason_is_the_planners(self, final: Json, reason: str) -> None:
        assert judge({"tasks": [final]}).not_actionable == reason

    def test_the_reason_is_bounded_text(self) -> None:
        verdict = judge({"tasks": [{"id": "final", "input": {"error": "no " * 10_000}}]})
        assert verdict.not_actionable is not None and len(verdict.not_actionable) <= 500

    def test_a_last_task_that_calls_a_service_is_only_badly_named(self) -> None:
        draft = a_draft(ORDER, ("find-order", {"orderId": "$task0.orderId"}))
        draft["tasks"][1]["id"] = "final"
        assert "task_malformed" in codes(draft, ORDER)


class TestTask0:
    @pytest.mark.parametrize("action", ["Find the order.", "Find order ORD-17."])
    def test_a_renamed_param_is_both_unknown_and_missing(self, action: str) -> None:
        draft = a_draft({"order_id": "ORD-17"}, ("find-order", {"orderId": "$task0.order_id"}))
        messages = [problem.message for problem in problems(draft, ORDER, action)]
        assert messages == [
            "Task0 input field 'order_id' doesn't match any action parameter",
            "Action parameter 'orderId' is missing from Task0 input",
        ]

    @pytest.mark.parametrize("value", ["ORD-18", 17, None, ["ORD-17"]])
    def test_a_changed_value(self, value: Json) -> None:
        draft = a_draft({"orderId": value}, ("find-order", {"orderId": "$task0.orderId"}))
        assert codes(draft, ORDER) == ["param_value_changed"]

    @pytest.mark.parametrize(
        ("given", "written"),
        [(1, True), (1, "1"), ("1", 1), (0, False), ([1], [True]), ({"a": 1}, {"a": 1, "b": 2})],
    )
    def test_equality_is_that_of_json(self, given: Json, written: Json) -> None:
        catalogue = Catalogue([a_service("take", {"a": {}}, {})])
        take = ("take", {"a": "$task0.a"})
        assert codes(a_draft({"a": given}, take), {"a": given}, catalogue=catalogue) == []
        assert codes(a_draft({"a": written}, take), {"a": given}, catalogue=catalogue) == ["param_value_changed"]

    @pytest.mark.parametrize(
        ("value", "action", "source"),
        [
            ("ORD-17", "Find order ORD-17, please.", "action"),
            ("New York", "Find the order to New York.", "action"),
            ("ORD-1", "Find order ORD-17, please.", None),
            ("17", "Find order ORD-17, please.", None),
            ("ord-17", "Find order ORD-17, please.", None),
            ("example.com", "Find the order of a@example.com", None),
            ("30", "Find the order of 10:30", None),
            ("", "Find order", None),
            ("ORD-99", "Find order ORD-17, please.", None),
        ],
    )
    def test_other_fields_must_be_whole_tokens_of_the_action(
        self, value: Json, action: str, source: str | None
    ) -> None:
        verdict = judge(a_draft({"ref": value}, ("find-order", {"orderId": "$task0.ref"})), {}, action)
        if source is None:
            assert [p.code for p in verdict.problems] in (["unknown_task0_field"], ["invented_literal"])
        else:
            assert verdict.sources == {"ref": source}

    def test_a_constant_of_the_consuming_schema(self) -> None:
        draft = refund_with(currency="$task0.money")
        draft["tasks"][0]["input"]["money"] = "EUR"
        verdict = judge(draft, {"orderId": "ORD-17", "amount": 20})
        assert verdict.sources == {"money": "constant"}
        draft["tasks"][0]["input"]["money"] = "USD"
        assert codes(draft, {"orderId": "ORD-17", "amount": 20}) == ["unknown_task0_field"]

    def test_a_param_that_no_task_takes(self) -> None:
        params = {**ORDER, "budget": "800"}
        draft = a_draft(params, ("find-order", {"orderId": "$task0.orderId"}))
        (problem,) = problems(draft, params)
        assert (problem.code, problem.field) == ("unused_param", "budget")


class TestReferences:
    @pytest.mark.parametrize(
        ("value", "code"),
        [
            ("$task0.orderId please", "composite_reference"),
            ("$task0.orderId$task0.amount", "composite_reference"),
            ("order: $task0.orderId", "composite_reference"),
            ("$task0.orderId,", "composite_reference"),
            ("${task0.orderId}", "malformed_reference"),
            ("{{$task0.orderId}}", "malformed_reference"),
            (" $task0.orderId", "malformed_reference"),
            ("$task0", "malformed_reference"),
            ("$task0.", "malformed_reference"),
            ("$task0.orderId.first", "malformed_reference"),
            ("$task0.orderId[0]", "malformed_reference"),
            ("$Task0.orderId", "malformed_reference"),
            ({"id": "$task0.orderId"}, "malformed_reference"),
            (["$task0.orderId"], "malformed_reference"),
            ("$task0.order", "unknown_output_field"),
            ("$task7.orderId", "unknown_task_reference"),
            ("$task1.refundId", "self_reference"),
            ("task0.orderId", "invented_literal"),
        ],
    )
    def test_each_input_is_exactly_one_reference(self, value: Json, code: str) -> None:
        assert refund_codes() == []
        assert refund_codes(orderId=value)[0] == code

    def test_the_laptop_case(self) -> None:
        params = {"query": "a used laptop", "budget": "800", "category": "laptop"}
        composite = "$task0.query budget: $task0.budget category: $task0.category"
        found = problems(a_draft(params, ("search-laptops", {"query": composite})), params)
        assert [(problem.code, problem.field) for problem in found] == [
            ("composite_reference", "query"),
            ("unused_param", "budget"),
            ("unused_param", "category"),
        ]

    @pytest.mark.parametrize(
        ("reference", "expected"),
        [
            ("$task1.total", []),
            ("$task1.customerId", ["type_mismatch"]),
            ("$task1.price", ["unknown_output_field"]),
        ],
    )
    def test_outputs_of_other_tasks(self, reference: str, expected: list[str]) -> None:
        draft = a_draft(
            ORDER,
            ("find-order", {"orderId": "$task0.orderId"}),
            ("refund", {"orderId": "$task0.orderId", "amount": reference}),
        )
        assert codes(draft, ORDER) == expected

    @pytest.mark.parametrize(
        ("amount", "expected"),
        [(20, []), (20.5, []), ("20", ["type_mismatch"]), (True, ["type_mismatch"]), (-1, ["value_not_accepted"])],
    )
    def test_values_must_suit_the_input(self, amount: Json, expected: list[str]) -> None:
        params = {"orderId": "ORD-17", "amount": amount}
        draft = a_draft(params, ("refund", {"orderId": "$task0.orderId", "amount": "$task0.amount"}))
        assert codes(draft, params) == expected

    def test_unsupported_and_missing_inputs(self) -> None:
        draft = a_draft(ORDER, ("refund", {"order": "$task0.orderId", "amount": "$task0.orderId"}))
        assert codes(draft, ORDER) == ["unsupported_input", "missing_input", "type_mismatch"]


class TestLiterals:
    """Literals in tasks are moved to where they belong when it is plain where they come from."""

    @pytest.mark.parametrize(
        ("action", "inputs", "moved", "source"),
        [
            ("Refund, reason damaged.", {"reason": "damaged"}, {"reason": "damaged"}, "action"),
            ("Refund the order.", {"reason": "damaged"}, {"reason": "damaged"}, "constant"),
            ("Refund the order.", {"currency": "EUR"}, {"currency": "EUR"}, "constant"),
            ("Refund it in USD.", {"currency": "USD"}, {"currency": "USD"}, "action"),
        ],
    )
    def test_from_the_action_or_the_schema(
        self, action: str, inputs: dict[str, Json], moved: dict[str, Json], source: str
    ) -> None:
        params = {"orderId": "ORD-17", "amount": 20}
        verdict = judge(refund_with(**inputs), params, action)
        task0, task1 = verdict.plan["tasks"]
        assert task0["input"] == {**params, **moved}
        assert verdict.sources == dict.fromkeys(moved, source)
        assert {name: task1["input"][name] for name in moved} == {name: f"$task0.{name}" for name in moved}

    @pytest.mark.parametrize(
        "inputs",
        [{"currency": "USD"}, {"express": True}, {"express": None}, {"orderId": "ORD-99"}, {"amount": 21}],
    )
    def test_what_comes_from_nowhere_is_invented(self, inputs: dict[str, Json]) -> None:
        assert refund_codes(**inputs)[0] == "invented_literal"

    def test_what_is_moved_must_still_suit_the_input(self) -> None:
        assert refund_codes("Refund because it is ugly.", reason="ugly") == ["value_not_accepted"]

    @pytest.mark.parametrize(
        ("params", "literal", "reference"),
        [
            ({"start": "NYC", "end": "LON"}, "NYC", "$task0.start"),
            ({"query": "NYC", "end": "NYC"}, "NYC", "$task0.query"),
            ({"Query": "NYC", "end": "NYC"}, "NYC", "$task0.Query"),
            ({"start": "NYC", "end": "NYC"}, "NYC", None),
        ],
    )
    def test_a_literal_that_is_a_params_value(
        self, params: dict[str, Json], literal: str, reference: str | None
    ) -> None:
        others = [("search-laptops", {"query": f"$task0.{name}"}) for name in params]
        verdict = judge(a_draft(params, ("search-laptops", {"query": literal}), *others), params, "From NYC")
        if reference is None:
            assert [problem.code for problem in verdict.problems] == ["ambiguous_literal"]
        else:
            assert verdict.plan["tasks"][1]["input"] == {"query": reference}

    def test_true_is_a_param_only_by_name(self) -> None:
        catalogue = Catalogue(
            [a_service("send", {"express": {"type": "boolean"}, "loud": {"type": "boolean"}}, {})]
        )
        draft = a_draft({"express": True}, ("send", {"express": True, "loud": True}))
        (problem,) = problems(draft, {"express": True}, catalogue=catalogue)
        assert (problem.code, problem.field) == ("invented_literal", "loud")

    def test_a_default_is_not_taken_for_a_param_that_happens_to_be_equal(self) -> None:
        page = {"type": "integer", "default": 1}
        catalogue = Catalogue([a_service("list", {"quantity": {"type": "integer"}, "page": page}, {})])
        draft = a_draft({"quantity": 1}, ("list", {"quantity": "$task0.quantity", "page": 1}))
        verdict = judge(draft, {"quantity": 1}, catalogue=catalogue)
        assert verdict.plan["tasks"][1]["input"]["page"] == "$task0.page"

    def test_names_in_task0_stay_unique(self) -> None:
        draft = a_draft(
            {"query": "red"},
            ("search-laptops", {"query": "$task0.query"}),
            ("search-laptops", {"query": "blue"}),
            ("search-laptops", {"query": "green"}),
            ("search-laptops", {"query": "blue"}),
        )
        plan = judge(draft, {"query": "red"}, "First red, then blue, then green, then blue").plan
        assert plan["tasks"][0]["input"] == {"query": "red", "query_2": "blue", "query_3": "green"}
        assert plan["tasks"][4]["input"] == {"query": "$task0.query_2"}


class TestOrder:
    def chain(self, *needs: int) -> dict[str, Json]:
        """Tasks 1, 2, … each of which takes its query from the task of that number."""
        inputs = [{"text": "$task0.text" if need == 0 else f"$task{need}.text"} for need in needs]
        return a_draft({"text": "x"}, *(("echo", each) for each in inputs))

    def found(self, *needs: int) -> list[tuple[str, str | None]]:
        catalogue = Catalogue([a_service("echo", {"text": TEXT}, {"text": TEXT})])
        return [(p.code, p.task) for p in problems(self.chain(*needs), {"text": "x"}, catalogue=catalogue)]

    def test_no_circle(self) -> None:
        assert self.found(2, 3, 0) == []

    def test_a_circle_is_told_once_and_what_waits_for_it_cannot_run(self) -> None:
        assert self.found(2, 3, 1, 3, 0) == [("cycle", "task1"), ("unreachable_task", "task4")]

    def test_what_waits_for_a_task_that_waits_for_itself(self) -> None:
        assert self.found(0, 2, 2) == [("self_reference", "task2"), ("unreachable_task", "task3")]

    def test_what_waits_for_a_task_that_is_not_there(self) -> None:
        assert self.found(0, 9, 2) == [("unknown_task_reference", "task2"), ("unreachable_task", "task3")]


leaves = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False)
    | st.sampled_from(
        [
            "",
            "ORD-17",
            "$task0.orderId",
            "$task1.total",
            "$task0.a $task1.b",
            "EUR",
            "task1",
            "find-order",
            "ü\x00",
        ]
    )
    | st.text(max_size=8)
)
any_json = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
)
inputs = st.dictionaries(
    st.sampled_from(["orderId", "amount", "reason", "currency", "query", "email", "x"]), any_json, max_size=4
)
tasks = st.fixed_dictionaries(
    {"id": st.sampled_from(["task0", "task1", "task2", "task3", "final", "other"]) | any_json},
    optional={
        "service": st.sampled_from(["find-order", "refund", "s_notify", "nobody", ""]) | any_json,
        "input": inputs | any_json,
    },
)
drafts = any_json | st.fixed_dictionaries({"tasks": st.lists(tasks | any_json, max_size=5)})


class TestProperties:
    @given(draft=drafts, params=inputs, action=st.text(max_size=30))
    def test_arbitrary_drafts_never_crash_and_problems_are_printable(
        self, draft: Json, params: dict[str, Json], action: str
    ) -> None:
        for problem in judge(draft, params, action).problems:
            assert problem.code and problem.message
            json.dumps(problem.as_dict())

    @given(data=st.data())
    def test_what_is_accepted_is_accepted_again_unchanged_and_in_order(self, data: st.DataObject) -> None:
        count = data.draw(st.integers(1, 6))
        params = {
            "orderId": data.draw(st.sampled_from(["ORD-17", "x"])),
            "amount": data.draw(st.sampled_from([20, 5])),
        }
        values = ["$task0.orderId", "ORD-17", "gift", *(f"$task{n}.refundId" for n in range(1, count + 1))]
        amounts = ["$task0.amount", 5, 20, 30]
        calls = [
            (
                "refund",
                {
                    "orderId": data.draw(st.sampled_from(values)),
                    "amount": data.draw(st.sampled_from(amounts)),
                    **data.draw(st.fixed_dictionaries({}, optional={"reason": st.sampled_from(["late", "gift"])})),
                },
            )
            for _ in range(count)
        ]
        action = "Refund ORD-17 with 30 as a gift"
        verdict = judge(a_draft(params, *calls), params, action)
        if verdict.plan is None:
            return
        again = judge(verdict.plan, params, action)
        assert (again.plan, again.sources) == (verdict.plan, verdict.sources)
        level = {task: place for place, group in enumerate(verdict.plan["parallel_groups"]) for task in group}
        assert list(level) and set(level) == {task["id"] for task in verdict.plan["tasks"][1:]}
        for task in verdict.plan["tasks"][1:]:
            for reference in task["input"].values():
                producer = reference[1:].split(".")[0]
                assert producer == "task0" or level[producer] < level[task["id"]]


def test_a_reference_into_a_structured_output_is_compared_deeply() -> None:
    gives = a_service("list", {}, {"rows": {"type": "array", "items": an_object({"id": TEXT})}})
    takes = [
        (a_service("good", {"rows": {"type": "array", "items": an_object({"id": TEXT})}}, {}), []),
        (a_service("bad", {"rows": {"type": "array", "items": an_object({"sku": TEXT})}}, {}), ["type_mismatch"]),
    ]
    for consumer, expected in takes:
        draft = a_draft({}, ("list", {}), (consumer.name, {"rows": "$task1.rows"}))
        assert codes(draft, catalogue=Catalogue([gives, consumer])) == expected
