from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache.models import Entry
from planengine.accounting.wrong_hits import Observed
from planengine.evaluation import shadow
from planengine.models import HitCheck, Plan, Project
from tests.conftest import Api

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hit(api: Api) -> Plan:
    api.plan("Refund order ORD-17", {"order_id": "ORD-17"})
    return Plan.objects.get(pk=api.plan("Refund order B-2", {"order_id": "B-2"})["id"])


def test_a_report_puts_the_entry_into_quarantine_and_counts_once(api: Api, hit: Plan) -> None:
    for _ in range(2):
        answer = api.post(f"/v1/plans/{hit.pk}/report", {"verdict": "wrong_plan"})
        assert (answer.status_code, answer.json()["id"]) == (200, hit.pk)

    assert HitCheck.objects.count() == 1
    assert hit.pk in Entry.objects.get().quarantine_reason
    assert api.get("/v1/cache/stats").json()["reported_wrong_hits"] == 1
    assert api.post("/v1/plans", {"action": "Refund order C-3", "params": {"order_id": "C-3"}}).status_code == 202


def test_only_a_hit_can_be_reported(api: Api, other_api: Api) -> None:
    planned = api.plan("Refund order ORD-17", {"order_id": "ORD-17"})

    answer = api.post(f"/v1/plans/{planned['id']}/report", {"verdict": "wrong_plan"})

    assert (answer.status_code, answer.json()["code"]) == (409, "not_a_hit")
    assert other_api.post(f"/v1/plans/{planned['id']}/report", {"verdict": "wrong_plan"}).status_code == 404


@pytest.mark.parametrize("body", [{}, {"verdict": "fine"}, {"verdict": "wrong_plan", "why": "x"}])
def test_a_malformed_report_counts_nothing(api: Api, hit: Plan, body: object) -> None:
    assert api.post(f"/v1/plans/{hit.pk}/report", body).status_code == 400
    assert not HitCheck.objects.exists()


def test_a_right_hit_is_found_right(api: Api, hit: Plan) -> None:
    shadow.check(hit.pk)
    shadow.check(hit.pk)

    assert HitCheck.objects.get().verdict == "right"
    assert api.get("/v1/cache/stats").json()["observed_wrong_hit_rate"]["checked"] == 1


def test_a_wrong_hit_is_found_wrong(api: Api, hit: Plan) -> None:
    assert hit.plan is not None
    task0, task1 = hit.plan["tasks"]
    wrong = {**hit.plan, "tasks": [task0, {**task1, "service": "order_lookup"}]}
    Plan.objects.filter(pk=hit.pk).update(plan=wrong)

    shadow.check(hit.pk)

    assert HitCheck.objects.get().verdict == "wrong"
    assert Entry.objects.get().quarantined_at is not None


def test_too_many_wrong_hits_close_hits_by_meaning_until_they_are_reopened(api: Api, project: Project) -> None:
    api.plan("Refund order ORD-17", {"order_id": "ORD-17"})
    assert api.plan("Please refund the order B-2", {"order_id": "B-2"})["source"] == "semantic"
    hits = [api.plan("Refund order B-2", {"order_id": "B-2"})["id"] for _ in range(3)]
    for plan_id in hits:
        api.post(f"/v1/plans/{plan_id}/report", {"verdict": "wrong_plan"})
    api.plan("Refund order ORD-17", {"order_id": "ORD-17"}, cache="refresh")

    closed = api.post("/v1/plans", {"action": "Please refund the order C-3", "params": {"order_id": "C-3"}}).json()
    exact = api.plan("Refund order C-3", {"order_id": "C-3"})

    assert closed["cache"]["reason"] == "only_exact_templates"
    assert exact["source"] == "exact"
    assert api.get("/v1/cache/stats").json()["hits_by_meaning"] == "closed"
    shadow.reopen(project)
    assert api.plan("Please refund the order D-4", {"order_id": "D-4"})["source"] == "semantic"


def test_a_share_of_hits_is_drawn(hit: Plan) -> None:
    hit.project.recheck_share = 1
    assert shadow.is_to_be_checked(hit)
    hit.project.recheck_share = 0
    assert not shadow.is_to_be_checked(hit)


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_wilsons_interval_holds_the_rate(checked: int, wrong: int) -> None:
    seen = Observed(checked + wrong, wrong)
    low, high = seen.interval

    assert 0 <= low <= (seen.rate or 0) + 1e-12 <= high + 2e-12 and high <= 1


def test_wilsons_interval_is_the_published_one() -> None:
    low, high = Observed(10, 1).interval

    assert (round(low, 4), round(high, 4)) == (0.0179, 0.4042)
