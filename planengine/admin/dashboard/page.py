"""What the index shows: read once from what is rolled up, for whoever may see statistics."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from cache.models import Entry
from orra.operators.pages import list_of
from orra.operators.site import OperatorsSite
from planengine.accounting import holdings, wrong_hits
from planengine.accounting.backlog import backlog
from planengine.accounting.figures.reading import figures
from planengine.accounting.wrong_hits import Observed
from planengine.admin.dashboard import plots
from planengine.admin.dashboard.alerts import rows_of
from planengine.admin.dashboard.cards import cards, tables
from planengine.admin.dashboard.health import health
from planengine.admin.dashboard.scope import Scope, choices, scope_of
from planengine.admin.dashboard.wording import number, size
from planengine.models import Heartbeat

RIGHT = "planengine.view_tally"


def context(request: HttpRequest) -> dict[str, Any]:
    """For the index's template; without a dashboard for who may not see statistics."""
    if not request.user.has_perm(RIGHT):
        return {}
    return {"dashboard": dashboard(scope_of(request, timezone.now()))}


def dashboard(scope: Scope) -> dict[str, Any]:
    known = figures(scope.window, scope.now, project_id=scope.project_id)
    by_slot = wrong_hits.observed_by_slot(scope.window, scope.now, project_id=scope.project_id)
    checks = (
        wrong_hits.observed(scope.project)
        if scope.project
        else Observed(sum(each.checked for each in by_slot.values()), sum(each.wrong for each in by_slot.values()))
    )
    waiting = backlog(scope.project_id)
    over_time = plots.points(known, by_slot)
    tolerance = scope.project.wrong_hit_tolerance if scope.project else None
    return {
        **choices(scope),
        "scope": scope,
        "known": known,
        "health": health(scope, known, waiting),
        "cards": cards(scope, known.whole, checks, waiting),
        "tables": tables(scope, known.whole),
        "series": plots.series(over_time, slot_seconds=scope.window.seconds, tolerance=tolerance),
        "heads": plots.HEADS,
        "lines": plots.lines(over_time),
        "alerts": rows_of(scope),
        "holds": _holds(scope),
    }


def _holds(scope: Scope) -> dict[str, str]:
    entries = holdings.entries(scope.project_id)
    about = "" if entries.exact else "at least " if scope.project else "about "
    return {
        "entries": about + number(entries.number),
        "entries_link": scope.link(Entry),
        "processes_link": list_of(Heartbeat) if scope.may_view(Heartbeat) else "",
        "database": size(holdings.database_bytes()),
    }


cast(OperatorsSite, admin.site).index_context = context
