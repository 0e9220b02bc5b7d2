"""What a plan that does not keep to its use case, or to a rule, is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from orra.base.strictjson import Json
from planengine.grounding.checks import is_mendable, problems_of
from planengine.grounding.coverage import Coverage, cover, named_in
from planengine.grounding.specs import Grounded, Rule, RuleKind, UseCase
from planengine.validation.problems import Problem
from tests.planengine.grounding.shop import REFUND, catalogue, grounded, near, plan_of

ORDER = {"order_id": "$task0.order_id"}
CHECK, BACK, SCRAP = ("check_terms", ORDER), ("give_back", ORDER), ("scrap", ORDER)
MAIL = ("write_mail", {"text": "$task0.text"})
FREE = replace(REFUND, capabilities=(), order=())


def problems(
    plan: Json,
    held: Grounded,
    *,
    params: Mapping[str, Json] | None = None,
    coverage: Coverage | None = None,
) -> list[Problem]:
    coverage = coverage or cover(named_in(held), catalogue, near({}))
    return list(problems_of(plan, held, coverage, {"order_id": "ORD-1"} if params is None else params))


def codes(plan: Json, held: Grounded, **more: object) -> list[str]:
    return [problem.code for problem in problems(plan, held, **more)]  # type: ignore[arg-type]


class TestCapabilities:
    def test_a_plan_that_does_all_in_order_has_no_problems(self) -> None:
        assert problems(plan_of(CHECK, (*BACK, ["task1"])), grounded()) == []

    def test_one_that_is_not_done_is_told_with_the_service_that_does_it(self) -> None:
        [problem] = problems(plan_of(BACK), grounded())
        assert problem.code == "grounding_capability_missing"
        assert "'verify refund eligibility'" in problem.message and "'returns 1'" in problem.message
        assert problem.hint == "Add a task that calls 'check_terms', and put its id into \"after\" of 'task1'."
        assert is_mendable(problem)

    def test_one_that_no_service_does_is_told_with_the_closest(self) -> None:
        use_case = replace(FREE, capabilities=("ask the bank",))
        held = grounded(use_case)
        coverage = cover(["ask the bank"], catalogue, near({"ask the bank": {"check_terms": 0.31, "scrap": 0.2}}))
        [problem] = problems(plan_of(BACK), held, coverage=coverage)
        assert problem.code == "grounding_capability_missing"
        assert "closest services: 'check_terms' (0.31), 'scrap' (0.20)" in problem.message
        assert "register one, or declare the capability" in problem.hint
        assert not is_mendable(problem)

    def test_one_that_several_may_do_is_to_be_declared(self) -> None:
        held = grounded(replace(FREE, capabilities=("ask the bank",)))
        coverage = cover(["ask the bank"], catalogue, near({"ask the bank": {"check_terms": 0.7, "scrap": 0.7}}))
        [problem] = problems(plan_of(CHECK), held, coverage=coverage)
        assert "Several services may do 'ask the bank': 'check_terms', 'scrap'" in problem.hint

    def test_of_what_cannot_be_known_now_nothing_is_said(self) -> None:
        held = grounded(replace(FREE, capabilities=("ask the bank",)))
        assert codes(plan_of(BACK), held, coverage=cover(["ask the bank"], catalogue, None)) == []

    def test_one_of_twenty_is_enough_to_be_missing(self) -> None:
        """The original was content with 95 %."""
        names = tuple(f"step {number}" for number in range(20))
        held = grounded(replace(FREE, capabilities=names))
        table = {name: {"give_back": 0.9} for name in names[1:]}
        assert codes(plan_of(BACK), held, coverage=cover(names, catalogue, near(table))) == [
            "grounding_capability_missing"
        ]

    def test_the_plan_counts_and_not_what_is_registered(self) -> None:
        """The original's formal check was given no plan."""
        assert codes(plan_of(MAIL), grounded()) == ["grounding_capability_missing"] * 2

    def test_one_that_is_forbidden_is_told_with_the_task(self) -> None:
        held = grounded(replace(REFUND, forbidden=("scrap goods",)))
        [problem] = problems(plan_of(CHECK, (*BACK, ["task1"]), SCRAP), held)
        assert (problem.code, problem.task, problem.hint) == ("grounding_forbidden", "task3", "Leave out 'task3'.")


