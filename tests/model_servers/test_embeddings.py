"""What embedding servers answer, as plan requests meet it: a search by meaning, or a plan without one."""

from __future__ import annotations

import base64
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import REGISTRY

from planengine.embeddings import embedders
from tests.conftest import Api
from tests.model_servers.cases import case
from tests.model_servers.conftest import ACTION, Ask, Serve
from tests.model_servers.test_answers import assert_planned
from tests.servers import profiles
from tests.servers.emulated import EmulatedServer
from tests.servers.profiles import CHAT, TEI, VLLM_NEW, Profile
from tests.servers.scripted import Reply, Request

pytestmark = pytest.mark.django_db

EMBEDDING = tuple(profile for profile in (*CHAT, TEI) if profile.embeds)
WITHOUT = tuple(profile for profile in CHAT if not profile.embeds)

ServeEmbeddings = Callable[..., EmulatedServer]


@pytest.fixture
def serve_embeddings(
    serve: Serve, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Iterator[ServeEmbeddings]:
    """Starts an embedding server of a profile; a vLLM plans, or with ``model=""`` the composer."""
    embedders._build_embedder.cache_clear()

    def start(
        profile: Profile, *, embed: Any = None, model: str = VLLM_NEW.model, seconds: float = 20.0
    ) -> EmulatedServer:
        monkeypatch.setattr(embedders, "ENDPOINT_SECONDS", seconds)
        server = serve(profile)
        if embed is not None:
            server.embed = embed
        serve(VLLM_NEW, variables={"EMBEDDINGS_MODEL": profile.model, "EMBEDDINGS_API_BASE_URL": server.url})
        configure(LLM_MODEL=model, EMBEDDINGS_API_KEY="")
        return server

    yield start
    embedders._build_embedder.cache_clear()


def tolerate_all(api: Api) -> None:
    """Made-up vectors tell nothing of risk."""
    api.patch("/v1/project", {"wrong_hit_tolerance": 1})


def asked_of(server: EmulatedServer) -> list[Any]:
    return [request.json for request in server.requests if request.path.endswith("/embeddings")]


def count(outcome: str) -> float:
    return REGISTRY.get_sample_value("orra_embeddings_total", {"outcome": outcome}) or 0.0


@case(25, *EMBEDDING)
def test_a_request_is_found_by_meaning(
    serve_embeddings: ServeEmbeddings, ask: Ask, api: Api, profile: Profile
) -> None:
    server = serve_embeddings(profile)
    tolerate_all(api)
    assert_planned(ask())
    hit = ask("Please refund order ORD-99", {"order_id": "ORD-99"})
    assert (hit["source"], hit["plan"]["tasks"][0]["input"]) == ("semantic", {"order_id": "ORD-99"})
    assert all(body["encoding_format"] == "float" and "dimensions" not in body for body in asked_of(server))


@case(25, *EMBEDDING)
def test_many_texts_go_in_batches_that_it_takes(
    serve_embeddings: ServeEmbeddings, ask: Ask, api: Api, profile: Profile
) -> None:
    for number in range(37):
        service = {"type": "service", "description": f"Does thing number {number}.", "revertible": False}
        schemas = {"input_schema": {"type": "object"}, "output_schema": {"type": "object"}}
        assert api.put(f"/v1/services/thing_{number}", service | schemas).status_code < 300
    server = serve_embeddings(profile, model="")
    plan = ask()
    assert (plan["status"], plan["source"]) == ("ready", "composer")
    taken = [len(body["input"]) for body in asked_of(server)]
    assert max(taken) <= 32 and sum(taken) >= 40


def odd(change: Callable[[list[dict[str, Any]]], Any]) -> Callable[[EmulatedServer], Callable[[Request], Reply]]:
    """The server's own embeddings, changed."""

    def of(server: EmulatedServer) -> Callable[[Request], Reply]:
        return lambda request: Reply(body={"data": change(server.vectors(request).body["data"])})

    return of


def pack(data: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for item in data:
        vector = item["embedding"]
        item["embedding"] = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
    return data


USABLE = {"shuffled": odd(lambda data: data[::-1]), "base64": odd(pack)}
UNUSABLE = {
    "empty data": odd(lambda data: []),
    "null": odd(lambda data: [{**item, "embedding": None} for item in data]),
    "NaN": odd(lambda data: [{**item, "embedding": [float("nan")] * 8} for item in data]),
    "zeros": odd(lambda data: [{**item, "embedding": [0.0] * 8} for item in data]),
    "one vector per token": odd(lambda data: [{**item, "embedding": [item["embedding"]] * 4} for item in data]),
    "20,000 numbers": odd(lambda data: [{**item, "embedding": [0.5] * 20_000} for item in data]),
    "a hole": odd(lambda data: [{**item, "embedding": [1.0, None]} for item in data]),
}


@case(25, *EMBEDDING)
def test_odd_answers_are_read_or_done_without(
    serve_embeddings: ServeEmbeddings, ask: Ask, profile: Profile
) -> None:
    server = serve_embeddings(profile)
    for number, (shape, embed) in enumerate({**USABLE, **UNUSABLE}.items()):
        server.embed = embed(server)
        action = f"{ACTION}{' please' * number}"
        plan = ask(action, cache="refresh")
        assert (plan["status"], plan["source"]) == ("ready", "model"), shape
        assert ask(action)["source"] == "exact", shape
        missed = ask(f"Look{' further' * number} for order ORD-1", {"order_id": "ORD-1"}, cache="only")
        without = missed["cache"]["reason"] == "no_embedding"
        assert without is (shape in UNUSABLE), (shape, missed["cache"])


@case(25, *WITHOUT, *EMBEDDING)
def test_without_embeddings_there_are_plans_and_exact_hits(
    serve_embeddings: ServeEmbeddings, ask: Ask, profile: Profile
) -> None:
    failed, left_alone = count("failed"), count("left_alone")
    server = serve_embeddings(profile, embed=Reply(then="hang") if profile.embeds else None, seconds=0.5)
    started = time.monotonic()
    assert_planned(ask())
    hit = ask("Refund order ORD-99", {"order_id": "ORD-99"})
    assert hit["source"] == "exact"
    for number in range(5):
        plan = ask("Please " * number + "look up order ORD-99", {"order_id": "ORD-99"})
        assert plan["status"] == "ready"
        assert plan["cache"]["reason"] == "no_embedding"
    assert len(asked_of(server)) <= 1, "an endpoint that failed is not asked by each request"
    assert time.monotonic() - started < 30
    assert count("failed") == failed + 1
    assert count("left_alone") >= left_alone + 5


@case(25, profiles.VLLM_NEW, TEI)
def test_another_number_of_dimensions_is_followed(
    serve_embeddings: ServeEmbeddings, ask: Ask, api: Api, profile: Profile
) -> None:
    tolerate_all(api)
    server = serve_embeddings(profile)
    assert_planned(ask())
    server.profile = replace(profile, dimensions=5)
    assert ask("Please refund order ORD-98", {"order_id": "ORD-98"})["source"] == "model"  # vectors of two lengths
    hit = ask("Please kindly refund order ORD-99", {"order_id": "ORD-99"})
    assert hit["source"] == "semantic"
