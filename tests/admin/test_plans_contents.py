"""Params, prompts and answers are seen by those who may see contents; drafts are told with what changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from orra.base.strictjson import Json
from planengine.admin.plans.timeline import WIDTH, timeline
from planengine.models import Attempt, Plan, Project
from tests.admin.pages import body, list_of, page_of, text

SECRET = "ORD-secret"


@pytest.fixture
def planned(shop: Project, make_plan: Callable[..., Plan]) -> Plan:
    """One whose values are all secret, after a draft that was rejected."""
    plan: Json = {
        "tasks": [
            {"id": "task0", "input": {"order_id": SECRET}},
            {"id": "task1", "service": "order_lookup", "input": {"order_id": "$task0.order_id", "why": SECRET}},
        ],
        "parallel_groups": [["task1"]],
    }
    row = make_plan(
        shop,
        "Look up the order",
        status="ready",
        plan=plan,
        source="model",
        params=[{"field": "order_id", "value": SECRET}, {"field": "copies", "value": 2}],
        created_at=timezone.now() - timedelta(seconds=5),
    )
    drafts = [{"services": ["refund_payment"], "why": SECRET}, {"services": ["order_lookup"], "why": SECRET}]
    for number, draft in enumerate(drafts, 1):
        Attempt.objects.create(
            plan=row,
            number=number,
            planner="model:1:tiny",
            model="tiny",
            way="select",
            prompt=f"prompt {SECRET}",
            answer=json.dumps(draft),
            reasoning=f"reasoning {SECRET}",
            problems=[{"code": "not_taken", "message": "no"}] if number == 1 else [],
            seconds=1.5,
            cost=Decimal("0.002"),
        )
    return row


class TestContents:
    def test_whoever_may_see_them_sees_them(self, staff: Callable[..., Client], planned: Plan) -> None:
        page = body(staff("planengine.view_plan", "planengine.view_contents"), page_of(planned))
        assert f"prompt {SECRET}" in page and f"reasoning {SECRET}" in page
        assert f'order_id "{SECRET}"' in text(page)
        assert "As JSON" in page

    def test_others_see_what_kind_of_value_it_is(self, staff: Callable[..., Client], planned: Plan) -> None:
        viewer = staff("planengine.view_plan", "planengine.view_attempt")
        page = body(viewer, page_of(planned))
        assert SECRET not in page
        told = text(page)
        assert "order_id text copies a number" in told
        assert "Values are shown by their kind: you may not see contents." in told
        assert "Prompt and answer are contents, which you may not see." in told
        assert "Look up the order" in told
        for attempt in planned.attempts.all():
            assert SECRET not in body(viewer, page_of(attempt))

    def test_params_are_no_oracle_for_those_who_may_not_see_them(
        self, staff: Callable[..., Client], planned: Plan
    ) -> None:
        page = body(staff("planengine.view_plan"), list_of(Plan, param=f"order_id={SECRET}"))
        assert "you may not see" in page and page_of(planned) not in page


class TestAttempts:
    def test_what_changed_between_drafts_is_told_line_by_line(self, operator: Client, planned: Plan) -> None:
        told = text(body(operator, page_of(planned)))
        assert "What changed since attempt 1" in told
        assert '- "refund_payment" + "order_lookup"' in told
        assert "cost 0.004000" in told

    def test_equal_drafts_are_told_as_such(self, operator: Client, planned: Plan) -> None:
        Attempt.objects.filter(plan=planned).update(answer='{"a":1}', problems=[{"code": "not_taken"}])
        told = text(body(operator, page_of(planned)))
        assert "The same draft as attempt 1." in told
        assert "The same problems as attempt 1." in told

    @pytest.mark.parametrize(
        ("status", "outcome"), [("not_actionable", "refused"), ("failed", "refused"), ("planning", "no problems")]
    )
    def test_a_draft_without_problems_that_did_not_become_the_plan_was_not_accepted(
        self, status: str, outcome: str, operator: Client, shop: Project, make_plan: Callable[..., Plan]
    ) -> None:
        error = {"code": status, "message": "no"} if status != "planning" else None
        plan = make_plan(shop, "Refund it", status=status, error=error)
        attempt = Attempt.objects.create(plan=plan, number=1, planner="composer:4", seconds=0.1)
        for path in (page_of(plan), list_of(Attempt), page_of(attempt)):
            page = body(operator, path).split('id="content-main"')[1].split('id="changelist-filter"')[0]
            assert "accepted" not in page and outcome in page

    def test_of_two_drafts_without_problems_the_last_became_the_plan(
        self, operator: Client, planned: Plan
    ) -> None:
        Attempt.objects.filter(plan=planned).update(problems=[])
        told = text(body(operator, page_of(planned)))
        assert "Attempt 1 refused by" in told and "Attempt 2 accepted by" in told

    def test_a_page_says_what_was_asked(self, operator: Client, planned: Plan) -> None:
        page = body(operator, page_of(planned))
        assert "<h1>Look up the order</h1>" in page
        assert "View plan" not in page and "<title>Look up the order" in page


class TestHostileContents:
    def test_nothing_of_it_runs(self, operator: Client, shop: Project, make_plan: Callable[..., Plan]) -> None:
        probe = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\u202e"
        service = shop.services.get(name="order_lookup")
        service.input_schema["properties"]["order_id"]["title"] = probe
        service.save()
        plan: Json = {
            "tasks": [
                {"id": "task0", "input": {probe: probe}},
                {"id": "task1", "service": "order_lookup", "input": {"order_id": f"$task0.{probe}", probe: probe}},
                {"id": "task2", "service": probe, "input": {probe: "$task1.customer_id"}, "after": ["task1"]},
            ],
            "parallel_groups": [["task1"], ["task2"]],
        }
        row = make_plan(
            shop, probe, status="ready", plan=plan, source="model", params=[{"field": probe, "value": probe}]
        )
        for number in (1, 2):
            Attempt.objects.create(
                plan=row, number=number, planner=probe[:200], model=probe[:200], way="x", prompt=probe,
                answer=f"{probe} {number}", reasons=probe, problems=[{"code": probe, "message": probe}], seconds=1,
            )  # fmt: skip
        for path in (page_of(row), f"{page_of(row)[: -len('change/')]}compare/?with={row.pk}"):
            page = body(operator, path)
            assert "<script>alert" not in page and "<img src=x" not in page and "\u202e" not in page
            assert "&lt;script&gt;alert" in page
            assert 'style="' not in page and "<style" not in page and "onclick" not in page


MOMENTS = st.floats(0, 100, allow_nan=False)


class TestTimeline:
    @given(st.lists(st.tuples(MOMENTS, st.none() | MOMENTS), max_size=6), MOMENTS)
    def test_bars_are_within_the_picture_and_in_order(
        self, calls: list[tuple[float, float | None]], total: float
    ) -> None:
        asked = timezone.now()
        plan = Plan(
            created_at=asked, finished_at=asked + timedelta(seconds=total), status="ready", decision="miss"
        )
        plan.timings_ms = {"cache": 3.5, "embedding": 7}
        attempts = [
            Attempt(number=number, planner="model:1", created_at=asked + timedelta(seconds=begun), seconds=took)
            for number, (begun, took) in enumerate(calls, 1)
        ]
        moments = timeline(plan, attempts)
        assert [moment.begins for moment in moments] == sorted(moment.begins for moment in moments)
        assert sum(moment.what.startswith("Draft") for moment in moments) == len(attempts)
        for moment in moments:
            assert moment.bar_x >= 0 and moment.bar_width > 0 and moment.bar_x + moment.bar_width <= WIDTH + 1e-6

    def test_it_tells_who_drafted_how_and_what_was_wrong(self, operator: Client, planned: Plan) -> None:
        told = text(body(operator, page_of(planned)))
        assert "by tiny, asked for services, cost 0.002000, problems: not_taken" in told

    @pytest.mark.parametrize("timings", [{}, None, [], {"cache": "x", "embedding": True}])
    def test_stored_rows_are_not_trusted(self, timings: Any) -> None:
        asked = timezone.now()
        plan = Plan(created_at=asked, finished_at=asked, timings_ms=timings)
        assert [moment.what for moment in timeline(plan, [])] == ["Asked", "Finished: pending"]
