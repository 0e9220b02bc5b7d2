"""Texts to vectors: in process by default, or from any OpenAI-compatible endpoint.

Whoever asks gets unit-length vectors or :class:`EmbeddingUnavailable`, and can go on without them.
"""

from __future__ import annotations

import functools
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import httpx2
import numpy as np
import structlog
from django.conf import settings
from numpy.typing import NDArray

from orra.base import metrics, tracing
from planengine.embeddings.answers import Unusable, read_vectors
from planengine.embeddings.graph import DIMENSIONS
from planengine.embeddings.minilm import BATCH, MiniLM, ModelUnusable
from planengine.exceptions import EmbeddingUnavailable
from planengine.llm import gen_ai
from planengine.llm.endpoint import tidy_url
from planengine.llm.exchange import OPENAI_URL, client_for
from planengine.llm.refusals import quote, read_refusal, site_at
from planengine.llm.transport import MAX_BODY_BYTES, BodyTooLarge, until

log = structlog.get_logger(__name__)

Vectors = NDArray[np.float32]

# Vectors of another graph are other vectors.
LOCAL_MODEL = "all-MiniLM-L6-v2-int8"
# The cache's guards judge what is this near; at 0.50 few that mean the same are left out.
LOCAL_FLOOR = 0.50
# Models differ in how close they put texts that mean different things; 0.90 is cautious for those seen.
ENDPOINT_FLOOR = 0.90
ENDPOINT_SECONDS = 10.0
# An endpoint that failed is left alone for so long: else every request would wait for its time-out in turn.
REST_SECONDS = 15.0
REMEMBERED_TEXTS = 4096
REMEMBERED_CHARACTERS = 2000  # longer texts do not come twice and would make the memory large


class Embedder(Protocol):
    """``name`` is part of the cache's scope: vectors of one name are comparable. ``floor`` is the lowest
    similarity at which two templates may be the same."""

    @property
    def name(self) -> str: ...

    def __hash__(self) -> int: ...

    @property
    def dimensions(self) -> int: ...

    @property
    def floor(self) -> float: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """(n, dimensions), unit length, in the order of ``texts``. Raises :class:`EmbeddingUnavailable`."""
        ...


def get_embedder() -> Embedder:
    """The process's embedder, as the settings have it. Loads and connects only when it is first used."""
    if _standing_in:
        return _standing_in[-1]
    with _building:
        return _build_embedder()


def load() -> None:
    """Loads the model that is run in process, where one is."""
    embedder = get_embedder()
    if embedder.name == LOCAL_MODEL:
        with suppress(EmbeddingUnavailable):  # whoever needs a vector is told
            embedder.embed(["warm up"])


@contextmanager
def standing_in(embedder: Embedder) -> Iterator[None]:
    """Within it this is the process's embedder, for all its threads: for measuring, never while serving."""
    _standing_in.append(embedder)
    try:
        yield
    finally:
        _standing_in.remove(embedder)


_standing_in: list[Embedder] = []
_building = threading.Lock()


@functools.cache
def _build_embedder() -> Embedder:
    if not settings.EMBEDDINGS_MODEL and not settings.EMBEDDINGS_API_BASE_URL:
        return Remembering(LocalEmbedder(settings.DATA_DIR / "models"))
    return Remembering(
        EndpointEmbedder(
            settings.EMBEDDINGS_MODEL,
            base_url=settings.EMBEDDINGS_API_BASE_URL,
            api_key=settings.EMBEDDINGS_API_KEY,
            seconds=ENDPOINT_SECONDS,
        )
    )


class LocalEmbedder:
    """all-MiniLM-L6-v2 in this process."""

    name = LOCAL_MODEL
    dimensions = DIMENSIONS
    floor = LOCAL_FLOOR

    def __init__(self, cache_dir: Path | None = None) -> None:
        self._model = MiniLM(cache_dir)

    def embed(self, texts: Sequence[str]) -> Vectors:
        try:
            return self._model.embed(texts)
        except ModelUnusable as error:
            raise EmbeddingUnavailable(
                f"The local embedding model cannot be used: {error}", retryable=False
            ) from None


class _EndpointFailed(EmbeddingUnavailable):
    """It is the endpoint that fails, whatever it is asked for."""


