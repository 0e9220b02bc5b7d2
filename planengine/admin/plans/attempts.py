"""Planner calls: their list, and what is shown of each on its plan's page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from orra.base.strictjson import InvalidJson, Json, parse
from orra.operators.display import as_json
from orra.operators.keyset import KeysetAdmin
from orra.operators.pages import ProjectFilter, ReadOnlyAdmin, link_to
from planengine.admin.parts.comparing import Line, compare
from planengine.admin.parts.contents import sees_contents
from planengine.admin.plans.outcomes import is_without_problems, outcome_of
from planengine.models import Attempt, Plan
from planengine.planners import repair

MAX_COMPARED = 200_000
WITHOUT_MODEL = ("composer", repair.NAME.partition(":")[0])

OUTCOMES = {
    "accepted": "no problems found",
    "problems": "problems found",
    "error": "no draft at all",
    "open": "not ended",
}


@dataclass(frozen=True)
class ShownAttempt:
    """``problems`` are left out where they are those of the attempt numbered ``same_as``. ``changes``: what is
    another than in the ``before``, an attempt's number, line by line; empty where nothing changed."""

    row: Attempt
    outcome: SafeString
    problems: Json
    same_as: int | None
    before: int | None
    changes: list[Line]

    @property
    def asks_model(self) -> bool:
        return self.row.planner.partition(":")[0] not in WITHOUT_MODEL


def shown_attempts(attempts: Iterable[Attempt], *, status: str, contents: bool) -> Iterator[ShownAttempt]:
    """In their order. Drafts are compared for those who may see them."""
    rows = list(attempts)
    good = next((row for row in reversed(rows) if is_without_problems(row)), None)
    told: list[tuple[int, Json]] = []
    last: Attempt | None = None
    for row in rows:
        same = next((number for number, problems in told if row.problems and problems == row.problems), None)
        compared = last if contents and row.answer else None
        yield ShownAttempt(
            row=row,
            outcome=outcome_of(row, status=status, superseded=row is not good),
            problems=[] if same else row.problems,
            same_as=same,
            before=compared.number if compared else None,
            changes=compare(_draft(compared.answer), _draft(row.answer)) if compared else [],
        )
        if same is None:
            told.append((row.number, row.problems))
        if contents and row.answer:
            last = row


def _draft(answer: str) -> str:
    """An answer as it is compared: JSON on lines, whatever its spaces were."""
    try:
        return as_json(parse(answer), MAX_COMPARED) if len(answer) <= MAX_COMPARED else answer[:MAX_COMPARED]
    except InvalidJson:
        return answer[:MAX_COMPARED]


class OutcomeFilter(admin.SimpleListFilter):
    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(OUTCOMES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Attempt]) -> QuerySet[Attempt]:
        match self.value():
            case "accepted":
                return queryset.filter(error_code="", problems=[], seconds__isnull=False)
            case "problems":
                return queryset.filter(error_code="").exclude(problems=[])
            case "error":
                return queryset.exclude(error_code="")
            case "open":
                return queryset.filter(seconds=None)
        return queryset


# An attempt knows its plan, not its project.
PLANS_LOOKED_AT = 1_000


class AttemptsProjectFilter(ProjectFilter):
    title = f"project (its latest {PLANS_LOOKED_AT:,} plans)"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return super().lookups(request, model_admin.admin_site.get_model_admin(Plan))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Attempt]) -> QuerySet[Attempt]:
        chosen = self.value()
        if not chosen:
            return queryset
        latest = Plan.objects.filter(project_id=chosen).values("pk")[:PLANS_LOOKED_AT]
        return queryset.filter(plan_id__in=latest)


@admin.register(Attempt)
class AttemptAdmin(KeysetAdmin, ReadOnlyAdmin):
    ids_by_prefix = {"o_": "plan_id"}
    list_display = (
        "attempt",
        "planner",
        "model",
        "outcome",
        "prompt_tokens",
        "completion_tokens",
        "took",
        "created_at",
    )
    list_filter = (OutcomeFilter, "created_at", AttemptsProjectFilter)
    list_select_related = ("plan",)
    list_defer = ("prompt", "answer", "reasoning", "plan__params", "plan__plan", "plan__error")
    search_fields = ("plan__id__exact", "planner", "model", "error_code")
    search_help_text = "A plan's id, or part of a planner's or model's name or of an error code."

    @admin.display(description="attempt")
    def attempt(self, attempt: Attempt) -> str:
        return str(attempt)

    @admin.display(description="outcome")
    def outcome(self, attempt: Attempt) -> SafeString:
        return outcome_of(attempt, status=attempt.plan.status)

    @admin.display(description="seconds")
    def took(self, attempt: Attempt) -> str:
        return "–" if attempt.seconds is None else f"{attempt.seconds:.2f}"

    def page(self, request: HttpRequest, row: Attempt) -> dict[str, Any]:
        contents = sees_contents(request)
        status = row.plan.status
        if not contents:  # not even by a mistake in a template
            row.prompt = row.answer = row.reasoning = ""
        [shown] = shown_attempts([row], status=status, contents=contents)
        return {
            "attempt": row,
            "shown": shown,
            "contents": contents,
            "plan_link": link_to(row.plan) if self.may_view(Plan, request) else row.plan_id,
        }
