"""The list of plans: what it is narrowed down by, and that it stays fast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models.fields.json import KT
from django.test import Client

from planengine.admin.plans import filters
from planengine.models import Plan, Project
from tests.admin.pages import address, body, list_of, page_of, text


def shown(client: Client, *plans: Plan, **chosen: str) -> list[bool]:
    page = body(client, list_of(Plan, **chosen))
    return [page_of(plan) in page for plan in plans]


def because_of(code: str) -> dict[str, object]:
    return {"error": {"code": code, "message": "no", "problems": []}}


def test_what_was_asked_comes_first_and_leads_to_the_plan(operator: Client, served: Plan) -> None:
    page = body(operator, list_of(Plan))
    assert f'<th class="field-asked"><a href="{page_of(served)}">Print 5 labels' in page


def test_errors_are_filtered_by_the_codes_that_there_are(
    operator: Client, shop: Project, make_plan: Callable[..., Plan]
) -> None:
    timeout, rejected = (make_plan(shop, **because_of(code)) for code in ("model_timeout", "plan_rejected"))
    page = text(body(operator, list_of(Plan)))
    assert "By error All model_timeout plan_rejected" in page
    assert shown(operator, timeout, rejected, error="model_timeout") == [True, False]
    assert shown(operator, timeout, rejected, error="<script>") == [False, False]


def test_filters_combine(operator: Client, shop: Project, make_plan: Callable[..., Plan]) -> None:
    hit = make_plan(shop, status="failed", decision="miss", **because_of("a"))
    miss = make_plan(shop, status="not_actionable", decision="miss", **because_of("a"))
    other = make_plan(shop, status="failed", decision="bypass", **because_of("b"))
    chosen = {"error": "a", "status__exact": "failed", "decision": "miss", "project": shop.pk}
    assert shown(operator, hit, miss, other, **chosen) == [True, False, False]


class TestByParam:
    @pytest.fixture
    def plans(self, shop: Project, make_plan: Callable[..., Plan]) -> list[Plan]:
        values: list[object] = ["ORD-17", "2", 2, {"city": "Oslo"}]
        return [
            make_plan(shop, params=[{"field": "x", "value": value}, {"field": "y", "value": 1}])
            for value in values
        ]

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            ("x=ORD-17", [True, False, False, False]),
            ("x=2", [False, True, True, False]),
            ('x="2"', [False, True, False, False]),
            ('x={"city": "Oslo"}', [False, False, False, True]),
            ("y=1", [True, True, True, True]),
            ("z=ORD-17", [False, False, False, False]),
        ],
    )
    def test_a_value_is_found_as_text_and_as_json(
        self, wanted: str, found: list[bool], operator: Client, plans: list[Plan]
    ) -> None:
        assert shown(operator, *plans, param=wanted) == found

    @pytest.mark.parametrize("wanted", ["x", "=1", "x=" + "1" * 600, "y" * 300 + "=1"])
    def test_what_is_no_param_is_told(self, wanted: str, operator: Client, plans: list[Plan]) -> None:
        page = body(operator, list_of(Plan, param=wanted))
        assert "Write field=value" in page
        assert not any(page_of(plan) in page for plan in plans)

    def test_only_the_newest_of_what_is_filtered_are_looked_through(
        self, operator: Client, plans: list[Plan], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(filters, "LOOKED_THROUGH", 2)
        assert shown(operator, *plans, param="y=1") == [False, False, True, True]

    @pytest.mark.parametrize("wanted", ["x=" + "[" * 400, 'x="\\ud800"', "x=1e999", "x=NaN"])
    def test_hostile_values_find_nothing(self, wanted: str, operator: Client, plans: list[Plan]) -> None:
        assert not any(shown(operator, *plans, param=wanted))


MANY = """
    INSERT INTO planengine_plan (id, project_id, status, action, params, cache_mode, repaired, cache, decision,
        decision_reason, guard, timings_ms, created_at, finished_at, lease_token, error)
    SELECT 'o_' || number, %s, 'failed', 'Do it', '[]', 'use', false, '{}', 'miss', '', '', '{}',
        now() - make_interval(secs => number), now(), 0,
        CASE WHEN number %% 100 = 0
            THEN jsonb_build_object('code', 'code_' || number %% 7, 'message', 'no') END
    FROM generate_series(1, 20000) AS number
"""


def explained(statement: str, parameters: list[Any]) -> str:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE planengine_plan")
        cursor.execute(f"EXPLAIN {statement}", parameters)
        return "\n".join(line for (line,) in cursor.fetchall())


def test_each_query_of_many_plans_has_its_index(shop: Project) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MANY, [shop.pk])
    assert "plan_by_error" in explained(filters.CODES, [filters.MAX_CODES])
    failed = Plan.objects.alias(error_code=KT("error__code")).filter(error__isnull=False)
    for wanted, index in (
        (failed.filter(error_code="code_3")[:50], "plan_by_error"),
        (Plan.objects.filter(status="not_actionable")[:50], "plan_by_status"),
        (Plan.objects.filter(source="replay")[:50], "plan_by_source"),
        (Plan.objects.filter(decision="replay")[:50], "plan_by_decision"),
        (Plan.objects.filter(again_of="o_7")[:10], "plan_again_of"),
        (Plan.objects.filter(stored_entry_id="ce_7").order_by(), "plan_by_stored"),
    ):
        statement, parameters = wanted.query.sql_with_params()
        told = explained(statement, list(parameters))
        assert index in told and "Seq Scan on planengine_plan" not in told, told


@pytest.mark.parametrize("path", ["page", "list", "compare"])
def test_a_page_costs_few_queries(
    path: str, operator: Client, served: Plan, rejected: Plan, django_assert_max_num_queries: Any
) -> None:
    Plan.objects.filter(pk=served.pk).update(again_of=rejected.pk)
    paths = {"page": page_of(rejected), "list": list_of(Plan), "compare": address(served, "compare")}
    body(operator, paths[path])
    with django_assert_max_num_queries(20):
        body(operator, paths[path])
