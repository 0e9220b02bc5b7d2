"""Which planner this installation plans with: the configured model, or the composer when there is none. And which
one stands in for the model while its server is down."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from planengine.embeddings import get_embedder
from planengine.llm import Endpoint, Patience
from planengine.planners.base import Planner
from planengine.planners.composer import Composer
from planengine.planners.model import ModelPlanner

PATIENCE = Patience()


@cache
def current_planner() -> Planner:
    if settings.LLM_MODEL:
        return _model(settings.LLM_MODEL, settings.LLM_API_BASE_URL, settings.LLM_API_KEY)
    return Composer(get_embedder())


@cache
def fallback_planner() -> Planner | None:
    """``None`` when nobody stands in."""
    if not settings.LLM_FALLBACK_MODEL:
        return None
    if settings.FALLBACK_IS_COMPOSER:
        return Composer(get_embedder())
    return _model(settings.LLM_FALLBACK_MODEL, settings.LLM_FALLBACK_API_BASE_URL, settings.LLM_FALLBACK_API_KEY)


def _model(name: str, base_url: str, api_key: str) -> Planner:
    return ModelPlanner(Endpoint(model=name, base_url=base_url, api_key=api_key, patience=PATIENCE))