class TestOrder:
    def test_a_place_in_the_list_is_no_order(self) -> None:
        [problem] = problems(plan_of(CHECK, BACK), grounded())
        assert (problem.code, problem.task, problem.field) == ("grounding_order", "task2", "after")
        assert problem.hint == 'Write "after": ["task1"] in \'task2\'.'
        assert is_mendable(problem)

    def test_what_flows_orders_as_after_does_and_over_other_tasks(self) -> None:
        direct = plan_of(CHECK, ("give_back", {"order_id": "$task1.allowed"}))
        over = plan_of(CHECK, ("scrap", {"order_id": "$task1.allowed"}), (*BACK, ["task2"]))
        assert codes(direct, grounded()) == codes(over, grounded()) == []

    def test_the_other_way_round_is_told_so(self) -> None:
        [problem] = problems(plan_of(BACK, (*CHECK, ["task1"])), grounded())
        assert problem.code == "grounding_order"
        assert "'task2' waits for 'task1'" in problem.hint
        assert not is_mendable(problem)

    def test_capabilities_without_an_order_may_come_in_any(self) -> None:
        assert codes(plan_of(BACK, CHECK), grounded(replace(REFUND, order=()))) == []

    def test_one_task_may_do_two_capabilities_in_order(self) -> None:
        both = UseCase(REFUND.action, capabilities=("look", "pay"), order=("look", "pay"))
        coverage = cover(
            both.capabilities, catalogue, near({"look": {"give_back": 0.8}, "pay": {"give_back": 0.8}})
        )
        assert codes(plan_of(BACK), grounded(both), coverage=coverage) == []

    def test_each_task_must_come_after_one(self) -> None:
        [problem] = problems(plan_of(CHECK, (*BACK, ["task1"]), BACK), grounded())
        assert (problem.code, problem.task) == ("grounding_order", "task3")

    def test_the_order_of_three_holds_over_one_that_is_left_out(self) -> None:
        three = ("verify refund eligibility", "notify customer", "refund order")
        held = grounded(UseCase(REFUND.action, capabilities=(three[0], three[2]), order=three))
        assert codes(plan_of(BACK, CHECK), held) == ["grounding_order"]


class TestParams:
    def test_a_variable_that_is_not_given_is_told(self) -> None:
        plan = plan_of(MAIL)
        plan["tasks"][0]["input"] = {"text": "hello"}
        [problem] = problems(plan, grounded(FREE), params={"text": "hello"})
        assert (problem.code, problem.field) == ("grounding_param_missing", "order_id")
        assert problem.hint == "Send a param 'order_id' with the request."

    def test_its_spelling_makes_no_difference(self) -> None:
        plan = plan_of(MAIL)
        plan["tasks"][0]["input"] = {"orderId": "ORD-1"}
        assert codes(plan, grounded(FREE), params={"orderId": "ORD-1"}) == []

    def test_a_value_that_the_plan_took_from_the_text_counts(self) -> None:
        assert codes(plan_of(BACK), grounded(FREE), params={}) == []


REQUIRES = Rule(RuleKind.REQUIRES, "verify refund eligibility", "refund order")
NEVER = Rule(RuleKind.NEVER, "refund order", "scrap goods")
AT_MOST = Rule(RuleKind.AT_MOST, "refund order", most=1)
ONLY_IF = Rule(RuleKind.ONLY_IF, "refund order", "approval")


class TestRules:
    @pytest.mark.parametrize(
        ("rule", "kept", "broken"),
        [
            (REQUIRES, plan_of(CHECK, (*BACK, ["task1"])), plan_of(BACK)),
            (REQUIRES, plan_of(CHECK), plan_of(CHECK, BACK)),
            (NEVER, plan_of(BACK), plan_of(BACK, SCRAP)),
            (AT_MOST, plan_of(BACK), plan_of(BACK, BACK)),
            (ONLY_IF, plan_of(CHECK), plan_of(BACK)),
            (Rule(RuleKind.AT_MOST, "scrap", most=0), plan_of(BACK), plan_of(SCRAP)),  # a service's name
        ],
    )
    def test_each_is_checked_exactly(self, rule: Rule, kept: Json, broken: Json) -> None:
        held = grounded(FREE, rule)
        assert codes(kept, held) == []
        assert codes(broken, held) == [f"grounding_rule_{rule.kind.value}"]
        assert all(problem.hint for problem in problems(broken, held))

    def test_a_param_allows_what_only_it_allows(self) -> None:
        params = {"order_id": "ORD-1", "approval": "boss"}
        assert codes(plan_of(BACK), grounded(FREE, ONLY_IF), params=params) == []

    def test_what_must_come_before_and_is_not_there_is_told_with_its_service(self) -> None:
        [problem] = problems(plan_of(BACK), grounded(FREE, REQUIRES))
        assert problem.hint == "Add a task that calls 'check_terms', and put its id into \"after\" of 'task1'."

    def test_rules_hold_for_what_may_be_meant_too(self) -> None:
        """A capability that two services may have is in a plan that calls one of them."""
        held = grounded(FREE, Rule(RuleKind.NEVER, "pay", "scrap goods"))
        coverage = cover(named_in(held), catalogue, near({"pay": {"give_back": 0.7, "write_mail": 0.7}}))
        assert codes(plan_of(BACK, SCRAP), held, coverage=coverage) == ["grounding_rule_never"]

    def test_a_rule_about_what_no_service_does_is_kept(self) -> None:
        held = grounded(FREE, Rule(RuleKind.NEVER, "launch", "land"), Rule(RuleKind.REQUIRES, "fuel", "launch"))
        assert codes(plan_of(BACK), held) == []
