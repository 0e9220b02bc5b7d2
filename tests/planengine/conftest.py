"""What tests of planning share: a model server over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from planengine.drafting.planner_choice import current_planner, fallback_planner
from tests.servers.scripted import ScriptedServer


@pytest.fixture
def server(settings: Any) -> Iterator[ScriptedServer]:
    """The model server that orra is configured with for the test. It is asked for whole plans, and believed."""
    settings.LLM_PLANNING, settings.LLM_TRUST, settings.COMPOSE_REJECTED = "full", "trusted", False
    with ScriptedServer() as started:
        settings.LLM_MODEL, settings.LLM_API_BASE_URL, settings.LLM_API_KEY = "small-1", started.url, ""
        forget_planners()
        yield started
    forget_planners()


def forget_planners() -> None:
    """The settings are others now."""
    current_planner.cache_clear()
    fallback_planner.cache_clear()


@pytest.fixture
def fallback(server: ScriptedServer, settings: Any) -> Iterator[ScriptedServer]:
    """Another model's server, which stands in for the first."""
    settings.LLM_BREAKER_FAILURES, settings.LLM_BREAKER_SECONDS = 3, 3600
    settings.LLM_FALLBACK_API_KEY, settings.FALLBACK_IS_COMPOSER = "", False
    with ScriptedServer(model="second-1") as started:
        settings.LLM_FALLBACK_MODEL, settings.LLM_FALLBACK_API_BASE_URL = "second-1", started.url
        forget_planners()
        yield started
