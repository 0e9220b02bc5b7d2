from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache.models import Entry
from orra.demo.shop import SERVICES
from orra.demo.story import STORY
from planengine.accounting.wrong_hits import Observed
from planengine.evaluation import shadow
from planengine.models import HitCheck, Plan, Project
from tests.api.teaching import REFUNDS, REWORDED, ask, report, teach
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
    assert hit.pk in Entry.objects.plans().get().quarantine_reason
    assert api.get("/v1/cache/stats").json()["reported_wrong_hits"] == 1
    assert api.post("/v1/plans", {"action": "Refund order C-3", "params": {"order_id": "C-3"}}).status_code == 202


def test_a_report_of_what_was_planned_says_nothing_of_the_cache(api: Api) -> None:
    planned = api.plan("Refund order ORD-17", {"order_id": "ORD-17"})
    api.post(f"/v1/plans/{planned['id']}/report")

    assert api.get("/v1/cache/stats").json()["reported_wrong_hits"] == 0


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
    assert Entry.objects.plans().get().quarantined_at is not None
    assert Entry.objects.get(kind="counter").skeleton_services == ["order_lookup"]


class TestOfAShopWithoutAModel:
    @pytest.fixture
    def project(self, make_project: Callable[..., Project]) -> Project:
        return make_project(services={}, recheck_share=0)

    def test_a_wording_that_the_composer_does_not_know_proves_nothing(self, api: Api) -> None:
        """A plan that a client confirmed went into quarantine for who asked for it politely."""
        for name, facts in SERVICES.items():
            assert api.put(f"/v1/services/{name}", facts).status_code == 201
        known, _, polite = STORY[:3]
        planned = api.plan(known.action, dict(known.params))
        report(api, planned, "right_plan")
        again = api.plan(polite.action, dict(polite.params), cache="bypass")
        assert (again["status"], again["source"]) == ("not_actionable", "composer")
        served = api.plan(polite.action, dict(polite.params))
        assert served["source"] == "semantic"

        shadow.check(served["id"])

        assert HitCheck.objects.get(origin="sample").verdict == "undecided"
        assert Entry.objects.get(pk=served["cache"]["entry_id"]).quarantined_at is None


def test_too_many_wrong_hits_close_hits_by_meaning_until_they_are_reopened(api: Api, project: Project) -> None:
    teach(api)
    exact = [ask(api, REFUNDS[0], order)["id"] for order in ("A-1", "A-2", "A-3")]
    wrong = [ask(api, REWORDED, order) for order in ("B-1", "B-2", "B-3")]
    assert [plan["source"] for plan in wrong] == ["semantic"] * 3
    api.patch("/v1/project", {"wrong_hit_tolerance": 0.1})
    for plan_id in exact:
        api.post(f"/v1/plans/{plan_id}/report")
    assert api.get("/v1/cache/stats").json()["hits_by_meaning"] == "open"
    for plan in wrong:
        report(api, plan, "wrong_plan")

    assert ask(api, REWORDED, "C-3", cache="only")["cache"]["reason"] == "only_exact_templates"
    assert ask(api, REFUNDS[3], "C-3")["source"] == "exact"
    assert api.get("/v1/cache/stats").json()["hits_by_meaning"] == "closed"
    shadow.reopen(project)
    assert api.get("/v1/cache/stats").json()["hits_by_meaning"] == "open"
    assert ask(api, REWORDED, "D-4", cache="only")["cache"]["votes"]["services"] == ["refund_payment"]


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
