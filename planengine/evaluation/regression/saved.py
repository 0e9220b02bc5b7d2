"""Keeping requests: from a plan, and with another expectation."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from orra.base.text import shorten
from planengine.evaluation.regression.expectations import expected_of
from planengine.exceptions import BadRequest
from planengine.models import Plan, Project, RegressionResult, SavedRequest
from planengine.models.states import PlanStatus
from planengine.requests import params_as_list

MOST_SAVED = 200  # of a project: a run plans each
MAX_NAME_CHARACTERS = 200
MOST_NAMES_TRIED = 50


def check_room(project: Project) -> None:
    """Raises :class:`BadRequest` where the project has as many as it may have."""
    if SavedRequest.objects.filter(project=project).count() >= MOST_SAVED:
        raise BadRequest(
            f"The project has {MOST_SAVED} saved requests, which is the most: a run plans each. Delete one first.",
            code="too_many_saved_requests",
            status=409,
        )


def save_plan(plan: Plan, *, by: str) -> SavedRequest:
    """The plan's request, expected to become what it became: its plan, or a refusal. Raises :class:`BadRequest`
    where it became neither."""
    if plan.status not in (PlanStatus.READY, PlanStatus.NOT_ACTIONABLE):
        raise BadRequest(
            "A request can be saved when it has its plan, or was refused: this one was not planned.",
            code="nothing_to_expect",
            status=409,
        )
    expected = expected_of(plan.plan, plan.params_by_field) if plan.plan is not None else []
    facts = {"action": plan.action, "params": params_as_list(plan.params_by_field), "expected": expected}
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=plan.project_id)
        check_room(plan.project)
        name = _free_name(plan.project, shorten(" ".join(plan.action.split()), MAX_NAME_CHARACTERS - 10))
        return SavedRequest.objects.create(
            project=plan.project, name=name, plan_id=plan.pk, created_by=by, **facts
        )


def accept(result: RegressionResult) -> bool:
    """What the request became is what is expected from now on; ``False`` where it is so already. Raises
    :class:`BadRequest` where it became nothing, or is not there any more."""
    if result.saved is None:
        raise BadRequest("The saved request is not there any more.", code="saved_request_gone", status=409)
    if result.got is None:
        raise BadRequest("It became neither a plan nor a refusal.", code="nothing_to_expect", status=409)
    if result.saved.expected == result.got:
        return False
    unchanged = SavedRequest.objects.filter(pk=result.saved.pk, expected=result.expected)
    if not unchanged.update(expected=result.got, updated_at=timezone.now()):
        raise BadRequest(
            "It was changed since this run. Run the saved requests again, and accept what that one shows.",
            code="changed_since_the_run",
            status=409,
        )
    result.saved.expected = result.got
    return True


def _free_name(project: Project, wanted: str) -> str:
    wanted = wanted or "request"
    names = [wanted, *(f"{wanted} ({number})" for number in range(2, MOST_NAMES_TRIED))]
    taken = set(SavedRequest.objects.filter(project=project, name__in=names).values_list("name", flat=True))
    free = next((name for name in names if name not in taken), None)
    if free is None:
        raise BadRequest("There are too many saved requests of this name.", code="name_taken", status=409)
    return free
