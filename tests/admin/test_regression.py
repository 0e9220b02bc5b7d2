"""Saved requests and their runs in the admin."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from orra.base.strictjson import Json
from planengine import tasks
from planengine.evaluation.regression import runs, saved
from planengine.models import Plan, Project, RegressionResult, RegressionRun, SavedRequest
from tests.admin.pages import address, body, fill, list_of, logged, page_of, said, text

HOSTILE = "<script>alert(1)</script>"
LOOKUP: list[Json] = [{"service": "order_lookup", "input": {"order_id": "$task0.order_id"}}]
FROM_PLAN = reverse("admin:planengine_savedrequest_from_plan")
RUN = reverse("admin:planengine_savedrequest_run")


@pytest.fixture
def kept(shop: Project) -> SavedRequest:
    return SavedRequest.objects.create(
        project=shop,
        name="look up",
        action="Find order ORD-5",
        params=[{"field": "order_id", "value": "ORD-5"}],
        expected=LOOKUP,
    )


def accept(client: Client, result: RegressionResult) -> Any:
    return client.post(address(result.run, "accept"), {"result": result.pk}, follow=True)


def test_a_plan_is_saved_as_a_test_request(operator: Client, served: Plan) -> None:
    assert f'action="{FROM_PLAN}?plan={served.pk}"' in body(operator, page_of(served))
    answer = operator.post(f"{FROM_PLAN}?plan={served.pk}", follow=True)
    made = SavedRequest.objects.get()
    assert (made.action, made.plan_id, made.created_by) == (served.action, served.pk, "ada")
    assert [call["service"] for call in made.expected] == ["order_lookup", "print_labels", "notify"]
    assert answer.redirect_chain[-1][0] == page_of(made)
    assert page_of(served) in answer.content.decode()
    assert logged() == [f"Saved from plan {served.pk}."]


def test_what_was_not_planned_is_not_saved(operator: Client, rejected: Plan) -> None:
    assert FROM_PLAN not in body(operator, page_of(rejected))
    assert "was not planned" in said(operator.post(f"{FROM_PLAN}?plan={rejected.pk}", follow=True))
    for plan in ("o_none", "%00"):
        assert operator.post(f"{FROM_PLAN}?plan={plan}").status_code == 404
    assert not SavedRequest.objects.exists()


def test_one_is_written_by_hand_and_edited(operator: Client, shop: Project) -> None:
    path = list_of(SavedRequest) + "add/"
    typed = {"project": shop.pk, "name": "one", "action": "Find ORD-5", "params": '{"order_id": "ORD-5"}'}
    operator.post(path, {**typed, "expected": json.dumps(LOOKUP)})
    made = SavedRequest.objects.get()
    assert (made.params_by_field, made.expected, made.created_by) == ({"order_id": "ORD-5"}, LOOKUP, "ada")
    form = operator.get(page_of(made)).context["adminform"].form
    operator.post(page_of(made), fill(form, expected="[]", action="Find\r\nORD-5"))
    made.refresh_from_db()
    assert (made.expected, made.action, made.params_by_field) == ([], "Find\nORD-5", {"order_id": "ORD-5"})


@pytest.mark.parametrize(
    ("field", "typed", "fault"),
    [
        ("expected", '[{"service": "nobody"}]', "nobody"),
        ("expected", "{", "malformed"),
        ("expected", "[" * 100_000, "nested deeper"),
        ("params", "[5]", "param"),
        ("params", "{", "malformed"),
        ("action", " ", "action"),
        ("name", "", "required"),
    ],
)
def test_a_fault_is_told_at_its_field(
    field: str, typed: str, fault: str, operator: Client, kept: SavedRequest
) -> None:
    form = operator.get(page_of(kept)).context["adminform"].form
    answer = operator.post(page_of(kept), fill(form, **{field: typed}))
    errors = answer.context["adminform"].form.errors
    assert list(errors) == [field] and fault in errors[field][0].lower()
    kept.refresh_from_db()
    assert kept.expected == LOOKUP


def test_a_project_has_so_many_at_most(
    operator: Client, kept: SavedRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "MOST_SAVED", 1)
    typed = {"project": kept.project_id, "name": "one", "action": "Find ORD-5", "params": "{}", "expected": "[]"}
    answer = operator.post(list_of(SavedRequest) + "add/", typed)
    assert "which is the most" in text(answer.content.decode())
    assert SavedRequest.objects.count() == 1


def test_a_run_is_started_followed_and_read(
    operator: Client,
    kept: SavedRequest,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(tasks, "run_later", sent.append)
    assert "Run" in body(operator, list_of(SavedRequest, project=kept.project_id))
    with django_capture_on_commit_callbacks(execute=True):
        operator.post(RUN, {"project": kept.project_id})
    run = RegressionRun.objects.get()
    assert sent == [run.pk] and run.created_by == "ada"
    assert logged() == ["Run of 1 saved requests."]

    waiting = operator.get(page_of(run))
    assert 'http-equiv="refresh"' in waiting.content.decode()
    assert "0 of 1 planned: 1 not planned yet." in text(waiting.content.decode())
    runs.work_on(run.pk)
    finished = body(operator, page_of(run))
    assert 'http-equiv="refresh"' not in finished and "1 of 1 planned: 1 as expected." in text(finished)
    assert "as expected" in text(body(operator, list_of(SavedRequest)))


def test_a_run_too_many_is_refused_with_a_word(operator: Client, kept: SavedRequest, shop: Project) -> None:
    operator.post(RUN, {"project": shop.pk})
    assert "not finished yet" in said(operator.post(RUN, {"project": shop.pk}, follow=True))
    assert operator.post(RUN, {"project": "p_none"}).status_code == 404
    assert RegressionRun.objects.count() == 1


def test_a_change_is_shown_and_accepted(operator: Client, kept: SavedRequest) -> None:
    then: list[Json] = [{"service": "print_labels"}]
    SavedRequest.objects.update(expected=then)
    run = RegressionRun.objects.create(project=kept.project)
    facts: dict[str, Any] = {"run": run, "saved": kept, "name": kept.name, "verdict": "changed"}
    result = RegressionResult.objects.create(expected=then, got=LOOKUP, differences=["calls it"], **facts)
    page = body(operator, page_of(run))
    assert "calls it" in page and "Accept" in page and "not in the run before" in page
    answer = accept(operator, result)
    assert "is expected to become this" in said(answer)
    kept.refresh_from_db()
    assert kept.expected == LOOKUP
    assert logged() == [f"Expects what it became in run {run.pk}."]
    accept(operator, result)
    assert LogEntry.objects.count() == 1
    SavedRequest.objects.update(expected=[])
    assert "It was changed since this run." in said(accept(operator, result))
    assert SavedRequest.objects.get().expected == []


def test_a_result_is_compared_with_the_run_before(operator: Client, kept: SavedRequest) -> None:
    facts: dict[str, Any] = {"saved": kept, "name": kept.name}
    for got, verdict in ((LOOKUP, "same"), (LOOKUP, "same"), ([], "refused")):
        run = RegressionRun.objects.create(project=kept.project, status="finished")
        RegressionResult.objects.create(run=run, got=got, verdict=verdict, **facts)
    third, second, _ = RegressionRun.objects.all()
    assert "as in the run before" in body(operator, page_of(second))
    assert "other than in the run before: then as expected (order_lookup)" in body(operator, page_of(third))


@pytest.mark.parametrize("number", ["", "x", "0", "9" * 30, "²"])
def test_a_result_that_is_not_there_is_not_accepted(number: str, operator: Client, kept: SavedRequest) -> None:
    run = runs.start(kept.project, by="ada")
    assert operator.post(address(run, "accept"), {"result": number}).status_code == 404


def test_rights_are_asked_for(staff: Callable[..., Client], kept: SavedRequest, served: Plan) -> None:
    run = runs.start(kept.project, by="ada")
    result = run.results.get()
    viewer = staff("planengine.view_savedrequest", "planengine.view_regressionrun", "planengine.view_plan")
    assert "ORD-5" in body(viewer, page_of(kept))  # of the action
    assert "order_id" not in text(body(viewer, page_of(kept)))
    assert 'name="result"' not in body(viewer, page_of(run))
    assert 'id="run-saved"' not in body(viewer, list_of(SavedRequest))
    assert FROM_PLAN not in body(viewer, page_of(served))
    assert viewer.post(RUN, {"project": kept.project_id}).status_code == 403
    assert viewer.post(address(run, "accept"), {"result": result.pk}).status_code == 403
    assert viewer.post(f"{FROM_PLAN}?plan={served.pk}").status_code == 403
    changer = staff("planengine.change_savedrequest", "planengine.view_savedrequest")
    assert changer.post(page_of(kept), {"name": "x"}).status_code == 403  # what it edits is not its to see
    assert SavedRequest.objects.get().name == "look up"


def test_what_a_request_became_is_content(staff: Callable[..., Client], kept: SavedRequest) -> None:
    run = RegressionRun.objects.create(project=kept.project, status="finished")
    RegressionResult.objects.create(
        run=run, saved=kept, name="x", verdict="changed", got=LOOKUP, differences=["takes “a secret value”"]
    )
    assert "a secret value" not in body(staff("planengine.view_regressionrun"), page_of(run))
    seeing = staff("planengine.view_regressionrun", "planengine.view_contents")
    assert "a secret value" in body(seeing, page_of(run))


def test_nothing_changes_on_get(operator: Client, kept: SavedRequest) -> None:
    run = runs.start(kept.project, by="ada")
    for path in (RUN, FROM_PLAN, address(run, "accept")):
        assert operator.get(path).status_code == 405


def test_hostile_texts_are_shown_and_never_run(operator: Client, kept: SavedRequest) -> None:
    SavedRequest.objects.update(name=HOSTILE, action=HOSTILE, expected=[{"service": HOSTILE}])
    run = RegressionRun.objects.create(project=kept.project, planner=HOSTILE, created_by=HOSTILE)
    RegressionResult.objects.create(
        **{"run": run, "saved": kept, "name": HOSTILE, "verdict": "changed", "expected": [{"service": HOSTILE}]},
        **{"got": [{"service": HOSTILE}], "differences": [HOSTILE], "code": HOSTILE, "message": HOSTILE},
    )
    for path in (list_of(SavedRequest), page_of(kept), page_of(run), list_of(RegressionRun)):
        page = body(operator, path)
        assert HOSTILE not in page and "&lt;script&gt;" in page
