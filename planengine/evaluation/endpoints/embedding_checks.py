"""Does the embedder that is configured give usable vectors."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import numpy as np
from numpy.typing import NDArray

from orra.base.strictjson import Json
from planengine.embeddings.embedders import Embedder, Vectors
from planengine.evaluation.endpoints.findings import Checked, Finding, State
from planengine.evaluation.endpoints.sample import TEXTS
from planengine.exceptions import EmbeddingUnavailable
from planengine.llm.exchange import client_for
from planengine.llm.refusals import read_json
from planengine.llm.transport import BodyTooLarge, until

# One more than some servers take at once.
MANY = 33
# Further from 1 than rounding makes it.
ROUNDING = 0.01


@dataclass(frozen=True)
class EmbeddingsObserved:
    """``vectors`` are of :data:`.sample.TEXTS`; ``raw`` are the same as the endpoint sent them, in the order of
    its answer, ``None`` in process. ``batch`` is the error that :data:`MANY` texts met."""

    vectors: Vectors | None = None
    error: EmbeddingUnavailable | None = None
    batch: EmbeddingUnavailable | None = None
    raw: bytes | None = None
    seconds: float = 0.0


def observe_embeddings(
    embedder: Embedder, *, base_url: str, api_key: str, in_process: bool, seconds: float
) -> EmbeddingsObserved:
    """Three questions at most. Time is bounded by the embedder's own time-out."""
    started = time.monotonic()
    try:
        embedder.embed(["warm"])  # loading and connecting are not what a request waits for
        started = time.monotonic()
        vectors = embedder.embed(TEXTS)
    except EmbeddingUnavailable as error:
        return EmbeddingsObserved(error=error, seconds=time.monotonic() - started)
    took = time.monotonic() - started
    batch = None
    try:
        embedder.embed([f"{TEXTS[0]}, number {number}" for number in range(MANY)])
    except EmbeddingUnavailable as error:
        batch = error
    raw = None if in_process else _ask_raw(embedder.name, base_url, api_key, seconds=seconds)
    return EmbeddingsObserved(vectors, None, batch, raw, took)


def _ask_raw(model: str, base_url: str, api_key: str, *, seconds: float) -> bytes | None:
    import openai

    body = {"model": model, "input": list(TEXTS), "encoding_format": "float"}
    try:
        with until(time.monotonic() + seconds):
            answer = client_for(base_url, api_key).post("/embeddings", body=body, cast_to=httpx2.Response)
    except (openai.APIError, BodyTooLarge):
        return None  # it answered the same question before
    return answer.content


def judge_embeddings(subject: str, embedder_floor: float, observed: EmbeddingsObserved) -> Checked:
    return Checked("embeddings", subject, tuple(_findings(embedder_floor, observed)), _facts(observed))


def norms_of(raw: bytes) -> NDArray[np.float64] | None:
    """The lengths of the vectors in an endpoint's answer, before anything is done to them."""
    answer = read_json(raw)
    data = answer.get("data") if isinstance(answer, dict) else None
    vectors = (
        [_numbers(item.get("embedding")) for item in data if isinstance(item, dict)]
        if isinstance(data, list)
        else []
    )
    if not vectors or any(vector is None for vector in vectors):
        return None
    return np.array([np.linalg.norm(vector) for vector in vectors if vector is not None])


def is_shuffled(raw: bytes) -> bool:
    answer = read_json(raw)
    data = answer.get("data") if isinstance(answer, dict) else None
    places = [item.get("index") for item in data if isinstance(item, dict)] if isinstance(data, list) else []
    return all(type(place) is int for place in places) and places != list(range(len(places)))


def tells_apart(vectors: Vectors) -> bool:
    """Whether two texts of one meaning are nearer to each other than to a third of another."""
    alike, other = float(vectors[0] @ vectors[1]), float(max(vectors[0] @ vectors[2], vectors[1] @ vectors[2]))
    return alike > other


def _numbers(value: Json) -> NDArray[np.float64] | None:
    try:
        if isinstance(value, str):
            return np.frombuffer(base64.b64decode(value, validate=True), "<f4").astype(np.float64)
        return np.array(value, np.float64) if isinstance(value, list) else None
    except (ValueError, TypeError):
        return None


def _findings(floor: float, observed: EmbeddingsObserved) -> Iterator[Finding]:
    if observed.vectors is None:
        error = observed.error
        told = error.message if error is not None else "no vectors"
        wrong = any(words in told for words in ("API key", "does the URL need", "is no embedding model"))
        yield Finding(
            "server",
            State.MISCONFIGURED if wrong else State.FAILS,
            told,
            "Plans are made, and hits by exact template served; nothing is found by meaning.",
        )
        return
    yield Finding("server", State.OK, f"{len(TEXTS)} texts in {observed.seconds * 1000:.0f} ms")
    yield Finding("dimensions", State.OK, f"{observed.vectors.shape[1]:,}")
    yield from _norm(observed.raw)
    if observed.raw is not None and is_shuffled(observed.raw):
        yield Finding(
            "order", State.NOTE, "vectors come in another order than the texts", "They are put in order."
        )
    if observed.batch is None:
        yield Finding("batches", State.OK, f"{MANY} texts are taken, in as many requests as it needs")
    else:
        yield Finding(
            "batches", State.FAILS, observed.batch.message, "Catalogues of many services cannot be compared."
        )
    if tells_apart(observed.vectors):
        yield Finding(
            "meaning", State.OK, "texts of one meaning are nearest", f"Hits need a similarity of {floor:.2f}."
        )
    else:
        yield Finding(
            "meaning",
            State.FAILS,
            "texts of one meaning are no nearer to each other than to another",
            "Guards keep hits right, but few will be found. Use a model made for sentences.",
        )


def _norm(raw: bytes | None) -> Iterator[Finding]:
    norms = None if raw is None else norms_of(raw)
    if norms is None:
        yield Finding("norm", State.OK, "1" if raw is None else "unknown", "")
    elif np.all(np.abs(norms - 1) <= ROUNDING):
        yield Finding("norm", State.OK, "1")
    else:
        seen = f"{norms.min():.3g} to {norms.max():.3g}"
        yield Finding("norm", State.NOTE, seen, "Vectors are scaled to length 1.")


def _facts(observed: EmbeddingsObserved) -> dict[str, Json]:
    norms = None if observed.raw is None else norms_of(observed.raw)
    vectors = observed.vectors
    return {
        "reachable": vectors is not None,
        "dimensions": None if vectors is None else int(vectors.shape[1]),
        "norms": None if norms is None else [round(float(norms.min()), 4), round(float(norms.max()), 4)],
        "batches": observed.batch is None if vectors is not None else None,
        "seconds": round(observed.seconds, 4),
    }
