"""What the first client of a process would otherwise wait for."""

from __future__ import annotations

import importlib
from wsgiref.util import setup_testing_defaults

import structlog
from django.conf import settings
from django.http import HttpResponse

from cache import languages
from orra.wsgi import application
from planengine.api.views import health
from planengine.embeddings import embedders
from planengine.models import Plan
from planengine.models.states import PlanStatus
from planengine.requests import PlanRequest
from planengine.reuse import plan_cache

log = structlog.get_logger(__name__)


def load() -> None:
    """What needs no database and all processes share, if they are forked after it: no thread, no connection."""
    if settings.LLM_MODEL or settings.EMBEDDINGS_MODEL or settings.CHECK_MODEL:
        importlib.import_module("openai")
    embedders.load()
    languages.word_lists()
    health.newest_migrations()
    _be_refused()


def rehearse() -> None:
    """In a thread that will answer requests: connects it, and looks the latest plan's request up once more,
    which stores and counts nothing."""
    plan_cache.embed("warm up")
    _be_refused()
    try:
        ready = Plan.objects.filter(status=PlanStatus.READY).select_related("project")
        plan = ready.order_by("-created_at", "-id").first()
        if plan is not None:
            plan_cache.explain(plan.project, PlanRequest(plan.action, plan.params_by_field))
    except Exception as error:  # requests tell what is wrong
        log.info("nothing rehearsed", error=type(error).__name__)


def _be_refused() -> None:
    """A request without a key is refused before the database is asked; routes and middleware are ready then."""
    request = {"REQUEST_METHOD": "POST", "PATH_INFO": "/v1/plans", "HTTP_HOST": "localhost"}
    setup_testing_defaults(request)
    for _ in application(request, lambda *_: HttpResponse().write):
        pass
