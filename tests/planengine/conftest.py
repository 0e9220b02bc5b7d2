"""What tests of planning share: a model server over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from planengine import planner_choice
from tests.servers.scripted import ScriptedServer


@pytest.fixture
def server(settings: Any) -> Iterator[ScriptedServer]:
    """The model server that orra is configured with for the test."""
    with ScriptedServer() as started:
        settings.LLM_MODEL, settings.LLM_API_BASE_URL, settings.LLM_API_KEY = "small-1", started.url, ""
        planner_choice.current_planner.cache_clear()
        yield started
    planner_choice.current_planner.cache_clear()
