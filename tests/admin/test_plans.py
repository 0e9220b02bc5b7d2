from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from cache import storage
from cache.models import Entry
from orra.base.strictjson import Json
from planengine.lifecycle import singleflight
from planengine.models import Attempt, HitCheck, Plan, Project
from tests.admin.pages import address, body, list_of, page_of, said, text


def test_a_served_plan_is_drawn_with_where_its_values_come_from(operator: Client, served: Plan) -> None:
    page = text(body(operator, page_of(served)))
    assert "Print 5 labels for order ORD-99 and tell the customer" in page
    assert 'Values task0 copies 5 order_id "ORD-99" Step 1 2 in parallel order_lookup task1' in page
    assert 'order_id ← task0.order_id "ORD-99"' in page
    assert "Step 2 notify task3 customer_id ← task1.customer_id" in page
    assert '"parallel_groups": [' in page


def test_a_served_plan_leads_to_its_entry_and_project(operator: Client, served: Plan, entry: Entry) -> None:
    page = body(operator, page_of(served))
    assert f'<a href="{page_of(entry)}">{entry.pk}</a>' in page
    assert f'<a href="{page_of(served.project)}">shop</a>' in page
    assert "hit, same template, similarity 1.0000" in text(page)


def test_a_plan_whose_entry_was_evicted_says_so(operator: Client, served: Plan, entry: Entry) -> None:
    storage.forget(entry.project_id, [entry.pk])
    page = body(operator, page_of(served))
    assert f'href="{page_of(entry)}"' not in page
    assert f"entry {entry.pk} (not there any more" in text(page)


def test_a_rejected_plan_tells_what_was_wrong_and_how_to_fix_it(operator: Client, rejected: Plan) -> None:
    page = text(body(operator, page_of(rejected)))
    assert "ORCHESTRATION ERROR PROBLEM: no such service" in page
    assert "How to fix Register a service that gives refunds." in page
    assert (
        page.count("unknown_service task1 service 'task1' names the service 'refunds', which doesn't exist") == 1
    )
    assert page.count("Did you mean 'refund_payment'?") == 1
    assert page.count("The same problems as attempt 1.") == 2
    error: Json = rejected.error
    Plan.objects.update(error={**error, "message": "PROBLEM: none.\nHOW TO FIX:\n1. Register a service."})
    page = text(body(operator, page_of(rejected)))
    assert "PROBLEM: none. How to fix Register a service that gives refunds." in page
    assert "total 1,234.50 ms" in page
    assert "900 prompt · unknown completion" in page


def test_an_attempt_that_has_not_ended_says_so(operator: Client, rejected: Plan) -> None:
    Attempt.objects.filter(plan=rejected, number=3).update(seconds=None, problems=[])

    assert "not ended: it is under way, or its worker was lost" in text(body(operator, page_of(rejected)))
    for outcome, count in (("open", 1), ("problems", 2), ("accepted", 0)):
        page = text(body(operator, list_of(Attempt, outcome=outcome)))
        assert f"{count} attempt" in page


def test_prompts_and_answers_are_folded_away(operator: Client, rejected: Plan) -> None:
    page = body(operator, page_of(rejected))
    assert page.count("<details><summary>Prompt") == page.count("<details><summary>Answer") == 3
    assert "<details open" not in page
    assert "prompt of attempt 3" in page
    assert "answer of attempt 1" in page


def test_what_was_refused_is_listed_with_links_to_the_candidates(
    operator: Client, entry: Entry, rejected: Plan
) -> None:
    guards = [
        {
            "entry_id": entry.pk,
            "template": "Undo {order_id}",
            "similarity": 0.97,
            "guard": "words",
            "reason": "Not accounted for: 'undo'.",
        },
        {
            "entry_id": "ce_gone",
            "template": "Stop it",
            "similarity": 0.91,
            "guard": "fields",
            "reason": "other fields",
        },
    ]
    decision = {"decision": "miss", "reason": "refused", "entry_id": None, "similarity": 0.97, "guards": guards}
    Plan.objects.filter(pk=rejected.pk).update(cache=decision)
    page = body(operator, page_of(rejected))
    assert f'<a href="{page_of(entry)}">{entry.pk}</a>' in page
    assert "ce_5Fgone" not in page
    said = text(page)
    assert "miss, similarity 0.9700. There was something near, but each of it was refused" in said
    assert "Undo {order_id} 0.9700 words Not accounted for: 'undo'." in said
    assert "ce_gone Stop it 0.9100 fields other fields" in said


