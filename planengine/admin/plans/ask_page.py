"""The page that tells what would come of a request: what the cache decides and why, and what a planner makes of
it. Nothing is stored until it is sent."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from cache.examples.acceptance import least_tolerance
from cache.models import Entry
from orra.base.strictjson import Json
from orra.operators.display import brief
from orra.operators.pages import page_of
from planengine import tasks
from planengine.admin.parts.contents import sees_contents
from planengine.admin.parts.explaining import entries_named, explain
from planengine.admin.parts.schemas import draw_with_schemas
from planengine.admin.plans.asking import AskForm, filled_from
from planengine.admin.plans.attempts import ShownAttempt, shown_attempts
from planengine.drafting.attempts import facts_of
from planengine.evaluation import dry_run
from planengine.evaluation.dry_run import DryRun
from planengine.exceptions import BadRequest, OrraError
from planengine.lifecycle import plans
from planengine.models import Attempt, Plan
from planengine.reuse import grounding, plan_cache

if TYPE_CHECKING:
    from planengine.admin.plans.pages import PlanAdmin

# A dry run holds one of the threads that serve the API.
MOST_AT_ONCE = 2
at_once = threading.BoundedSemaphore(MOST_AT_ONCE)

NO_LOOKUP = (Plan.CacheMode.BYPASS, Plan.CacheMode.REFRESH)


@dataclass(frozen=True)
class AskPage:
    admin: PlanAdmin
    request: HttpRequest

    def answer(self) -> HttpResponse:
        if not self.admin.has_view_permission(self.request):
            raise PermissionDenied
        if self.request.method != "POST":
            return self._page(AskForm(initial=self._initial()), {})
        operates = "send" in self.request.POST or "dry_run" in self.request.POST
        if operates and not self.admin.has_operate_permission(self.request):
            raise PermissionDenied
        form = AskForm(self.request.POST)
        told: dict[str, Any] = {}
        if form.is_valid():
            try:
                if "send" in self.request.POST:
                    return self._send(form)
                told = self._decided(form)
                if "dry_run" in self.request.POST:
                    told |= self._planned(form)
            except OrraError as error:
                form.add_error(None, error.message)
        return self._page(form, told)

    @cached_property
    def contents(self) -> bool:
        return sees_contents(self.request)

    def _initial(self) -> dict[str, Any]:
        named = self.request.GET.get("plan", "")
        plan = self.admin.get_object(self.request, named) if named else None
        if plan is None:
            return {"project": self.request.GET.get("project", "")}
        return filled_from(plan, contents=self.contents)

    def _send(self, form: AskForm) -> HttpResponse:
        assert form.request is not None
        plan, _ = plans.ask(form.chosen, form.request)
        tasks.follow_up(plan)
        self.admin.log_change(self.request, plan, "Sent as a request by hand.")
        self.admin.message_user(self.request, f"Sent as {plan.pk}.", messages.SUCCESS)
        return HttpResponseRedirect(page_of(plan))

    def _decided(self, form: AskForm) -> dict[str, Any]:
        """What the cache would do."""
        assert form.request is not None
        if form.request.cache in NO_LOOKUP:
            return {"not_looked_up": True}
        project = form.chosen
        found = plan_cache.explain(project, form.request, tried=form.tried)
        found["guards"] = [candidate for candidate in found["candidates"] if candidate["guard"]]
        there = set[str]()
        if self.admin.may_view(Entry, self.request):
            there = set(Entry.objects.filter(pk__in=entries_named(found)).values_list("pk", flat=True))
        plan = found["plan"]
        return {
            "found": found,
            "explanation": explain(found, there=there),
            "would_do": _would_change(found, project.wrong_hit_tolerance),
            "served": None
            if plan is None
            else draw_with_schemas(project, plan, contents=self.contents, name="served"),
        }

    def _planned(self, form: AskForm) -> dict[str, Any]:
        """What a planner makes of it, with nothing stored but what it cost."""
        assert form.request is not None
        project, request = form.chosen, form.request
        decision = None
        if request.cache not in NO_LOOKUP:
            match = grounding.match_of(project, request)
            decision, _ = plan_cache.rehearse(project, request, match=match, tried=form.tried)
        if not at_once.acquire(blocking=False):
            raise BadRequest(f"{MOST_AT_ONCE} dry runs are under way in this process. Try again in a moment.")
        try:
            run = dry_run.run(
                project,
                request,
                decision,
                choice=form.cleaned_data["planner"],
                seconds=form.cleaned_data["seconds"],
            )
        finally:
            at_once.release()
        self.admin.log_change(
            self.request,
            project,
            f"Planned a request without storing it: {len(run.spent)} model calls, {run.tokens:,} tokens, "
            f"{run.outcome.status}.",
        )
        plan = run.outcome.plan
        return {
            "run": run,
            "run_attempts": list(self._attempts(run)),
            "run_error": run.outcome.failure.as_dict() if run.outcome.failure else None,
            "run_drawing": None
            if plan is None
            else draw_with_schemas(project, plan, contents=self.contents, name="planned"),
        }

    def _attempts(self, run: DryRun) -> list[ShownAttempt]:
        """As those of a Plan are shown."""
        costs = iter(run.spent)
        rows = []
        for trial in run.outcome.trials:
            spent = None if trial.planner else next(costs, None)
            facts: dict[str, Any] = facts_of(trial)
            row = Attempt(number=trial.number, planner=trial.planner or run.planner, **facts)
            row.reasoning = trial.draft.reasoning
            row.cost = spent.cost if spent else None
            if not self.contents:
                row.prompt = row.answer = row.reasoning = ""
            rows.append(row)
        return list(shown_attempts(rows, status=run.outcome.status, contents=self.contents))

    def _page(self, form: AskForm, told: dict[str, Any]) -> HttpResponse:
        context = {
            **self.admin.admin_site.each_context(self.request),
            **told,
            "title": "Ask",
            "opts": self.admin.opts,
            "form": form,
            "contents": self.contents,
            "may_operate": self.admin.has_operate_permission(self.request),
            "asked": brief(form.request.action, 100) if form.request else "",
            "media": self.admin.media,
        }
        return TemplateResponse(self.request, "admin/planengine/plan/ask.html", context)


def _would_change(found: Json, tolerance: float) -> str:
    """Of a proposal that only its risk keeps from being served: which tolerance would serve it."""
    votes = found["votes"] or {}
    guards = {guard["guard"] for guard in found["guards"]}
    if found["decision"] != "miss" or "risk" not in guards or not isinstance(votes.get("risk"), float):
        return ""
    return (
        f"A tolerance of {least_tolerance(votes['risk']):.2%} would allow this risk, if nothing else speaks "
        f"against it; the project's is {tolerance:.2%}."
    )
