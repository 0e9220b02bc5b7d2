"""A real model server whose answers are well-formed JSON and make no sense: nothing may come of them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command

from cache.models import Entry
from planengine.drafting import planner_choice
from planengine.models import Attempt, Plan
from tests.conftest import Api
from tests.servers import llama_server
from tests.servers.llama_server import LlamaServer

pytestmark = pytest.mark.django_db(transaction=True)

REQUESTS = (
    ("Refund order ORD-17", {"order_id": "ORD-17"}),
    ("Find order ORD-18", {"order_id": "ORD-18"}),
    ("Search for laptops for a student", {"query": "for a student"}),
)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    if reason := llama_server.why_not():
        pytest.skip(reason)
    with llama_server.llama_server(tmp_path_factory.mktemp("llama")) as server:
        yield server


@pytest.fixture
def nonsense(started: LlamaServer, settings: Any) -> Iterator[LlamaServer]:
    """orra configured with the real server."""
    settings.LLM_MODEL, settings.LLM_API_BASE_URL = llama_server.MODEL, started.url
    settings.LLM_API_KEY, settings.LLM_MAX_OUTPUT_TOKENS = started.key, 1000
    settings.EMBEDDINGS_MODEL = settings.EMBEDDINGS_API_BASE_URL = ""
    planner_choice.current_planner.cache_clear()
    yield started
    planner_choice.current_planner.cache_clear()


def test_nonsense_is_refused_each_time_and_never_kept(api: Api, nonsense: LlamaServer) -> None:
    for action, params in REQUESTS:
        plan = api.plan(action, params)

        assert (plan["status"], plan["plan"], plan["error"]["code"]) == ("failed", None, "plan_rejected")
        assert "ORCHESTRATION ERROR" in plan["error"]["message"]
        assert plan["error"]["how_to_fix"]
        assert [bool(attempt["problems"]) for attempt in plan["attempts"]] == [True, True, True]
        assert plan["usage"]["prompt_tokens"] != 0  # it counts no tokens in streams: unknown
    assert not Entry.objects.exists()
    assert Plan.objects.exclude(status="failed").count() == 0


def test_the_json_was_well_formed_so_that_only_its_meaning_was_at_fault(api: Api, nonsense: LlamaServer) -> None:
    for action, params in REQUESTS:
        api.plan(action, params)

    answers = [attempt.answer for attempt in Attempt.objects.all()]
    assert len(answers) == 3 * len(REQUESTS)
    assert all(answer.strip().startswith("{") for answer in answers), answers


def test_a_wrong_key_is_named(api: Api, nonsense: LlamaServer, settings: Any) -> None:
    settings.LLM_API_KEY = "sk-wrong"
    planner_choice.current_planner.cache_clear()

    plan = api.plan(*REQUESTS[0])

    assert (plan["status"], plan["error"]["code"]) == ("failed", "model_auth")
    assert "API key may be required or invalid for this endpoint" in plan["error"]["message"]


def test_check_models_finds_what_this_server_can(nonsense: LlamaServer) -> None:
    out = io.StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("check_models", "--json", "--seconds", "30", stdout=out)

    planner = json.loads(out.getvalue())["checks"][0]
    assert end.value.code == 1  # no valid plan comes of nonsense
    assert planner["facts"]["reachable"] and planner["facts"]["models"] == 1
    assert planner["facts"]["form_in_use"] == "object_schema"
    assert planner["facts"]["forms"] == {
        "strict_schema": "refused",
        "schema": "refused",
        "object_schema": "constrains",
        "object": "constrains",
        "value": "refused",
    }
    assert nonsense.key not in out.getvalue()
