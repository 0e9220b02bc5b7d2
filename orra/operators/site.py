"""The admin site: its index and its navigation tell what operators look for first, internals last."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from orra.operators.reading import note_write, read, rendered


@dataclass(frozen=True)
class Page:
    """A page that is no model's: the name of its address within the admin, and the right that it takes."""

    title: str
    view: str
    right: str


@dataclass(frozen=True)
class Section:
    """A part of the navigation: pages, then models by label, in the order in which they are shown."""

    title: str
    models: tuple[str, ...]
    pages: tuple[Page, ...] = ()


SECTIONS = (
    Section(
        "Plans",
        ("planengine.plan", "planengine.attempt"),
        (Page("Ask", "planengine_ask", "planengine.view_plan"),),
    ),
    Section("Cache", ("cache.entry", "cache.cachejob")),
    Section(
        "Catalogue",
        ("planengine.service", "planengine.grounding"),
        (Page("Examples", "planengine_examples", "planengine.view_service"),),
    ),
    Section(
        "Projects", ("planengine.project", "planengine.apikey", "planengine.dailyusage", "planengine.alertrule")
    ),
    Section(
        "Quality",
        (
            "planengine.hitcheck",
            "planengine.label",
            "planengine.savedrequest",
            "planengine.regressionrun",
            "planengine.modeltrust",
            "planengine.calibratedfloor",
            "cache.verdict",
        ),
    ),
    Section(
        "Machinery",
        (
            "planengine.flight",
            "planengine.follower",
            "planengine.heartbeat",
            "planengine.breaker",
            "cache.reembedding",
            "planengine.tally",
            "planengine.tallymark",
        ),
    ),
    Section("People", ("auth.user", "auth.group", "planengine.loginfailure", "admin.logentry")),
)


class OperatorsSite(AdminSite):
    site_header = "orra"
    site_title = "orra"
    index_title = "Plan engine"
    empty_value_display = "–"
    enable_nav_sidebar = False  # the navigation is above the page, where a phone shows it too

    # What the index shows beside the lists of models; set by what is above this.
    index_context: Callable[[HttpRequest], dict[str, Any]] = staticmethod(lambda request: {})

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        shown = read(request, lambda: rendered(self._index(request, extra_context)))
        assert isinstance(shown, TemplateResponse)
        return shown

    def _index(self, request: HttpRequest, extra_context: dict[str, Any] | None) -> TemplateResponse:
        return super().index(request, {**self.index_context(request), **(extra_context or {})})

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        shown = super().admin_view(view, cacheable)

        @functools.wraps(shown)
        def noting_writes(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            response: HttpResponse = shown(request, *args, **kwargs)
            note_write(request, response)
            return response

        return noting_writes

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """What this user may see, by section; of one app, as Django has it."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        found = {model["model"]._meta.label_lower: model for app in apps for model in app["models"]}
        sections = [
            (
                section,
                [_entry(page) for page in section.pages if request.user.has_perm(page.right)]
                + [found.pop(label) for label in section.models if label in found],
            )
            for section in SECTIONS
        ]
        if found:
            sections.append((Section("Other", ()), list(found.values())))
        return [
            {
                "name": section.title,
                "app_label": section.title.lower(),
                "app_url": "",
                "has_module_perms": True,
                "models": models,
            }
            for section, models in sections
            if models
        ]


def _entry(page: Page) -> dict[str, Any]:
    """A page as Django tells of models."""
    return {
        "name": page.title,
        "object_name": page.view.replace("_", "-"),
        "admin_url": reverse(f"admin:{page.view}"),
        "add_url": None,
        "view_only": True,
    }


class OperatorsAdminConfig(AdminConfig):
    default_site = "orra.operators.site.OperatorsSite"