def test_an_attempt_has_a_page_of_its_own(operator: Client, rejected: Plan) -> None:
    attempt = rejected.attempts.get(number=2)
    page = body(operator, page_of(attempt))
    assert "answer of attempt 2" in page
    assert f'<a href="{page_of(rejected)}">' in page
    assert "1 problem by model:1:tiny, model tiny, 1.50 s, tokens not reported" in text(page)


@pytest.mark.parametrize("status", ["pending", "planning"])
def test_an_unfinished_plan_can_be_looked_at(
    status: str, operator: Client, shop: Project, make_plan: Callable[..., Plan]
) -> None:
    page = text(body(operator, page_of(make_plan(shop, status=status))))
    assert "Finished not yet" in page
    assert "not made yet" in page
    assert "No planner was called." in page


def test_what_the_engine_writes_cannot_be_changed(operator: Client, rejected: Plan) -> None:
    for row in (rejected, rejected.attempts.get(number=1)):
        assert operator.post(page_of(row), {"status": "ready", "answer": "changed"}).status_code == 403
        assert operator.post(address(row, "delete"), {"post": "yes"}).status_code == 403
        assert operator.get(list_of(type(row)) + "add/").status_code == 403
        chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes", "index": "0"}
        operator.post(list_of(type(row)), chosen)
        fields = body(operator, page_of(row)).split('id="content-main"')[1]
        assert fields.count("<input") == fields.count('<input type="hidden" name="csrfmiddlewaretoken"')
    rejected.refresh_from_db()
    assert rejected.status == "failed"
    assert Attempt.objects.filter(plan=rejected).count() == 3


def test_a_plan_that_does_not_exist_leads_back(operator: Client) -> None:
    answer = operator.get(reverse("admin:planengine_plan_change", args=["o_nothing"]), follow=True)
    assert answer.status_code == 200
    assert "doesn’t exist" in text(answer.content.decode())


def test_a_plan_that_follows_another_leads_to_it(
    operator: Client, shop: Project, make_plan: Callable[..., Plan]
) -> None:
    leader, follower = (make_plan(shop, status="pending") for _ in range(2))
    route = singleflight.Route("t" * 64, "l" * 64, "1" * 64)
    lead = singleflight.join(leader, route, in_lane=False)
    assert lead is not None and singleflight.join(follower, route, in_lane=False) is None

    assert f'Waits for</th><td><a href="{page_of(leader)}">{leader.pk}</a>' in body(operator, page_of(follower))
    assert "Waits for" not in body(operator, page_of(leader))
    singleflight.complete(lead)
    assert "Waits for" not in body(operator, page_of(follower))


VOTES: dict[str, Json] = {
    "services": ["refund_payment"],
    "examples": 4,
    "nearest": {
        "kind": "plan",
        "services": ["refund_payment"],
        "template": "Refund {order_id}",
        "similarity": 0.96,
        "entry_id": "ce_gone",
    },
    "rival": {
        "kind": "refusal",
        "services": [],
        "template": "Never refund {order_id}",
        "similarity": 0.93,
        "entry_id": "",
    },
    "margin": 0.03,
    "other_services": ["order_lookup"],
    "risk": 0.045,
    "most_risk": 0.03,
    "not_accounted_for": ["'prevent'"],
    "numbers": {"margin": 0.03},
    "log_odds": -3.1,
}


