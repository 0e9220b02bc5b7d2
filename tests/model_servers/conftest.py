"""What the tests of model servers share: orra, configured with an emulated server, and asked over REST."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cache.models import Entry
from orra.base.strictjson import Json
from planengine.drafting import planner_choice
from planengine.llm.client import Patience
from planengine.llm.dialects import memory
from planengine.models import Flight, Follower
from tests.conftest import Api
from tests.servers.emulated import EmulatedServer
from tests.servers.profiles import Profile

HASTE = Patience(retries=2, first_pause=0.001, longest_pause=0.01)
ACTION = "Refund order ORD-17"
PARAMS: dict[str, Json] = {"order_id": "ORD-17"}
PLAN: dict[str, Any] = {
    "tasks": [
        {"id": "task0", "input": PARAMS},
        {"id": "task1", "service": "refund_payment", "input": {"order_id": "$task0.order_id"}},
    ],
    "parallel_groups": [["task1"]],
}

Serve = Callable[..., EmulatedServer]
Ask = Callable[..., Json]
AskTwice = Callable[[], list[Json]]


@pytest.fixture
def configure(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """orra as if started with these variables, and in a hurry."""
    monkeypatch.setattr(planner_choice, "PATIENCE", HASTE)

    def change(**variables: Any) -> None:
        for name, value in variables.items():
            setattr(settings, name, value)
        planner_choice.current_planner.cache_clear()

    yield change
    planner_choice.current_planner.cache_clear()
    memory.clear()


@pytest.fixture
def serve(configure: Callable[..., None]) -> Iterator[Serve]:
    """Starts a server of a profile, with a script, and configures orra with it."""
    started: list[EmulatedServer] = []

    def start(
        profile: Profile, *script: Any, variables: dict[str, Any] | None = None, **options: Any
    ) -> EmulatedServer:
        server = EmulatedServer(profile, script, **options)
        started.append(server)
        server.start()
        own: dict[str, Any] = {"LLM_MODEL": profile.model, "LLM_API_BASE_URL": server.url, "LLM_API_KEY": ""}
        # Whole plans, which are the harder answer to read, and from the model alone.
        own |= {"LLM_PLANNING": "full", "LLM_TRUST": "trusted", "COMPOSE_REJECTED": False}
        configure(**{**own, **(variables or {})})
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def ask(api: Api) -> Ask:
    """Plans a request through REST and, as a worker would, the generation. The plan is the model's own or none."""
    api.patch("/v1/project", {"repair": False})

    def plan(action: str = ACTION, params: Json = PARAMS, **members: Json) -> Json:
        return api.plan(action, params, **members)

    return plan


@pytest.fixture
def ask_twice(ask: Ask, configure: Callable[..., None]) -> Callable[[], list[Json]]:
    """Plans the request with the answer in a stream, and once more with the answer as a whole."""

    def plans() -> list[Json]:
        found = []
        for stream in (True, False):
            configure(LLM_STREAM=stream)
            found.append(ask(cache="bypass"))
        return found

    return plans


def assert_failed(plan: Json, code: str) -> str:
    """Failed with this code, and nothing is left: no entry, nobody who waits. The message."""
    assert (plan["status"], plan["error"]["code"]) == ("failed", code), plan["error"]
    assert plan["plan"] is None
    assert not Entry.objects.exists()
    assert not Flight.objects.exists() and not Follower.objects.exists()
    return str(plan["error"]["message"])
