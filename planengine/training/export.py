"""Accepted plans as lessons for a model: the chat as it would be prompted today, and the plan as its answer.

A lesson is a conversation ``{"messages": [user, assistant]}``, a preference ``{"prompt": [user], "chosen":
[assistant], "rejected": [assistant]}`` of a draft that was rejected and the plan that was accepted for the same
request. One of each template; only plans that are valid today and that nothing speaks against.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

from django.db.models import Prefetch, QuerySet

from cache.models import Entry
from cache.templates.templates import make_template
from orra.base.strictjson import Json
from planengine.catalogue.registry import catalogue_of
from planengine.catalogue.specs import Catalogue
from planengine.models import Attempt, HitCheck, Plan, Project
from planengine.models.states import PlanSource, PlanStatus
from planengine.planners.parsing import NoPlan, extract_plan
from planengine.planners.prompts.full import build_messages
from planengine.planners.protocol import Job
from planengine.training.anonymity import Anonymous, CannotReplace, anonymise, is_plain
from planengine.training.synthesis import Inventor
from planengine.validation.rules import validate

ROWS_AT_ONCE = 100
# Made-up values may be refused by a schema (a range, a length); others may not be.
TRIES = 5

Shown = Callable[[Job], Catalogue]


@dataclass
class Summary:
    """How many lessons were written, and how many plans were skipped for which reason."""

    written: int = 0
    skipped: dict[str, int] = field(default_factory=dict)

    def skip(self, reason: str) -> None:
        self.skipped[reason] = self.skipped.get(reason, 0) + 1


@dataclass(frozen=True)
class Export:
    """What is wanted. ``shown`` gives the services that a prompt holds; ``preferences``: pairs, not lessons;
    ``keep_values``: the real ones, as they are."""

    shown: Shown
    chance: random.Random
    preferences: bool = False
    keep_values: bool = False
    since: datetime | None = None


def export(project: Project, wanted: Export, summary: Summary) -> Iterator[dict[str, Json]]:
    """The project's lessons, oldest plan first. Rows are read as they are needed, within the caller's transaction;
    what is remembered of each template is a number."""
    catalogue = catalogue_of(project)
    doubted = _doubted_templates(project, catalogue)
    seen: set[int] = set()
    for plan in _plans_of(project, wanted).iterator(chunk_size=ROWS_AT_ONCE):
        template = _template_of(plan.action, plan.params_by_field, catalogue)
        if template in doubted:
            summary.skip("reported wrong or in quarantine")
        elif template in seen:
            summary.skip("template known")
        else:
            lessons = list(_lessons(plan, catalogue, wanted, summary))
            if lessons:
                seen.add(template)
                summary.written += len(lessons)
                yield from lessons


def _plans_of(project: Project, wanted: Export) -> QuerySet[Plan]:
    """Those that a planner made: one that came from the cache repeats another."""
    plans = Plan.objects.filter(
        project=project, status=PlanStatus.READY, source__in=(PlanSource.MODEL, PlanSource.COMPOSER)
    ).order_by("created_at", "id")
    if wanted.since is not None:
        plans = plans.filter(created_at__gte=wanted.since)
    if wanted.preferences:
        drafts = Attempt.objects.filter(error_code="").exclude(problems=[]).exclude(answer="").defer("prompt")
        plans = plans.prefetch_related(Prefetch("attempts", queryset=drafts, to_attr="rejected"))
    return plans.only("action", "params", "plan", "project", "created_at")


def _doubted_templates(project: Project, catalogue: Catalogue) -> set[int]:
    """The keys of templates whose plans are in doubt: one of them was found wrong, or its entry is in
    quarantine. Both are few."""
    wrong = HitCheck.objects.filter(project=project, verdict=HitCheck.Verdict.WRONG).select_related("plan")
    found = {_template_of(check.plan.action, check.plan.params_by_field, catalogue) for check in wrong}
    entries = {check.plan.cache_entry_id for check in wrong if check.plan.cache_entry_id}
    doubted = Entry.objects.filter(project=project).exclude(quarantined_at=None)
    served = Entry.objects.filter(project=project, pk__in=entries)
    for entry in (*doubted.only("action", "params"), *served.only("action", "params")):
        given = {param["field"]: param["value"] for param in entry.params}
        found.add(_template_of(entry.action, given, catalogue))
    return found


def _template_of(action: str, params: Json, catalogue: Catalogue) -> int:
    key = make_template(action, params, discriminating_terms=catalogue.discriminating_terms(params)).key
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big")


def _lessons(plan: Plan, catalogue: Catalogue, wanted: Export, summary: Summary) -> Iterator[dict[str, Json]]:
    job = Job(plan.action, plan.params_by_field, catalogue)
    if not _is_valid(plan.plan, job):
        summary.skip("not valid for today's services")
        return
    drafts = _rejected_drafts(plan) if wanted.preferences else []
    if wanted.preferences and not drafts:
        summary.skip("no rejected draft")
        return
    if wanted.keep_values:
        made: Anonymous | None = Anonymous(job.action, job.params, (plan.plan, *drafts))
    else:
        made = _anonymised(job, [plan.plan, *drafts], wanted.chance)
    if made is None:
        summary.skip("values could not be replaced")
        return
    chosen, *rejected = map(_answer, made.plans)
    prompt = _prompt(Job(made.action, made.params, catalogue), wanted)
    if not wanted.preferences:
        yield {"messages": [*prompt, chosen]}
    for draft in dict.fromkeys(answer["content"] for answer in rejected if answer != chosen):
        yield {"prompt": prompt, "chosen": [chosen], "rejected": [chosen | {"content": draft}]}


def _anonymised(job: Job, plans: list[Json], chance: random.Random) -> Anonymous | None:
    """The first try whose plan is valid for the made-up request."""
    for _ in range(TRIES):
        try:
            made = anonymise(job.action, job.params, plans, catalogue=job.catalogue, inventor=Inventor(chance))
        except CannotReplace:
            continue
        if _is_valid(made.plans[0], Job(made.action, made.params, job.catalogue)):
            return made
    return None


def _is_valid(plan: Json, job: Job) -> bool:
    return validate(plan, catalogue=job.catalogue, params=job.params, action=job.action).plan is not None


def _rejected_drafts(plan: Plan) -> list[Json]:
    """Those that are plans in form."""
    found: list[Json] = []
    for attempt in plan.rejected:  # type: ignore[attr-defined]  # prefetched under this name
        try:
            found.append(extract_plan(attempt.answer, reasoning="", finish_reason="stop"))
        except NoPlan:
            continue
    return [draft for draft in found if is_plain(draft)]


def _prompt(job: Job, wanted: Export) -> list[Json]:
    return [*build_messages(Job(job.action, job.params, wanted.shown(job)), feedback=None)]


def _answer(plan: Json) -> dict[str, Json]:
    return {"role": "assistant", "content": json.dumps(plan, ensure_ascii=False)}
