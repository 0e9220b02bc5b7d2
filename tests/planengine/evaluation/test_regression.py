"""Saved requests: what is expected, how a plan differs from it, and runs that survive their workers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from cache.models import Entry
from orra.base.strictjson import Json
from planengine import tasks
from planengine.accounting import budgets
from planengine.catalogue import registry
from planengine.catalogue.registry import catalogue_of
from planengine.drafting.generation import Failure, Outcome
from planengine.evaluation.regression import runs, saved
from planengine.evaluation.regression.expectations import check_expected, expected_of, otherwise
from planengine.exceptions import BadRequest
from planengine.models import Attempt, Plan, Project, RegressionResult, RegressionRun, SavedRequest, Service
from planengine.models.states import PlanStatus
from planengine.requests import PlanRequest
from planengine.reuse import plan_cache
from tests.conftest import SHOP
from tests.servers.scripted import ScriptedServer

REFUND: list[Json] = [{"service": "refund_payment", "input": {"order_id": "$task0.order_id"}}]
PLAN: Json = {
    "tasks": [
        {"id": "task0", "input": {"order": "ORD-17", "copies": 2}},
        {"id": "task4", "service": "find", "input": {"id": "$task0.order"}},
        {
            "id": "task2",
            "service": "print",
            "input": {"for": "$task4.customer", "copies": "$task0.copies", "x": 1},
        },
    ],
    "parallel_groups": [["task4"], ["task2"]],
}
PARAMS: dict[str, Json] = {"order_id": "ORD-17", "n": 3}
EXPECTED: list[Json] = [
    {"service": "find", "input": {"id": "$task0.order_id"}},
    {"service": "print", "input": {"for": "$task1.customer", "copies": 2, "x": 1}},
]


def test_a_plan_is_expected_by_the_params_of_its_request() -> None:
    assert expected_of(PLAN, PARAMS) == EXPECTED


def test_a_plan_is_as_expected_whatever_its_tasks_and_fields_are_called() -> None:
    other = {
        "tasks": [
            {"id": "task0", "input": {"order_id": "ORD-17", "count": 2}},
            {
                "id": "task1",
                "service": "print",
                "input": {"x": 1.0, "copies": "$task0.count", "for": "$task9.customer"},
            },
            {"id": "task9", "service": "find", "input": {"id": "$task0.order_id"}},
        ],
        "parallel_groups": [["task9"], ["task1"]],
    }
    assert otherwise(EXPECTED, expected_of(other, PARAMS), PARAMS) == []


@pytest.mark.parametrize(
    ("expected", "got", "told"),
    [
        ([], [], []),
        (REFUND, [], ["is refused, where refund_payment was expected"]),
        ([], REFUND, ["calls refund_payment, where a refusal was expected"]),
        (EXPECTED, EXPECTED[:1], ["print: called once in what is expected, not called in the plan."]),
        (
            [{"service": "find"}],
            [EXPECTED[0], EXPECTED[0]],
            ["find: called once in what is expected, called twice in the plan."],
        ),
        ([{"service": "find"}], [{"service": "find", "input": {"id": 5}}], []),
        (
            EXPECTED[:1],
            [{"service": "find", "input": {"id": "$task0.n", "new": "a"}}],
            [
                'find: id is "ORD-17" in what is expected, 3 in the plan.',
                'find: new is not given in what is expected, "a" in the plan.',
            ],
        ),
        (
            EXPECTED,
            [EXPECTED[0], {"service": "print", "input": {"for": "me", "copies": 2, "x": 1}}],
            ['print: for is what find gives as customer in what is expected, "me" in the plan.'],
        ),
        (
            [{"service": "find", "input": {}}, {"service": "tell", "input": {}}],
            [{"service": "find", "input": {}}, {"service": "tell", "input": {}, "after": ["$task1"]}],
            ["tell: waits for nothing in what is expected, for find in the plan."],
        ),
        (
            [{"service": "find", "input": {"id": 1}}, {"service": "find", "input": {"id": 2}}],
            [{"service": "find", "input": {"id": 2}}, {"service": "find", "input": {"id": 1}}],
            [],
        ),
    ],
)
def test_what_differs_is_told_in_words(expected: list[Json], got: list[Json], told: list[str]) -> None:
    assert otherwise(expected, got, PARAMS) == told


def test_many_differences_are_cut() -> None:
    got = [{"service": "find", "input": {f"field{number}": 1 for number in range(80)}}]
    told = otherwise([{"service": "find", "input": {}}], got, {})
    assert len(told) == 51 and told[-1] == "30 more differences."


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("expected", "fault"),
    [
        ({}, "must be a list"),
        ([5], "must be a list of"),
        ([{"service": "nobody"}], "'nobody'"),
        ([{"service": "order_lookup", "inputs": {}}], "'inputs' is unknown"),
        ([{"service": "order_lookup", "input": {"order_id": "$task5.x"}}], "refers to"),
        ([{"service": "order_lookup", "after": ["$task2"]}], "`after`"),
        ([{"service": "order_lookup", "after": 5}], "`after`"),
        ([{"service": "order_lookup"}] * 201, "200 is the most"),
    ],
)
def test_a_faulty_expectation_is_refused(expected: Json, fault: str, project: Project) -> None:
    with pytest.raises(BadRequest, match=fault):
        check_expected(expected, catalogue_of(project))


# --- saving and running


@pytest.fixture
def refund(project: Project) -> SavedRequest:
    return make(project, "refund", "Refund order ORD-5", {"order_id": "ORD-5"}, REFUND)


def make(project: Project, name: str, action: str, params: dict[str, Json], expected: list[Json]) -> SavedRequest:
    fields = [{"field": field, "value": value} for field, value in params.items()]
    return SavedRequest.objects.create(project=project, name=name, action=action, params=fields, expected=expected)


def run_of(project: Project) -> RegressionRun:
    """Started and worked on to its end."""
    run = runs.start(project, by="ada")
    assert not runs.work_on(run.pk)
    run.refresh_from_db()
    return run


def verdicts(run: RegressionRun) -> dict[str, str]:
    return dict(run.results.values_list("name", "verdict"))


@pytest.mark.django_db
def test_a_run_tells_what_is_as_expected_and_stores_no_plan_and_no_entry(
    project: Project, refund: SavedRequest
) -> None:
    make(project, "look up", "Refund order ORD-6", {"order_id": "ORD-6"}, [{"service": "order_lookup"}])
    make(
        project, "wiring", "Refund order ORD-6", {"order_id": "ORD-6"}, [{**REFUND[0], "input": {"order_id": "X"}}]
    )
    make(project, "no refusal", "Bake a cake with almonds", {}, REFUND)
    make(project, "refusal", "Refund order ORD-6", {"order_id": "ORD-6"}, [])

    run = run_of(project)

    assert run.status == RegressionRun.Status.FINISHED and run.finished_at is not None
    assert verdicts(run) == {
        "refund": "same",
        "look up": "changed",
        "wiring": "changed",
        "no refusal": "refused",
        "refusal": "changed",
    }
    told = {result.name: result for result in run.results.all()}
    assert told["look up"].differences == [
        "order_lookup: called once in what is expected, not called in the plan.",
        "refund_payment: not called in what is expected, called once in the plan.",
    ]
    assert told["wiring"].differences == [
        'refund_payment: order_id is "X" in what is expected, "ORD-6" in the plan.'
    ]
    assert told["refund"].got == REFUND and told["no refusal"].got == []
    assert told["no refusal"].code and told["no refusal"].message
    assert all(result.seconds is not None for result in told.values())
    assert not Plan.objects.exists() and not Attempt.objects.exists() and not Entry.objects.exists()


@pytest.mark.django_db
def test_a_service_that_changes_shows_in_the_next_run_and_can_be_accepted(
    project: Project, refund: SavedRequest
) -> None:
    assert verdicts(run_of(project)) == {"refund": "same"}
    renamed = {**SHOP["refund_payment"], "description": "Refund an order: give back the money."}
    registry.remove(Service.objects.get(name="refund_payment"))
    registry.register(project, "refund_order", renamed)

    result = run_of(project).results.get()

    assert result.verdict == "changed"
    assert result.differences == [
        "refund_payment: called once in what is expected, not called in the plan.",
        "refund_order: not called in what is expected, called once in the plan.",
    ]
    assert saved.accept(result) and not saved.accept(result)
    refund.refresh_from_db()
    assert refund.expected == [{"service": "refund_order", "input": {"order_id": "$task0.order_id"}}]
    assert verdicts(run_of(project)) == {"refund": "same"}


@pytest.mark.django_db
def test_the_project_is_charged_and_a_budget_ends_planning(
    project: Project, refund: SavedRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    Project.objects.update(tokens_per_day=0)
    result = run_of(project).results.get()
    assert (result.verdict, result.code, result.got) == ("failed", "budget_exceeded", None)
    assert budgets.used_on(project, timezone.now().date()) == 0
    with pytest.raises(BadRequest):
        saved.accept(result)


@pytest.mark.django_db
def test_a_plan_is_saved_with_what_it_became(project: Project, make_plan_row: Callable[..., Plan]) -> None:
    plan = make_plan_row(project, PlanStatus.READY)
    kept = saved.save_plan(plan, by="ada")
    again = saved.save_plan(plan, by="ada")
    refused = saved.save_plan(make_plan_row(project, PlanStatus.NOT_ACTIONABLE), by="ada")
    assert (kept.expected, kept.plan_id, kept.created_by) == (REFUND, plan.pk, "ada")
    assert (kept.name, again.name) == ("Refund order ORD-5", "Refund order ORD-5 (2)")
    assert refused.expected == []
    with pytest.raises(BadRequest):
        saved.save_plan(make_plan_row(project, PlanStatus.FAILED), by="ada")


@pytest.fixture
def make_plan_row() -> Callable[..., Plan]:
    def make_row(project: Project, status: str) -> Plan:
        now = timezone.now()
        execution: Json = {
            "tasks": [
                {"id": "task0", "input": {"order_id": "ORD-5"}},
                {"id": "task1", "service": "refund_payment", "input": {"order_id": "$task0.order_id"}},
            ],
            "parallel_groups": [["task1"]],
        }
        return Plan.objects.create(
            project=project,
            action="Refund order\nORD-5",
            params=[{"field": "order_id", "value": "ORD-5"}],
            status=status,
            plan=execution if status == PlanStatus.READY else None,
            created_at=now,
            finished_at=now,
        )

    return make_row


@pytest.mark.django_db
def test_there_is_a_most_of_saved_requests(
    project: Project, refund: SavedRequest, make_plan_row: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "MOST_SAVED", 1)
    with pytest.raises(BadRequest, match="which is the most"):
        saved.save_plan(make_plan_row(project, PlanStatus.READY), by="ada")


@pytest.mark.django_db
def test_one_run_at_a_time_and_none_of_nothing(project: Project) -> None:
    with pytest.raises(BadRequest, match="no saved requests"):
        runs.start(project, by="ada")
    make(project, "one", "Refund order ORD-5", {"order_id": "ORD-5"}, REFUND)
    runs.start(project, by="ada")
    with pytest.raises(BadRequest, match="not finished yet"):
        runs.start(project, by="ada")


@pytest.mark.django_db
def test_a_run_is_planned_slice_by_slice(project: Project, refund: SavedRequest) -> None:
    make(project, "second", "Refund order ORD-6", {"order_id": "ORD-6"}, REFUND)
    run = runs.start(project, by="ada")
    assert runs.work_on(run.pk, slice_seconds=0)
    assert sorted(verdicts(run).values()) == ["", "same"]
    assert not runs.work_on(run.pk, slice_seconds=0)
    assert set(verdicts(run).values()) == {"same"}
    assert not runs.work_on(run.pk)  # finished: nothing to claim


@pytest.mark.django_db
def test_a_lost_worker_s_run_is_taken_up_by_the_sweep(
    project: Project, refund: SavedRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.start(project, by="ada")
    runs.note_enqueued([run.pk])
    now = timezone.now()
    assert runs._claim(run.pk) is not None  # and then its worker is killed
    assert runs.lost_runs(now) == [] and not runs.work_on(run.pk)
    RegressionRun.objects.update(
        lease_expires_at=now - timedelta(seconds=1), enqueued_at=now - timedelta(minutes=1)
    )
    sent: list[int] = []
    monkeypatch.setattr(tasks, "run_later", sent.append)

    tasks.sweep()

    assert sent == [run.pk]
    tasks.run_saved_requests(str(run.pk))
    assert verdicts(run) == {"refund": "same"}


@pytest.mark.django_db
def test_a_request_that_kills_its_workers_fails_and_the_run_ends(project: Project, refund: SavedRequest) -> None:
    make(project, "then", "Refund order ORD-6", {"order_id": "ORD-6"}, REFUND)
    run = runs.start(project, by="ada")
    for _ in range(runs.MOST_TAKEN_UP):
        assert runs._claim(run.pk) is not None
        RegressionRun.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))

    assert not runs.work_on(run.pk)

    assert verdicts(run) == {"refund": "failed", "then": "same"}
    assert run.results.get(name="refund").code == "worker_lost"
    assert RegressionRun.objects.get().status == RegressionRun.Status.FINISHED


@pytest.mark.django_db
def test_who_lost_a_run_writes_nothing_to_it(
    project: Project, refund: SavedRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.start(project, by="ada")

    def slow(*asked: Any, **more: Any) -> Outcome:
        RegressionRun.objects.update(lease_token=7)  # another one took it over meanwhile
        return Outcome("failed", failure=Failure("late", "Too late."))

    monkeypatch.setattr(runs, "plan_unstored", slow)
    assert not runs.work_on(run.pk)
    assert verdicts(run) == {"refund": ""}
    assert RegressionRun.objects.get().status == RegressionRun.Status.RUNNING


@pytest.mark.django_db
def test_what_breaks_is_told_of_its_request_only(
    project: Project, refund: SavedRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*asked: Any, **more: Any) -> Outcome:
        raise RuntimeError("secret")

    monkeypatch.setattr(runs, "plan_unstored", broken)
    result = run_of(project).results.get()
    assert (result.verdict, result.code) == ("failed", "internal_error")
    assert "secret" not in result.message


@pytest.mark.django_db
def test_a_request_that_is_deleted_meanwhile_is_told(project: Project, refund: SavedRequest) -> None:
    run = runs.start(project, by="ada")
    refund.delete()
    runs.work_on(run.pk)
    assert (run.results.get().verdict, run.results.get().code) == ("failed", "saved_request_gone")


@pytest.mark.django_db
def test_old_runs_go(project: Project, refund: SavedRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "KEPT_RUNS", 2)
    last = [run_of(project).pk for _ in range(4)]
    assert list(RegressionRun.objects.order_by("pk").values_list("pk", flat=True)) == last[-2:]
    assert RegressionResult.objects.count() == 2


@pytest.mark.django_db
def test_the_command_tells_changes_by_its_exit_code(
    project: Project, refund: SavedRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("run_saved_requests", project=project.pk)
    assert "1 of 1 as expected" in capsys.readouterr().out
    SavedRequest.objects.update(expected=[])
    with pytest.raises(SystemExit) as ended:
        call_command("run_saved_requests", project=project.pk)
    assert ended.value.code == 1
    assert "changed: refund: calls refund_payment" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        call_command("run_saved_requests", project="p_none")
    assert ended.value.code == 2


@pytest.mark.django_db
def test_a_model_is_asked_as_ever_and_its_tokens_are_charged(
    project: Project, refund: SavedRequest, server: ScriptedServer
) -> None:
    """The first draft names a service that is not there."""
    wrong: Json = {
        "tasks": [
            {"id": "task0", "input": {"order_id": "ORD-5"}},
            {"id": "task1", "service": "nobody", "input": {"order_id": "$task0.order_id"}},
        ],
        "parallel_groups": [["task1"]],
    }
    right = {**wrong, "tasks": [wrong["tasks"][0], {**wrong["tasks"][1], "service": "refund_payment"}]}
    server.script(wrong, right)

    result = run_of(project).results.get()

    assert (result.verdict, server.calls) == ("same", 2)
    assert (result.prompt_tokens, result.completion_tokens) == (240, 60)
    assert budgets.used_on(project, timezone.now().date()) == 300
    assert not Plan.objects.exists() and not Attempt.objects.exists() and not Entry.objects.exists()


@pytest.mark.django_db
def test_a_plan_that_was_reported_wrong_is_refused_as_ever(project: Project, refund: SavedRequest) -> None:
    request = PlanRequest(refund.action, refund.params_by_field)
    plan: Json = {
        "tasks": [
            {"id": "task0", "input": {"order_id": "ORD-5"}},
            {"id": "task1", "service": "refund_payment", "input": {"order_id": "$task0.order_id"}},
        ],
        "parallel_groups": [["task1"]],
    }
    plan_cache.keep_counter(project, request, plan, vector=None)
    result = run_of(project).results.get()
    assert (result.verdict, result.code) == ("refused", "reported_wrong")
