"""Planning again, holding two plans against each other, and the way between a plan and the entry it became."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from cache import storage
from cache.models import Entry
from orra.base.strictjson import Json
from planengine.admin.parts.drawing import draw
from planengine.admin.plans.compare_page import otherwise
from planengine.lifecycle.worker import work_on
from planengine.models import Plan, Project
from tests.admin.conftest import CHAIN
from tests.admin.pages import address, body, logged, page_of, said, text
from tests.conftest import Api


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The plans that workers were told of."""
    ids: list[str] = []
    monkeypatch.setattr("planengine.tasks.enqueue", ids.append)
    return ids


class TestPlanningAgain:
    def test_a_new_plan_of_the_same_request_bypasses_the_cache(
        self, operator: Client, served: Plan, told: list[str]
    ) -> None:
        answer = operator.post(address(served, "again"), follow=True)

        again = Plan.objects.get(again_of=served.pk)
        assert answer.redirect_chain[-1][0] == page_of(again)
        assert f"as {again.pk}" in said(answer)
        assert (again.action, again.params, again.cache_mode) == (served.action, served.params, "bypass")
        assert again.status == "pending" and told == [again.pk]
        assert logged() == [f"Planned again as {again.pk}."]
        entries = set(Entry.objects.values_list("pk", flat=True))
        work_on(again.pk)
        assert set(Entry.objects.values_list("pk", flat=True)) == entries
        assert f'href="{page_of(again)}"' in body(operator, page_of(served))
        assert f'href="{page_of(served)}"' in body(operator, page_of(again))

    def test_it_takes_the_right_to_change_plans_and_a_post(
        self, staff: Callable[..., Client], operator: Client, served: Plan
    ) -> None:
        viewer = staff("planengine.view_plan")
        assert "Plan again" not in body(viewer, page_of(served))
        assert viewer.post(address(served, "again")).status_code == 403
        assert operator.get(address(served, "again")).status_code == 405
        assert Plan.objects.count() == 1

    def test_what_is_not_finished_or_cannot_be_read_is_not_planned_again(
        self, operator: Client, shop: Project, make_plan: Callable[..., Plan]
    ) -> None:
        waiting = make_plan(shop, status="pending")
        assert "still being planned" in said(operator.post(address(waiting, "again"), follow=True))
        odd = make_plan(shop, params=[{"field": "a"}])
        assert "cannot be read" in said(operator.post(address(odd, "again"), follow=True))
        assert Plan.objects.count() == 2


class TestTheEntryThatAPlanBecame:
    def test_a_miss_leads_to_its_entry_and_back(self, api: Api, operator: Client) -> None:
        answered = api.plan("Refund order ORD-5", {"order_id": "ORD-5"})

        plan, entry = Plan.objects.get(pk=answered["id"]), Entry.objects.get()
        assert plan.stored_entry_id == entry.pk
        page = body(operator, page_of(plan))
        assert f'Kept as</th><td>entry <a href="{page_of(entry)}">' in page
        assert f"entry {entry.pk}" in text(page)
        assert f'Stored for plan</th><td><a href="{page_of(plan)}">' in body(operator, page_of(entry))
        storage.forget(entry.project_id, [entry.pk])
        assert f"entry {entry.pk} (not there any more" in text(body(operator, page_of(plan)))

    def test_what_bypasses_the_cache_becomes_none(self, api: Api) -> None:
        answered = api.plan("Refund order ORD-5", {"order_id": "ORD-5"}, cache="bypass")
        assert Plan.objects.get(pk=answered["id"]).stored_entry_id is None


def another(**changes: Json) -> Json:
    tasks: list[Json] = [dict(task) for task in CHAIN["tasks"]]
    for task in tasks:
        task.update(changes.get(task["id"], {}))
    return {**CHAIN, "tasks": tasks}


class TestDifferences:
    def test_the_same_plan_with_other_names_differs_in_nothing(self) -> None:
        renamed: Json = {
            "tasks": [
                {"id": "task0", "input": {"o": "ORD-17", "n": 2}},
                {"id": "task5", "service": "order_lookup", "input": {"order_id": "$task0.o"}},
                {
                    "id": "task6",
                    "service": "print_labels",
                    "input": {"order_id": "$task0.o", "copies": "$task0.n"},
                },
                {"id": "task7", "service": "notify", "input": {"customer_id": "$task5.customer_id"}},
            ],
            "parallel_groups": [["task6", "task5"], ["task7"]],
        }
        assert otherwise(draw(CHAIN), draw(renamed)) == []

    def test_services_inputs_and_order_are_told(self) -> None:
        other = another(
            task0={"input": {"order_id": "ORD-17", "copies": 3, "who": "C-1"}},
            task3={"input": {"customer_id": "$task0.who"}, "after": ["task2"]},
        )
        assert otherwise(draw(CHAIN), draw(other)) == [
            "print_labels: copies is 2 in the first plan, 3 in the second.",
            "notify: customer_id is what order_lookup gives as customer_id in the first plan, "
            '"C-1" in the second.',
            "notify: waits for nothing in the first plan, for print_labels in the second.",
        ]
        fewer = {**CHAIN, "parallel_groups": [["task1", "task2"]]}
        assert otherwise(draw(CHAIN), draw(fewer)) == [
            "notify: called once in the first plan, not called in the second."
        ]

    def test_values_are_not_told_to_those_who_may_not_see_them(self) -> None:
        other = another(task0={"input": {"order_id": "ORD-secret", "copies": "many"}})
        told = otherwise(draw(CHAIN, contents=False), draw(other, contents=False))
        assert told == [
            "order_lookup: order_id is another value in the second.",
            "print_labels: order_id is another value in the second.",
            "print_labels: copies is a value (a number) in the first plan, a value (text) in the second.",
        ]


class TestComparing:
    def test_two_plans_stand_beside_each_other(
        self, operator: Client, served: Plan, rejected: Plan, staff: Callable[..., Client]
    ) -> None:
        path = address(served, "compare")
        page = text(body(operator, f"{path}?with={rejected.pk}"))
        assert "The two were asked for different things." in page
        assert "The first is ready, The second is failed (plan_rejected)." in page
        assert "Nothing: both call the same services" in text(body(operator, f"{path}?with={served.pk}"))
        assert "There is no plan with this id." in text(body(operator, f"{path}?with=o_nobody"))
        assert "There is no plan with this id." in text(body(operator, f"{path}?with=%00"))
        body(operator, path)
        assert staff("cache.view_entry").get(path).status_code == 403
        hidden = body(staff("planengine.view_plan"), f"{path}?with={served.pk}")
        assert "&quot;ORD-99&quot;" not in hidden
