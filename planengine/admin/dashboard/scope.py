"""What a visitor of the dashboard has chosen, and where its figures lead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from orra.operators.pages import list_of
from planengine.accounting.figures.reading import WINDOWS, Window
from planengine.models import Plan, Project

MOST_PROJECTS = 100
DEFAULT = "24h"


@dataclass(frozen=True)
class Scope:
    """``project`` is ``None`` for all together; ``unknown`` tells that one was asked for that is not there."""

    request: HttpRequest
    now: datetime
    name: str
    project: Project | None
    unknown: bool

    @property
    def window(self) -> Window:
        return WINDOWS[self.name]

    @property
    def project_id(self) -> str:
        return self.project.pk if self.project else ""

    def may_view(self, model: type[Model]) -> bool:
        return bool(admin.site.get_model_admin(model).has_view_permission(self.request))

    def link(self, model: type[Model], **chosen: str) -> str:
        """The list of a model with these filters and those of the scope's project; nothing for who may not see
        it."""
        if not self.may_view(model):
            return ""
        return list_of(model, **chosen, **({"project": self.project_id} if self.project else {}))

    def plans(self, **chosen: str) -> str:
        """The plans that finished within the window and are like that."""
        return self.link(Plan, finished_at__gte=self.window.begins(self.now).isoformat(), **chosen)


def scope_of(request: HttpRequest, now: datetime) -> Scope:
    """Whatever the address says; a project only for who may see projects."""
    name = request.GET.get("window", "")
    asked = request.GET.get("project", "")
    project = None
    if asked and "\x00" not in asked and request.user.has_perm("planengine.view_project"):
        project = Project.objects.filter(pk=asked).first()
    return Scope(request, now, name if name in WINDOWS else DEFAULT, project, bool(asked) and project is None)


def choices(scope: Scope) -> dict[str, Any]:
    """What the form offers: the newest projects, and the one that is chosen."""
    projects: dict[str, str] = {}
    if scope.may_view(Project):
        projects = dict(Project.objects.values_list("pk", "name")[:MOST_PROJECTS])
        if scope.project:
            projects.setdefault(scope.project.pk, scope.project.name)
    return {
        "windows": [(name, window.title) for name, window in WINDOWS.items()],
        "projects": list(projects.items()),
        "projects_are_cut": len(projects) >= MOST_PROJECTS,
    }
