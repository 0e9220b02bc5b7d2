"""Runs: every saved request of a project, planned again. Nothing of it is stored but what it became.

    start ──▶ queued ──claim──▶ running ──a result each──▶ finished
                 ▲                 │ a slice of time is over, or the worker was lost
                 └──── sweep ◀─────┘

A worker holds a run by a lease and a fencing token, plans for a slice of time, and hands it back for other work of
its queue. A request whose worker is lost :data:`MOST_TAKEN_UP` times ends as failed, so that a run always ends.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from orra.base import leases
from orra.base.database.outages import is_away
from orra.base.strictjson import Json
from planengine.drafting.generation import Outcome
from planengine.drafting.planner_choice import current_planner
from planengine.drafting.unstored import plan_unstored
from planengine.evaluation.regression.expectations import expected_of, otherwise
from planengine.evaluation.regression.saved import MOST_SAVED
from planengine.exceptions import BadRequest, EmbeddingUnavailable
from planengine.models import Project, RegressionResult, RegressionRun, SavedRequest
from planengine.models.states import PlanStatus
from planengine.requests import PlanRequest
from planengine.reuse import grounding, plan_cache
from planengine.validation.graph import services_called

log = structlog.get_logger(__name__)

SLICE_SECONDS = 20.0
MOST_TAKEN_UP = 3
KEPT_RUNS = 20  # of a project
ENQUEUED_AGAIN = timedelta(seconds=30)

Verdict = RegressionResult.Verdict


@dataclass(frozen=True)
class Became:
    """What a request became. ``got`` is as expectations are written, ``None`` where it failed."""

    got: list[Json] | None
    code: str = ""
    message: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


def start(project: Project, *, by: str) -> RegressionRun:
    """A run that waits for a worker. Raises :class:`BadRequest` where there is nothing to run, or one goes on."""
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        runs = RegressionRun.objects.filter(project=project)
        if runs.exclude(status=RegressionRun.Status.FINISHED).exists():
            raise BadRequest("A run of this project is not finished yet.", code="run_unfinished", status=409)
        saved = list(SavedRequest.objects.filter(project=project)[:MOST_SAVED])
        if not saved:
            raise BadRequest("The project has no saved requests.", code="nothing_saved", status=409)
        run = RegressionRun.objects.create(project=project, created_by=by)
        RegressionResult.objects.bulk_create(
            RegressionResult(run=run, saved=each, name=each.name, expected=each.expected) for each in saved
        )
        old = list(runs.values_list("pk", flat=True)[KEPT_RUNS : KEPT_RUNS + 10])
        RegressionRun.objects.filter(pk__in=old).delete()
    log.info("regression run started", project=project.pk, run=run.pk, requests=len(saved))
    return run


def work_on(run_id: int, *, slice_seconds: float = SLICE_SECONDS) -> bool:
    """Plans requests of the run until it is finished, or the slice is over; whether there is more to do. Nothing
    is done where another worker has it."""
    run = _claim(run_id)
    if run is None:
        return False
    ends = time.monotonic() + slice_seconds
    with leases.kept(lambda: _extend(run), name=f"regression run {run.pk}"):
        _give_up_on_lost(run)
        while (result := run.results.filter(verdict=Verdict.WAITING).select_related("saved").first()) is not None:
            if not _plan(run, result):
                return False
            if time.monotonic() >= ends:
                break
    return _hand_back(run)


def note_enqueued(run_ids: Sequence[int]) -> None:
    RegressionRun.objects.filter(pk__in=run_ids).update(enqueued_at=timezone.now())


def lost_runs(now: datetime) -> list[int]:
    """Those that nobody is at, and nobody was told of lately."""
    waiting = RegressionRun.objects.exclude(status=RegressionRun.Status.FINISHED).filter(
        Q(lease_expires_at=None) | Q(lease_expires_at__lt=now),
        Q(enqueued_at=None) | Q(enqueued_at__lt=now - ENQUEUED_AGAIN),
    )
    return list(waiting.order_by("id").values_list("pk", flat=True)[:100])


def _claim(run_id: int) -> RegressionRun | None:
    now = timezone.now()
    free = RegressionRun.objects.filter(pk=run_id).exclude(status=RegressionRun.Status.FINISHED)
    claimed = free.filter(Q(lease_expires_at=None) | Q(lease_expires_at__lt=now)).update(
        status=RegressionRun.Status.RUNNING,
        planner=current_planner().name[:300],
        started_at=Coalesce(F("started_at"), now),
        lease_token=F("lease_token") + 1,
        taken_up=F("taken_up") + 1,
        lease_expires_at=now + leases.LEASE,
    )
    return RegressionRun.objects.select_related("project").get(pk=run_id) if claimed else None


def _extend(run: RegressionRun) -> bool:
    ours = RegressionRun.objects.filter(pk=run.pk, lease_token=run.lease_token)
    return bool(ours.update(lease_expires_at=timezone.now() + leases.LEASE))


def _give_up_on_lost(run: RegressionRun) -> None:
    """The request that worker after worker was lost with is not planned once more."""
    if run.taken_up <= MOST_TAKEN_UP:
        return
    result = run.results.filter(verdict=Verdict.WAITING).first()
    if result is not None:
        message = f"{MOST_TAKEN_UP} workers were lost while they planned it."
        _note(run, result, Verdict.FAILED, Became(None, "worker_lost", message), [], seconds=None)


def _plan(run: RegressionRun, result: RegressionResult) -> bool:
    """Whether the run is still this worker's."""
    saved = result.saved
    if saved is None:
        gone = Became(None, "saved_request_gone", "It was deleted while the run went on.")
        return _note(run, result, Verdict.FAILED, gone, [], seconds=None)
    started = time.monotonic()
    request = PlanRequest(saved.action, saved.params_by_field)
    try:
        became = plan_anew(Project.objects.get(pk=run.project_id), request)
    except Exception as error:
        if is_away(error):
            raise  # when the lease has ended the sweep tries again
        log.exception("saved request not planned", run=run.pk, saved=saved.pk)
        became = Became(None, "internal_error", "The plan engine itself failed; the log has the details.")
    result.expected = saved.expected
    found = [] if became.got is None else otherwise(saved.expected, became.got, saved.params_by_field)
    return _note(run, result, _verdict(became, found), became, found, seconds=time.monotonic() - started)


