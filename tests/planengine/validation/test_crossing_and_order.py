"""Params that are exchanged, and tasks that are ordered behind others from which they take nothing."""

from __future__ import annotations

import pytest

from orra.base.strictjson import Json
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.validation.problems import Problem
from planengine.validation.rules import validate
from tests.planengine.shop import TEXT, a_draft, a_service

CATALOGUE = Catalogue(
    [
        a_service("convert", {"from_currency": TEXT, "to_currency": TEXT}, {"amount": TEXT}),
        a_service("find", {"id": TEXT}, {"name": TEXT}),
        a_service("tell", {"id": TEXT, "to": TEXT}, {"sent": TEXT}),
    ]
)
MONEY: dict[str, Json] = {"from_currency": "EUR", "to_currency": "USD"}


def problems(draft: Json, params: dict[str, Json]) -> list[Problem]:
    return list(validate(draft, catalogue=CATALOGUE, params=params, action="Do it.").problems)


class TestCrossedReferences:
    def test_each_input_takes_the_param_of_its_name(self) -> None:
        crossed = a_draft(
            MONEY, ("convert", {"from_currency": "$task0.to_currency", "to_currency": "$task0.from_currency"})
        )
        found = problems(crossed, MONEY)
        assert [problem.code for problem in found] == ["crossed_reference"] * 2
        assert found[0].hint == "Write '$task0.from_currency'."

    def test_in_any_spelling(self) -> None:
        params: dict[str, Json] = {"fromCurrency": "EUR", "toCurrency": "USD"}
        right = a_draft(
            params, ("convert", {"from_currency": "$task0.fromCurrency", "to_currency": "$task0.toCurrency"})
        )
        assert problems(right, params) == []

    def test_unless_that_one_goes_to_its_own_elsewhere(self) -> None:
        """Two things are looked up, and only one of the params can be called like the input."""
        params: dict[str, Json] = {"id": "A-1", "customer": "C-1"}
        draft = a_draft(params, ("find", {"id": "$task0.id"}), ("find", {"id": "$task0.customer"}))
        assert problems(draft, params) == []

    def test_nor_where_the_param_of_the_name_does_not_fit(self) -> None:
        params: dict[str, Json] = {"id": 5, "customer": "C-1", "to": "x"}
        draft = a_draft(params, ("tell", {"id": "$task0.customer", "to": "$task0.to"}))
        assert "crossed_reference" not in [problem.code for problem in problems(draft, params)]


class TestIdentifiers:
    """``order_id`` is no ``shipment_id`` where a service gives the one for the other."""

    FIND = a_service("find_order", {"order_id": TEXT}, {"shipment_id": TEXT})
    TRACK = a_service("track", {"shipment_id": TEXT}, {"place": TEXT})

    def problems(self, *services: ServiceSpec, params: dict[str, Json], **wired: str) -> list[Problem]:
        draft = a_draft(params, ("track", wired))
        return list(validate(draft, catalogue=Catalogue(services), params=params, action="Track it.").problems)

    def test_of_another_thing_are_looked_up(self) -> None:
        params: dict[str, Json] = {"order_id": "O-1"}
        (problem,) = self.problems(self.FIND, self.TRACK, params=params, shipment_id="$task0.order_id")
        assert problem.code == "crossed_reference"
        assert problem.hint == "Call 'find_order', which gives 'shipment_id' for 'order_id', and refer to that."

    def test_in_any_spelling(self) -> None:
        params: dict[str, Json] = {"orderNumber": "O-1"}
        find = a_service("find_order", {"order_number": TEXT}, {"shipmentId": TEXT})
        assert self.problems(find, self.TRACK, params=params, shipment_id="$task0.orderNumber")

    def test_are_taken_where_nothing_looks_them_up(self) -> None:
        params: dict[str, Json] = {"order_id": "O-1"}
        assert not self.problems(self.TRACK, params=params, shipment_id="$task0.order_id")

    @pytest.mark.parametrize("param", ["id", "shipment", "shipment_ref", "text"])
    def test_and_where_the_param_may_be_one(self, param: str) -> None:
        find = a_service("find_order", {param: TEXT}, {"shipment_id": TEXT})
        assert not self.problems(find, self.TRACK, params={param: "S-1"}, shipment_id=f"$task0.{param}")


class TestOrder:
    PARAMS: dict[str, Json] = {"id": "A-1", "to": "ann"}

    def draft(self, after: Json) -> Json:
        draft = a_draft(
            self.PARAMS, ("find", {"id": "$task0.id"}), ("tell", {"id": "$task0.id", "to": "$task0.to"})
        )
        draft["tasks"][2]["after"] = after
        return draft

    def test_a_task_may_come_after_another_that_gives_it_nothing(self) -> None:
        verdict = validate(self.draft(["task1"]), catalogue=CATALOGUE, params=self.PARAMS, action="Do it.")
        assert verdict.plan is not None, verdict.problems
        assert verdict.plan["tasks"][2]["after"] == ["task1"]
        assert verdict.plan["parallel_groups"] == [["task1"], ["task2"]]

    def test_task0_comes_first_anyway(self) -> None:
        verdict = validate(self.draft(["task0"]), catalogue=CATALOGUE, params=self.PARAMS, action="Do it.")
        assert verdict.plan is not None and "after" not in verdict.plan["tasks"][2]

    def test_tasks_that_wait_for_one_another_are_a_circle(self) -> None:
        draft = self.draft(["task1"])
        draft["tasks"][1]["after"] = ["task2"]
        assert [problem.code for problem in problems(draft, self.PARAMS)] == ["cycle"]

    @pytest.mark.parametrize(
        ("after", "code"),
        [(["task7"], "unknown_task_reference"), (["task2"], "self_reference"), ("task1", "task_malformed")],
    )
    def test_what_is_no_order(self, after: Json, code: str) -> None:
        assert code in [problem.code for problem in problems(self.draft(after), self.PARAMS)]
