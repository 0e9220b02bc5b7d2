"""Which planner this installation plans with: the configured model, or the composer when there is none."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from planengine.embeddings import get_embedder
from planengine.llm import Endpoint
from planengine.planners.base import Planner
from planengine.planners.composer import Composer
from planengine.planners.focus import Focused
from planengine.planners.model import ModelPlanner


@cache
def current_planner() -> Planner:
    if settings.LLM_MODEL:
        return model_planner(settings.LLM_MODEL, base_url=settings.LLM_API_BASE_URL, api_key=settings.LLM_API_KEY)
    return Composer(get_embedder())


def model_planner(model: str, *, base_url: str, api_key: str) -> Planner:
    """Plans with a model, which is shown what fits its context. Raises ``ValueError`` when the URL or the key
    cannot be used."""
    planner = ModelPlanner(Endpoint(model=model, base_url=base_url, api_key=api_key))
    return Focused(planner, get_embedder(), context_tokens=settings.LLM_CONTEXT_TOKENS)