class _Rest:
    """Leaves an endpoint alone after a failure. When the rest is over one caller tries, and the others are refused
    until it knows more."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._failure: _EndpointFailed | None = None
        self._until = 0.0
        self._lock = threading.Lock()

    def enter(self) -> None:
        """Raises the last failure again while the endpoint is left alone."""
        with self._lock:
            if self._failure is None:
                return
            now = time.monotonic()
            if now < self._until:
                metrics.EMBEDDINGS.labels("left_alone").inc()
                left = f" It is asked again in {self._until - now:.0f} s."
                refused = EmbeddingUnavailable(self._failure.message + left, retryable=self._failure.retryable)
                refused.retry_after = self._until - now
                raise refused
            self._until = now + self._seconds + REST_SECONDS

    def end(self) -> None:
        with self._lock:
            self._failure = None

    def begin(self, failure: _EndpointFailed) -> None:
        with self._lock:
            failure.retry_after = REST_SECONDS
            self._failure, self._until = failure, time.monotonic() + REST_SECONDS


class EndpointEmbedder:
    """``POST {base_url}/embeddings`` of an OpenAI-compatible server. An empty ``base_url`` is OpenAI's own, an
    empty ``api_key`` a server that needs none. Raises ``ValueError`` when the URL cannot be used."""

    floor = ENDPOINT_FLOOR

    def __init__(
        self, model: str, *, base_url: str = "", api_key: str = "", seconds: float = ENDPOINT_SECONDS
    ) -> None:
        self.name = model
        self._base_url = tidy_url(base_url)
        self._api_key = api_key.strip()
        self._seconds = seconds
        self._rest = _Rest(seconds)
        self._dimensions: int | None = None
        self._site = site_at(self._base_url or OPENAI_URL, "/embeddings", model=model, key=self._api_key)

    @property
    def dimensions(self) -> int:
        """As the first answer has it; asks for one when there was none yet."""
        if self._dimensions is None:
            self.embed(["dimensions"])
        assert self._dimensions is not None
        return self._dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        self._rest.enter()
        try:
            told = gen_ai.of_call("embeddings", self.name, self._base_url)
            with tracing.span(f"embeddings {self.name}", told, kind="client"):
                vectors = self._embed(texts)
        except EmbeddingUnavailable as error:
            metrics.EMBEDDINGS.labels("failed").inc()
            if isinstance(error, _EndpointFailed):
                self._rest.begin(error)
            else:
                self._rest.end()
            raise
        self._rest.end()
        metrics.EMBEDDINGS.labels("ok").inc()
        return vectors

    def _embed(self, texts: Sequence[str]) -> Vectors:
        deadline = time.monotonic() + self._seconds
        batches = [
            self._embed_batch(texts[start : start + BATCH], deadline) for start in range(0, len(texts), BATCH)
        ]
        if not batches:
            return np.empty((0, self._dimensions or 0), np.float32)
        if len({batch.shape[1] for batch in batches}) != 1:
            raise self._bad_answer("vectors of different lengths")
        dimensions = batches[0].shape[1]
        if self._dimensions not in (None, dimensions):
            log.warning("embedding model has changed", model=self.name, before=self._dimensions, now=dimensions)
        self._dimensions = dimensions
        return np.concatenate(batches)

    def _embed_batch(self, texts: Sequence[str], deadline: float) -> Vectors:
        import openai

        # Some servers know no base64, the SDK's default; and some refuse an empty text.
        texts = [text.encode("utf-8", "replace").decode() if text.strip() else "-" for text in texts]
        body = {"model": self.name, "input": texts, "encoding_format": "float"}
        try:
            with until(deadline):
                answer = client_for(self._base_url, self._api_key).post(
                    "/embeddings", body=body, cast_to=httpx2.Response
                )
        except openai.APIStatusError as error:
            if len(texts) > 1 and _is_too_much(error.status_code, error.response.content):
                half = len(texts) // 2
                return np.concatenate([self._embed_batch(part, deadline) for part in (texts[:half], texts[half:])])
            raise self._refused(error.status_code, error.response.content) from None
        except openai.APIConnectionError as error:
            reason = quote(str(error.__cause__ or error), self._site)
            raise _EndpointFailed(f"No answer from {self._site.url}: {reason}.") from None
        except BodyTooLarge:
            raise self._bad_answer(f"more than {MAX_BODY_BYTES} bytes") from None
        try:
            return read_vectors(answer.content, count=len(texts), site=self._site)
        except Unusable as error:
            raise self._bad_answer(str(error)) from None

    def _refused(self, status: int, body: bytes) -> EmbeddingUnavailable:
        said = quote(read_refusal(body).message, self._site)
        if status in {401, 403}:
            problem = "API key may be required or invalid for this endpoint"
        elif status in {404, 405}:
            problem = f"no embeddings by {self.name!r} are offered there (HTTP {status}); does the URL need /v1?"
        else:
            problem = f"it answers HTTP {status}"
        kind = EmbeddingUnavailable if status in {400, 413, 422} else _EndpointFailed
        return kind(
            f"No embeddings from {self._site.url}: {problem}." + (f" The server says: {said}" if said else ""),
            retryable=status in {408, 409, 425, 429} or status >= 500,
        )

    def _bad_answer(self, what: str) -> EmbeddingUnavailable:
        return EmbeddingUnavailable(f"The server at {self._site.url} answered with {what}.", retryable=False)


def _is_too_much(status: int, body: bytes) -> bool:
    """Whether fewer texts at a time may do: TEI's batches are of 32, llama.cpp answers 500 to a long one."""
    if status in {400, 413, 422}:
        return True
    return status == 500 and bool(re.search(r"too large|batch", read_refusal(body).message, re.IGNORECASE))


class Remembering:
    """An embedder with a memory of the texts that came last: an action that is looked up and then stored, and the
    services of a catalogue, cost one embedding each."""

    def __init__(self, embedder: Embedder, *, most: int = REMEMBERED_TEXTS) -> None:
        self._embedder = embedder
        self._most = most
        self._vectors: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def dimensions(self) -> int:
        return self._embedder.dimensions

    @property
    def floor(self) -> float:
        return self._embedder.floor

    def embed(self, texts: Sequence[str]) -> Vectors:
        found = self._recall(texts)
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        if missing:
            # Copies: a row of the batch would keep all of it in memory.
            found |= {text: row.copy() for text, row in zip(missing, self._embedder.embed(missing), strict=True)}
            self._remember({text: found[text] for text in missing if len(text) <= REMEMBERED_CHARACTERS})
        if not texts:
            return self._embedder.embed(texts)
        if len({found[text].size for text in texts}) > 1:  # the model behind the endpoint has changed
            with self._lock:
                self._vectors.clear()
            return self._embedder.embed(texts)
        return np.stack([found[text] for text in texts])

    def _recall(self, texts: Sequence[str]) -> dict[str, Vectors]:
        with self._lock:
            found = {text: self._vectors[text] for text in texts if text in self._vectors}
            for text in found:
                self._vectors.move_to_end(text)
        return found

    def _remember(self, vectors: dict[str, Vectors]) -> None:
        with self._lock:
            self._vectors.update(vectors)
            while len(self._vectors) > self._most:
                self._vectors.popitem(last=False)