@pytest.mark.parametrize(
    ("guard", "advice"),
    [
        (
            "words",
            "'prevent' is not accounted for: add an example to refund_payment that says it so, or configure",
        ),
        ("risk", "The predicted risk is too high: 4.5% that another plan is wanted; 3.0% is tolerated."),
        ("reported", "If it is right after all, report it as `right_plan`"),
    ],
)
def test_votes_are_told_in_words_with_what_to_do(
    guard: str, advice: str, operator: Client, entry: Entry, rejected: Plan
) -> None:
    votes = {**VOTES, "nearest": {**VOTES["nearest"], "entry_id": entry.pk}}
    guards = [{"entry_id": entry.pk, "template": "x", "similarity": 0.96, "guard": guard, "reason": "y"}]
    decision = {"decision": "miss", "reason": "refused", "similarity": 0.96, "votes": votes, "guards": guards}
    Plan.objects.filter(pk=rejected.pk).update(cache=decision)

    page = body(operator, page_of(rejected))

    said = text(page)
    assert "The votes propose refund_payment, by 4 examples" in said
    assert "Nearest example Refund {order_id} (0.9600) → refund_payment, planned before" in said
    assert "Never refund {order_id} (0.9300), refused: nothing could be planned" in said
    assert "Margin between them 0.0300" in said
    assert "order_lookup: no example has led to it" in said
    assert "Predicted risk 4.5% that another plan is wanted; 3.0% is tolerated" in said
    assert "Not accounted for 'prevent'" in said
    assert advice in said
    assert page.count(f'href="{page_of(entry)}"') == 2


class TestReports:
    def test_an_operator_reports_a_plan_as_a_client_would(
        self, operator: Client, served: Plan, entry: Entry
    ) -> None:
        assert "Nobody has said." in text(body(operator, page_of(served)))
        path = address(served, "report")
        answer = operator.post(path, {"verdict": "wrong_plan", "note": "<b>not</b> these"}, follow=True)

        assert "Reported as wrong." in said(answer)
        check = HitCheck.objects.get()
        assert (check.plan_id, check.verdict, check.note) == (served.pk, "wrong", "<b>not</b> these")
        entry.refresh_from_db()
        assert entry.quarantined_at is not None and Entry.objects.filter(kind="counter").count() == 1
        page = body(operator, page_of(served))
        assert "&lt;b&gt;not&lt;/b&gt; these" in page and "<b>not" not in page
        assert "&lt;b&gt;not" in body(operator, list_of(HitCheck))
        assert "&lt;b&gt;not" in body(operator, page_of(check))
        assert "Reported as wrong." in text(body(operator, address(served, "history")))

        operator.post(path, {"verdict": "right_plan"})

        entry.refresh_from_db()
        assert entry.quarantined_at is None
        assert HitCheck.objects.get().verdict == "right"
        assert not Entry.objects.filter(kind="counter").exists()

    def test_it_takes_the_right_to_change_plans(self, staff: Callable[..., Client], served: Plan) -> None:
        viewer = staff("planengine.view_plan")
        assert "Report as wrong" not in body(viewer, page_of(served))
        assert viewer.post(address(served, "report"), {"verdict": "wrong_plan"}).status_code == 403
        operator = staff("planengine.view_plan", "planengine.change_plan")
        assert "Report as wrong" in body(operator, page_of(served))
        assert not HitCheck.objects.exists()

    def test_what_is_no_plan_cannot_be_reported(self, operator: Client, rejected: Plan) -> None:
        assert "Report as wrong" not in body(operator, page_of(rejected))
        answer = operator.post(address(rejected, "report"), {"verdict": "wrong_plan"}, follow=True)
        assert "There is no plan to report" in said(answer)

    @pytest.mark.parametrize("sent", [{}, {"verdict": "fine"}, {"verdict": "wrong_plan", "note": "x" * 2_001}])
    def test_a_malformed_one_counts_nothing(self, sent: dict[str, str], operator: Client, served: Plan) -> None:
        operator.post(address(served, "report"), sent)
        assert operator.get(address(served, "report")).status_code == 405
        assert not HitCheck.objects.exists()
