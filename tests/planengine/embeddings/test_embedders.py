"""Embedders as callers see them; the endpoint's over real HTTP on loopback."""

from __future__ import annotations

import base64
import json
import math
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytest_django import Settings

from planengine.embeddings import embedders
from planengine.embeddings.embedders import EndpointEmbedder, LocalEmbedder, Remembering, get_embedder
from planengine.exceptions import EmbeddingUnavailable
from tests.servers.embedding import Answer, EmbeddingServer, serving


def vector_of(text: str) -> list[float]:
    return [float(len(text)), 1.0, float(ord(text[0]))]


def embed(body: dict[str, Any]) -> Answer:
    return 200, {
        "data": [{"index": place, "embedding": vector_of(text)} for place, text in enumerate(body["input"])]
    }


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with serving(EmbeddingServer(embed)) as server:
        yield server


def unit(text: str) -> list[float]:
    vector = vector_of(text)
    return [number / math.hypot(*vector) for number in vector]


class TestEndpoint:
    def test_vectors_are_normalised_and_in_order_over_many_batches(self, server: EmbeddingServer) -> None:
        texts = [chr(97 + number % 26) * (number + 1) for number in range(70)]
        embedder = EndpointEmbedder("small", base_url=server.url)
        vectors = embedder.embed(texts)
        assert np.allclose(vectors, [unit(text) for text in texts], atol=1e-6)
        assert [len(body["input"]) for body in server.bodies] == [32, 32, 6]
        assert all(body["encoding_format"] == "float" and body["model"] == "small" for body in server.bodies)
        assert (embedder.dimensions, embedder.floor) == (3, 0.90)

    def test_results_in_another_order_are_put_right(self, server: EmbeddingServer) -> None:
        server.answer = lambda body: (200, {"data": embed(body)[1]["data"][::-1]})
        vectors = EndpointEmbedder("m", base_url=server.url).embed(["a", "bb", "ccc"])
        assert np.allclose(vectors, [unit("a"), unit("bb"), unit("ccc")], atol=1e-6)

    def test_results_without_an_index_are_in_order(self, server: EmbeddingServer) -> None:
        server.answer = lambda body: (200, {"data": [{"embedding": vector_of(text)} for text in body["input"]]})
        vectors = EndpointEmbedder("m", base_url=server.url).embed(["a", "bb"])
        assert np.allclose(vectors, [unit("a"), unit("bb")], atol=1e-6)

    def test_base64_that_nobody_asked_for_is_read(self, server: EmbeddingServer) -> None:
        packed = base64.b64encode(struct.pack("<3f", 0, 3, 4)).decode()
        server.answer = lambda body: (200, {"data": [{"index": 0, "embedding": packed}]})
        assert np.allclose(EndpointEmbedder("m", base_url=server.url).embed(["a"]), [[0, 0.6, 0.8]])

    def test_a_server_that_takes_few_texts_gets_few(self, server: EmbeddingServer) -> None:
        server.answer = lambda body: embed(body) if len(body["input"]) <= 8 else (422, {"error": "batch size > 8"})
        texts = [f"text {number}" for number in range(32)]
        vectors = EndpointEmbedder("m", base_url=server.url).embed(texts)
        assert np.allclose(vectors, [unit(text) for text in texts], atol=1e-6)

    @pytest.mark.parametrize(
        "data",
        [
            [],
            None,
            [None, None],
            [{"index": 0, "embedding": [1.0]}],
            [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}],
            [{"index": 0, "embedding": [1.0]}, {"index": "1", "embedding": [1.0]}],
            [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}],
            [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [float("nan")]}],
            [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [None]}],
            [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [True]}],
            [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [0.0]}],
            [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1e999]}],
            [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [10**400]}],
            [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": []}],
            [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": "not base64"}],
            [{"index": 0, "embedding": [1.0]}, {"index": 1}],
        ],
    )
    def test_answers_that_are_no_vectors_are_refused(self, server: EmbeddingServer, data: Any) -> None:
        server.answer = lambda body: (200, {"data": data})
        with pytest.raises(EmbeddingUnavailable, match="answered with"):
            EndpointEmbedder("m", base_url=server.url).embed(["a", "bb"])

    @pytest.mark.parametrize("content", [b"", b"<html>Log in</html>", b"[]", b'{"error": "no such path"}'])
    def test_success_without_embeddings_is_refused(self, server: EmbeddingServer, content: bytes) -> None:
        server.answer = lambda body: (200, content)
        with pytest.raises(EmbeddingUnavailable, match="no embeddings"):
            EndpointEmbedder("m", base_url=server.url).embed(["a"])

    def test_the_states_of_a_chat_model_are_named(self, server: EmbeddingServer) -> None:
        server.answer = lambda body: (200, {"data": [{"embedding": [[0.1, 0.2]] * 5, "index": 0}]})
        with pytest.raises(EmbeddingUnavailable, match="one vector per token.*is no embedding model") as caught:
            EndpointEmbedder("m", base_url=server.url).embed(["a b c"])
        assert not caught.value.retryable

    @pytest.mark.parametrize(("length", "kept"), [(16_000, True), (16_001, False)])
    def test_vectors_that_the_database_cannot_keep_are_refused(
        self, server: EmbeddingServer, length: int, kept: bool
    ) -> None:
        server.answer = lambda body: (200, {"data": [{"embedding": [1.0] * length, "index": 0}]})
        endpoint = EndpointEmbedder("m", base_url=server.url)
        if kept:
            assert endpoint.embed(["a"]).shape == (1, length)
        else:
            with pytest.raises(EmbeddingUnavailable, match="can keep 16,000: use a model with fewer dimensions"):
                endpoint.embed(["a"])

    def test_a_model_that_changes_its_size_is_followed(self, server: EmbeddingServer) -> None:
        embedder = Remembering(EndpointEmbedder("m", base_url=server.url))
        embedder.embed(["a", "b"])

        def other(body: dict[str, Any]) -> Answer:
            return 200, {"data": [{"index": at, "embedding": [0.0, 2.0]} for at, _ in enumerate(body["input"])]}

        server.answer = other
        assert embedder.embed(["a", "c"]).tolist() == [[0, 1], [0, 1]]
        assert embedder.embed(["b"]).tolist() == [[0, 1]]
        assert embedder.dimensions == 2

    def test_a_failing_endpoint_is_left_alone_for_a_while(
        self, server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        embedder = EndpointEmbedder("m", base_url=server.url)
        server.answer = lambda body: (503, {"error": "starting"})
        for words in ("starting", "It is asked again in", "It is asked again in"):
            with pytest.raises(EmbeddingUnavailable, match=words):
                embedder.embed(["a"])
        assert len(server.bodies) == 1
        server.answer = embed
        now = time.monotonic()
        monkeypatch.setattr("planengine.embeddings.embedders.time.monotonic", lambda: now + embedders.REST_SECONDS)
        assert embedder.embed(["a"]).shape == (1, 3)
        assert embedder.embed(["b"]).shape == (1, 3)

    def test_a_text_that_is_refused_does_not_stop_the_others(self, server: EmbeddingServer) -> None:
        embedder = EndpointEmbedder("m", base_url=server.url)
        server.answer = lambda body: (400, {"error": "too long"}) if "long" in body["input"] else embed(body)
        with pytest.raises(EmbeddingUnavailable):
            embedder.embed(["long"])
        assert embedder.embed(["a"]).shape == (1, 3)

    def test_one_at_a_time_tries_an_endpoint_that_failed(
        self, server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        embedder = EndpointEmbedder("m", base_url=server.url)
        server.answer = lambda body: (503, {})
        with pytest.raises(EmbeddingUnavailable):
            embedder.embed(["a"])
        refused: list[str] = []

        def meanwhile(body: dict[str, Any]) -> Answer:
            with pytest.raises(EmbeddingUnavailable) as raised:
                embedder.embed(["b"])
            refused.append(raised.value.message)
            return embed(body)

        server.answer = meanwhile
        monkeypatch.setattr(embedders, "REST_SECONDS", 0.0)
        embedder._rest._until = 0.0
        assert embedder.embed(["a"]).shape == (1, 3)
        assert "asked again" in refused[0] and len(server.bodies) == 2

    @pytest.mark.parametrize(
        ("status", "retryable", "words"),
        [
            (401, False, "API key may be required or invalid for this endpoint"),
            (404, False, "does the URL need /v1"),
            (422, False, "HTTP 422"),
            (429, True, "HTTP 429"),
            (503, True, "HTTP 503"),
        ],
    )
    def test_refusals_say_what_to_do(
        self, server: EmbeddingServer, status: int, retryable: bool, words: str
    ) -> None:
        server.answer = lambda body: (status, {"error": {"message": "told why, sk-secret-of-theirs"}})
        with pytest.raises(EmbeddingUnavailable, match="told why") as raised:
            EndpointEmbedder("m", base_url=server.url, api_key="sk-secret-of-theirs").embed(["a"])
        assert words in raised.value.message
        assert "secret" not in raised.value.message
        assert raised.value.retryable is retryable

    def test_a_key_in_the_address_is_not_told(self, server: EmbeddingServer) -> None:
        server.answer = lambda body: (404, b"")
        with pytest.raises(EmbeddingUnavailable) as raised:
            EndpointEmbedder("m", base_url=f"{server.url}?code=hidden").embed(["a"])
        assert f"{server.url}/embeddings" in raised.value.message and "hidden" not in raised.value.message

    def test_a_server_that_is_not_there_is_unavailable(self, server: EmbeddingServer) -> None:
        with pytest.raises(EmbeddingUnavailable, match="No answer from"):
            EndpointEmbedder("m", base_url="http://127.0.0.1:9/v1").embed(["a"])

    def test_a_server_that_does_not_answer_is_left_in_time(self, server: EmbeddingServer) -> None:
        release = threading.Event()

        def hang(body: dict[str, Any]) -> Answer:
            release.wait(20)
            return 500, {}

        server.answer = hang
        with pytest.raises(EmbeddingUnavailable):
            EndpointEmbedder("m", base_url=server.url, seconds=0.1).embed(["a"])
        release.set()

    def test_nothing_of_the_environment_reaches_the_server(
        self, server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
            monkeypatch.setenv(name, "leaked")
        monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Leaked: leaked")
        EndpointEmbedder("keyless", base_url=server.url).embed(["a"])
        assert "leaked" not in json.dumps(server.headers)
        assert server.headers[0]["authorization"] != "Bearer "

    def test_the_key_is_sent(self, server: EmbeddingServer) -> None:
        EndpointEmbedder("m", base_url=server.url, api_key=" key\n").embed(["a"])
        assert server.headers[0]["authorization"] == "Bearer key"

    def test_odd_texts_are_sent_as_text_that_servers_take(self, server: EmbeddingServer) -> None:
        EndpointEmbedder("m", base_url=server.url).embed(["", " ", "\ud800"])
        assert server.bodies[0]["input"] == ["-", "-", "?"]


class Counting:
    name, dimensions, floor = "counting", 2, 0.5

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> embedders.Vectors:
        self.asked.extend(texts)
        return np.array([[len(text), 1] for text in texts], np.float32).reshape(len(texts), 2)


class TestRemembering:
    def test_a_text_is_embedded_once(self) -> None:
        inner = Counting()
        embedder = Remembering(inner)
        first = embedder.embed(["a", "bb", "a"])
        again = embedder.embed(["bb", "ccc"])
        assert inner.asked == ["a", "bb", "ccc"]
        assert first.tolist() == [[1, 1], [2, 1], [1, 1]]
        assert again.tolist() == [[2, 1], [3, 1]]
        assert (embedder.name, embedder.dimensions, embedder.floor) == ("counting", 2, 0.5)

    def test_what_callers_do_to_their_vectors_is_not_remembered(self) -> None:
        embedder = Remembering(Counting())
        embedder.embed(["a"])[:] = 9
        assert embedder.embed(["a"]).tolist() == [[1, 1]]

    def test_the_oldest_are_forgotten(self) -> None:
        inner = Counting()
        embedder = Remembering(inner, most=2)
        for text in ("a", "bb", "a", "ccc", "a", "bb"):
            embedder.embed([text])
        assert inner.asked == ["a", "bb", "ccc", "bb"]

    def test_long_texts_are_not_kept(self) -> None:
        inner = Counting()
        embedder = Remembering(inner)
        for _ in range(2):
            embedder.embed(["x" * 3000])
        assert len(inner.asked) == 2

    def test_no_texts(self) -> None:
        assert Remembering(Counting()).embed([]).shape == (0, 2)


class TestChoice:
    @pytest.fixture(autouse=True)
    def fresh(self) -> Iterator[None]:
        embedders._build_embedder.cache_clear()
        yield
        embedders._build_embedder.cache_clear()

    def test_the_local_model_is_the_default(self, settings: Settings) -> None:
        settings.EMBEDDINGS_MODEL = settings.EMBEDDINGS_API_BASE_URL = ""
        embedder = get_embedder()
        assert (embedder.name, embedder.dimensions, embedder.floor) == ("all-MiniLM-L6-v2-int8", 384, 0.50)
        assert get_embedder() is embedder

    def test_an_endpoint_is_used_when_one_is_set(self, settings: Settings, server: EmbeddingServer) -> None:
        settings.EMBEDDINGS_MODEL, settings.EMBEDDINGS_API_BASE_URL = "bge-small", server.url
        settings.EMBEDDINGS_API_KEY = ""
        embedder = get_embedder()
        assert np.allclose(embedder.embed(["abc"]), [unit("abc")], atol=1e-6)
        assert embedder.name == "bge-small"

    def test_a_local_model_that_is_not_installed_is_unavailable(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr("planengine.embeddings.minilm.importlib.util.find_spec", lambda name: None)
        with pytest.raises(EmbeddingUnavailable, match="not installed"):
            LocalEmbedder(tmp_path).embed(["a"])