def plan_anew(project: Project, request: PlanRequest) -> Became:
    """What the request becomes today, by planning and not from the cache. Charged to the project; nothing is
    stored."""
    match = grounding.match_of(project, request)
    if (refused := grounding.refusal(project, match)) is not None:
        return Became(None if refused.retryable else [], refused.code, refused.message)
    try:
        job = grounding.job_for(project, request, match)
    except EmbeddingUnavailable as error:
        return Became(None, error.code, error.message)
    outcome = plan_unstored(project, job, seconds=settings.PLANNING_DEADLINE_SECONDS)
    if outcome.plan is not None and plan_cache.is_reported(project, request, outcome.plan):
        services = ", ".join(services_called(outcome.plan))
        message = f"The plan that was made calls {services}, which was reported as wrong for such a request."
        return _became(outcome, [], "reported_wrong", message)
    if outcome.plan is not None:
        return _became(outcome, expected_of(outcome.plan, request.params))
    code, message = (outcome.failure.code, outcome.failure.message) if outcome.failure else ("", "")
    return _became(outcome, [] if outcome.status == PlanStatus.NOT_ACTIONABLE else None, code, message)


def _became(outcome: Outcome, got: list[Json] | None, code: str = "", message: str = "") -> Became:
    usages = [trial.draft.usage for trial in outcome.trials]
    prompt = [usage.prompt_tokens for usage in usages if usage.prompt_tokens is not None]
    completion = [usage.completion_tokens for usage in usages if usage.completion_tokens is not None]
    return Became(got, code, message, sum(prompt) if prompt else None, sum(completion) if completion else None)


def _verdict(became: Became, found: Sequence[str]) -> str:
    if became.got is None:
        return Verdict.FAILED
    if not found:
        return Verdict.SAME
    return Verdict.CHANGED if became.got else Verdict.REFUSED


def _note(
    run: RegressionRun,
    result: RegressionResult,
    verdict: str,
    became: Became,
    found: Sequence[str],
    *,
    seconds: float | None,
) -> bool:
    """Writes the result, unless another worker has taken the run over."""
    with transaction.atomic():
        ours = RegressionRun.objects.select_for_update().filter(pk=run.pk, lease_token=run.lease_token)
        if not ours.exists():
            log.warning("regression run was taken over", run=run.pk, token=run.lease_token)
            return False
        RegressionRun.objects.filter(pk=run.pk).update(taken_up=1)
        RegressionResult.objects.filter(pk=result.pk).update(
            verdict=verdict,
            expected=result.expected,
            got=became.got,
            differences=list(found),
            code=became.code[:100],
            message=became.message[:8000].replace("\x00", ""),
            seconds=seconds,
            prompt_tokens=became.prompt_tokens,
            completion_tokens=became.completion_tokens,
        )
    return True


def _hand_back(run: RegressionRun) -> bool:
    """Finishes the run, or frees it for the next slice; whether there is more to do."""
    more = run.results.filter(verdict=Verdict.WAITING).exists()
    ours = RegressionRun.objects.filter(pk=run.pk, lease_token=run.lease_token)
    if more:
        return bool(ours.update(lease_expires_at=None, taken_up=0))
    if ours.update(status=RegressionRun.Status.FINISHED, finished_at=timezone.now(), lease_expires_at=None):
        log.info("regression run finished", run=run.pk, project=run.project_id)
    return False
