"""Planning without storing: who plans, what it costs, and that nothing is left of it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from planengine.evaluation import dry_run, shadow
from planengine.lifecycle import plans
from planengine.lifecycle.worker import work_on
from planengine.models import Attempt, DailyUsage, ModelTrust, Plan, Project
from planengine.requests import PlanRequest
from tests.servers.scripted import Reply, ScriptedServer

REFUND = PlanRequest("Refund order ORD-17", {"order_id": "ORD-17"})
WRONG = {"tasks": [{"id": "task0", "input": {}}, {"id": "task1", "service": "nobody", "input": {}}]}


def test_the_composer_plans_without_a_model(project: Project) -> None:
    run = dry_run.run(project, REFUND, None)
    assert run.outcome.status == "ready" and run.spent == () and run.tokens == 0
    assert run.planner.startswith("composer:")
    assert "refund_payment: nearest to" in run.outcome.trials[0].draft.reasons


def test_a_model_is_charged_to_the_project_and_leaves_nothing_else(
    project: Project, server: ScriptedServer
) -> None:
    run = dry_run.run(project, REFUND, None)
    assert run.outcome.status == "ready"
    assert run.planner.startswith("model:small-1")
    assert run.tokens == 150 * server.calls > 0
    assert DailyUsage.objects.get().calls == server.calls
    assert not Plan.objects.exists() and not Attempt.objects.exists() and not ModelTrust.objects.exists()


def test_the_composer_plans_what_a_models_drafts_came_to_nothing_for(
    project: Project, server: ScriptedServer, settings: Any
) -> None:
    settings.COMPOSE_REJECTED = True
    Project.objects.update(repair=False)
    project.refresh_from_db()
    server.script(*[WRONG] * 9)
    run = dry_run.run(project, REFUND, None)
    assert run.outcome.status == "ready" and run.outcome.composed
    assert run.planner.startswith("composer:")
    alone = dry_run.run(project, REFUND, None, choice=dry_run.MODEL)
    assert alone.outcome.status == "failed"


def test_it_ends_in_time(project: Project, server: ScriptedServer) -> None:
    server.script(*[Reply(then="hang")] * 9)
    started = time.monotonic()
    run = dry_run.run(project, REFUND, None, choice=dry_run.MODEL, seconds=0.5)
    assert run.exceeded
    assert time.monotonic() - started < 10


def test_a_model_is_not_probed_for_it(project: Project, server: ScriptedServer, settings: Any) -> None:
    settings.LLM_TRUST = "probe"
    asked = PlanRequest("Never refund order ORD-17 gladly", {"order_id": "ORD-17"})
    run = dry_run.run(project, asked, None, choice=dry_run.MODEL)
    assert run.outcome.failure is not None and "until it has been probed" in run.outcome.failure.message
    assert server.calls == len(run.outcome.trials)
    assert not ModelTrust.objects.exists()


@pytest.mark.parametrize("wrong", [True, False])
def test_what_was_reported_wrong_is_told(wrong: bool, project: Project) -> None:
    plan, _ = plans.ask(project, REFUND)
    work_on(plan.pk)
    plan.refresh_from_db()
    shadow.report(plan, wrong=wrong)
    assert dry_run.run(project, REFUND, None).reported == wrong
