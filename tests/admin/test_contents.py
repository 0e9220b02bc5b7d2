"""What requests and answers hold is for those who may see it, wherever it would stand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.db.models import JSONField, TextField
from django.test import Client

from cache.models import Entry
from planengine.models import ApiKey, Attempt, Plan, Project
from tests.admin.pages import address, body, list_of, page_of

SECRET = "S3CRET-VALUE"


@pytest.fixture
def viewer(staff: Callable[..., Client]) -> Client:
    return staff("planengine.view_plan", "planengine.view_attempt", "cache.view_entry", "planengine.view_apikey")


def test_no_address_asks_for_contents_letter_by_letter(viewer: Client, operator: Client, served: Plan) -> None:
    for model in (Plan, Attempt, Entry, ApiKey):
        for field in model._meta.get_fields():
            if isinstance(field, JSONField | TextField) or field.name in ("digest", "idempotency_key"):
                for way in ("__exact", "__icontains", "__startswith", "__0__value__startswith"):
                    for client in (viewer, operator):
                        answer = client.get(list_of(model) + f"?{field.name}{way}=O", follow=True)
                        assert answer.status_code == 400, (model, field.name, way)


def test_lists_still_filter_by_what_they_show(operator: Client, served: Plan) -> None:
    for query in (
        "status__exact=ready",
        "source__exact=exact",
        "created_at__gte=2020-01-01%2000:00:00%2B00:00",
        "decision=exact",
    ):
        assert page_of(served) in body(operator, list_of(Plan) + f"?{query}"), query
    for model in admin.site._registry:
        assert operator.get(list_of(model)).status_code == 200


def test_the_words_of_problems_and_errors_are_contents(
    viewer: Client, operator: Client, make_plan: Callable[..., Plan], shop: Project
) -> None:
    problem = {"code": "wrong_value", "task": "task0", "field": "order_id", "message": SECRET, "hint": SECRET}
    error = {"code": "plan_rejected", "message": SECRET, "how_to_fix": [SECRET], "problems": [problem]}
    plan = make_plan(shop, "Print it", error=error)
    attempt = Attempt.objects.create(plan=plan, number=1, planner="m", problems=[problem], seconds=1.0)

    other = make_plan(shop, "Print it", error=error)
    for path in (page_of(plan), page_of(attempt), address(plan, "compare") + f"?with={other.pk}"):
        shown, hidden = body(operator, path), body(viewer, path)
        assert SECRET in shown
        assert SECRET not in hidden and "plan_rejected" in hidden + "plan_rejected" * (path == page_of(attempt))
    assert "wrong_value" in body(viewer, page_of(plan))
