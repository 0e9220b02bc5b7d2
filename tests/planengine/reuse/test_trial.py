"""An action tried against groundings, without planning or storing."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orra.base.strictjson import Json
from planengine.models import Plan
from planengine.requests import PlanRequest
from planengine.reuse.trial import try_out
from tests.planengine.grounding.shop import catalogue, grounded, plan_of

pytestmark = pytest.mark.django_db

SPECS = [grounded().spec]
ORDER = {"order_id": "$task0.order_id"}
ALONE = plan_of(("give_back", ORDER))


def tried(action: str, plan: Json = None) -> Json:
    return try_out(SPECS, PlanRequest(action, {"order_id": "ORD-1"}), catalogue, plan=plan)


def test_what_applies_is_told_with_the_evidence_for_its_capabilities() -> None:
    found = tried("Please refund order ORD-1")
    assert found["match"]["match"] == "same_words" and found["match"]["use_case"] == "Refund order {order_id}"
    assert found["capabilities"][0] == {
        "capability": "verify refund eligibility",
        "by": "declared",
        "services": [{"service": "check_terms", "similarity": None}],
        "likely": [],
        "closest": [],
    }
    assert found["problems"] is None


def test_a_given_plan_is_checked() -> None:
    assert [each["code"] for each in tried("Refund order ORD-1", ALONE)["problems"]] == [
        "grounding_capability_missing"
    ]
    invalid = tried("Refund order ORD-1", plan_of(("fly", ORDER)))["problems"]
    assert "unknown_service" in [each["code"] for each in invalid]


def test_what_does_not_apply_is_told_with_why_not() -> None:
    found = tried("Do not refund order ORD-1", ALONE)
    assert (found["match"]["match"], found["problems"]) == ("none", None)
    [near] = found["match"]["near"]
    assert "not accounted for" in near["why_not"].lower() and near["risk"] is not None
    assert [each["capability"] for each in found["capabilities"]] == ["verify refund eligibility", "refund order"]


def test_without_a_use_case_there_is_nothing_to_tell() -> None:
    found = try_out([], PlanRequest("Refund order ORD-1", {}), catalogue)
    assert (found["match"]["near"], found["capabilities"]) == ([], [])


def test_nothing_is_written() -> None:
    with CaptureQueriesContext(connection) as queries:
        tried("Please refund order ORD-1", ALONE)
    assert not [query for query in queries if not query["sql"].startswith("SELECT")]
    assert not Plan.objects.exists()
