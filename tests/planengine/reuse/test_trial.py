"""An action tried against groundings, without planning or storing."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orra.base.strictjson import Json
from planengine.grounding.registry import Kept
from planengine.grounding.specs import Rule, RuleKind, UseCase
from planengine.models import Plan
from planengine.requests import PlanRequest
from planengine.reuse.trial import capability_in_words, match_in_words, try_out
from tests.planengine.grounding.shop import catalogue, grounded, plan_of

pytestmark = pytest.mark.django_db

SPECS = [Kept("", grounded().spec)]
ORDER = {"order_id": "$task0.order_id"}
REFUSAL: Json = {"tasks": [{"id": "final", "input": {"error": "There is no such order."}}]}
ALONE = plan_of(("give_back", ORDER))


def tried(action: str, plan: Json = None) -> Json:
    return try_out(SPECS, PlanRequest(action, {"order_id": "ORD-1"}), catalogue, plan=plan)


def test_what_applies_is_told_with_the_evidence_for_its_capabilities() -> None:
    found = tried("Please refund order ORD-1")
    assert found["match"]["match"] == "same_words" and found["match"]["use_case"] == "Refund order {order_id}"
    assert found["capabilities"][0] == {
        "capability": "verify refund eligibility",
        "asked": "required",
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
    assert [each["code"] for each in tried("Refund order ORD-1", REFUSAL)["problems"]] == ["not_actionable"]


def test_what_does_not_apply_is_told_with_why_not() -> None:
    found = tried("Do not refund order ORD-1", ALONE)
    assert (found["match"]["match"], found["problems"]) == ("none", None)
    [near] = found["match"]["near"]
    assert "not accounted for" in near["why_not"].lower() and near["risk"] is not None
    assert [each["capability"] for each in found["capabilities"]] == ["verify refund eligibility", "refund order"]
    told = " ".join(match_in_words(found["match"]))
    assert "Closest is 'Refund order {order_id}' of 'returns 1'" in told and near["why_not"] in told
    assert "1 of the nearest wordings vote for it." in told


def test_what_each_capability_is_asked_as_is_told() -> None:
    use_case = UseCase("Refund order {order_id}", capabilities=("refund order",), forbidden=("scrap goods",))
    rule = Rule(RuleKind.NEVER, "Refund  Order", "sing a song")
    kept = Kept("", grounded(use_case, rule).spec)
    found = try_out([kept], PlanRequest("Refund order ORD-1", {"order_id": "ORD-1"}), catalogue)
    asked = {each["capability"]: each["asked"] for each in found["capabilities"]}
    assert asked == {"refund order": "required", "scrap goods": "forbidden", "sing a song": "rule"}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"by": "declared", "services": ["a"]}, "'a', which declares it or is called so"),
        ({"by": "declared", "services": ["a", "b"]}, "any of 'a', 'b', which declare it or are called so"),
        ({"by": "meaning", "services": ["a"]}, "'a', by meaning"),
        ({"likely": ["a"]}, "nobody for certain: 'a' is near, and nearer to something else"),
        ({"likely": ["a", "b"], "closest": ["a"]}, "nobody for certain: 'a', 'b' are as near as each other"),
        ({"closest": ["a"]}, "nobody; closest: 'a'"),
        ({}, "nobody: there are no services"),
    ],
)
def test_who_does_a_capability_in_words(told: Json, words: str) -> None:
    lists = {
        member: [{"service": name, "similarity": None} for name in told.get(member, ())]
        for member in ("services", "likely", "closest")
    }
    assert capability_in_words({"by": told.get("by"), **lists}) == words


def test_without_a_use_case_there_is_nothing_to_tell() -> None:
    found = try_out([], PlanRequest("Refund order ORD-1", {}), catalogue)
    assert (found["match"]["near"], found["capabilities"]) == ([], [])


def test_nothing_is_written() -> None:
    with CaptureQueriesContext(connection) as queries:
        tried("Please refund order ORD-1", ALONE)
    assert not [query for query in queries if not query["sql"].startswith("SELECT")]
    assert not Plan.objects.exists()
