"""Which planner this installation plans with: the configured model, or the composer when there is none. And which
one stands in for the model while its server is down."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import structlog
from django.conf import settings

from planengine.embeddings.embedders import get_embedder
from planengine.llm.endpoint import Endpoint
from planengine.llm.families import Sampling, family_of
from planengine.llm.patience import Patience
from planengine.llm.structured_output import ladder_from
from planengine.planners.composer.composer import Composer
from planengine.planners.focus import Focused
from planengine.planners.model import ModelPlanner
from planengine.planners.protocol import Planner
from planengine.planners.selection.planner import Selecting

log = structlog.get_logger(__name__)

PATIENCE = Patience()


@cache
def current_planner() -> Planner:
    if settings.LLM_MODEL:
        return planner_of(configured_endpoint())
    return composer()


def composer() -> Planner:
    return Composer(get_embedder())


@cache
def fallback_planner() -> Planner | None:
    """``None`` when nobody stands in."""
    if not settings.LLM_FALLBACK_MODEL:
        return None
    if settings.FALLBACK_IS_COMPOSER:
        return composer()
    return model_planner(
        settings.LLM_FALLBACK_MODEL,
        base_url=settings.LLM_FALLBACK_API_BASE_URL,
        api_key=settings.LLM_FALLBACK_API_KEY,
    )


def model_planner(model: str, *, base_url: str, api_key: str) -> Planner:
    """Plans with another model than the configured one; its server samples as it likes. Raises ``ValueError`` when
    the URL or the key cannot be used."""
    endpoint = Endpoint(
        model=model,
        base_url=base_url,
        api_key=api_key,
        makers_sampling=settings.LLM_MAKERS_SAMPLING,
        max_output_tokens=settings.LLM_MAX_OUTPUT_TOKENS,
        streams=settings.LLM_STREAM,
        patience=PATIENCE,
    )
    return planner_of(endpoint)


def planner_of(endpoint: Endpoint, *, planning: str | None = None) -> Planner:
    """The planner that asks the model at ``endpoint`` as ``LLM_PLANNING`` has it, or as ``planning`` does: for
    services (``select``), for whole plans (``full``), or for one and then the other (``auto``)."""
    planning = planning or settings.LLM_PLANNING
    full = Focused(ModelPlanner(endpoint), get_embedder(), context_tokens=settings.LLM_CONTEXT_TOKENS)
    if planning == "full":
        return full
    return Selecting(endpoint, get_embedder(), full=full if planning == "auto" else None)


def configured_endpoint() -> Endpoint:
    """Where ``LLM_MODEL`` is and how it is asked. Raises ``ValueError`` when the URL or the key cannot be
    used."""
    family = family_of(settings.LLM_MODEL)
    if settings.LLM_TEMPERATURE == 0 and not family.takes_greedy:
        log.warning("the model's maker warns of temperature 0", model=settings.LLM_MODEL, family=family.name)
    return Endpoint(
        model=settings.LLM_MODEL,
        base_url=settings.LLM_API_BASE_URL,
        api_key=settings.LLM_API_KEY,
        sampling=Sampling(settings.LLM_TEMPERATURE, settings.LLM_TOP_P, settings.LLM_TOP_K),
        makers_sampling=settings.LLM_MAKERS_SAMPLING,
        max_output_tokens=settings.LLM_MAX_OUTPUT_TOKENS,
        streams=settings.LLM_STREAM,
        rungs=ladder_from(settings.LLM_RESPONSE_FORMAT),
        # Who has a fallback need not wait for a server that is started again.
        patience=replace(PATIENCE, awaits_restarts=not settings.LLM_FALLBACK_MODEL),
    )
