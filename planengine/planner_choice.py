"""Which planner this installation plans with: the configured model, or the composer when there is none. And which
one stands in for the model while its server is down."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from planengine.embeddings import get_embedder
from planengine.llm import Endpoint
from planengine.planners.base import Planner
from planengine.planners.composer import Composer
from planengine.planners.model import ModelPlanner


@cache
def current_planner() -> Planner:
    if settings.LLM_MODEL:
        endpoint = Endpoint(
            model=settings.LLM_MODEL, base_url=settings.LLM_API_BASE_URL, api_key=settings.LLM_API_KEY
        )
        return ModelPlanner(endpoint)
    return Composer(get_embedder())


@cache
def fallback_planner() -> Planner | None:
    """``None`` when nobody stands in."""
    if not settings.LLM_FALLBACK_MODEL:
        return None
    if settings.FALLBACK_IS_COMPOSER:
        return Composer(get_embedder())
    endpoint = Endpoint(
        model=settings.LLM_FALLBACK_MODEL,
        base_url=settings.LLM_FALLBACK_API_BASE_URL,
        api_key=settings.LLM_FALLBACK_API_KEY,
    )
    return ModelPlanner(endpoint)
