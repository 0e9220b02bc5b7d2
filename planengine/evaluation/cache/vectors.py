"""Vectors made ahead of a replay, many at a time, and kept in a folder from one run to the next."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from planengine.embeddings.embedders import Embedder
from planengine.exceptions import EmbeddingUnavailable

Vectors = NDArray[np.float32]
BATCH = 64
TIMED = 40  # texts embedded one by one, to see how long that takes


class KnownVectors:
    """An embedder that knows the vectors of texts told to it with :meth:`learn`; others it asks ``embedder`` for.
    ``failure`` is set when that one failed: whoever asked may have gone on without vectors."""

    def __init__(self, embedder: Embedder, folder: Path | None = None) -> None:
        self._embedder = embedder
        self._file = None if folder is None else folder / f"vectors-{_digest(embedder.name)}.npz"
        self._known: dict[str, Vectors] = _read(self._file)
        self.failure: EmbeddingUnavailable | None = None
        self.milliseconds: list[float] = []  # of texts that were embedded alone

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
        if not texts:
            return self._embedder.embed(texts)
        missing = [text for text in dict.fromkeys(texts) if _digest(text) not in self._known]
        if missing:
            try:
                self._ask(missing)
            except EmbeddingUnavailable as error:
                self.failure = error
                raise
        return np.stack([self._known[_digest(text)] for text in texts])

    def learn(
        self, texts: Iterable[str], *, progress: Callable[[int, int], None] = lambda done, total: None
    ) -> None:
        """Raises :class:`EmbeddingUnavailable`. Texts of a length go together: a batch is as slow as its longest
        text."""
        distinct = list(dict.fromkeys(texts))
        missing = sorted((text for text in distinct if _digest(text) not in self._known), key=len)
        alone = distinct[:: max(1, len(distinct) // TIMED)][:TIMED]
        for text in alone:
            started = time.perf_counter()
            self._ask([text])
            self.milliseconds.append((time.perf_counter() - started) * 1000)
        for start in range(0, len(missing), BATCH):
            progress(start, len(missing))
            self._ask(missing[start : start + BATCH])
        if missing:
            self._write()

    def _ask(self, texts: Sequence[str]) -> None:
        for text, vector in zip(texts, self._embedder.embed(texts), strict=True):
            self._known[_digest(text)] = vector.copy()  # a row of the batch would keep all of it in memory

    def _write(self) -> None:
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        half_written = self._file.with_suffix(".new.npz")
        np.savez(half_written, digests=list(self._known), vectors=np.stack(list(self._known.values())))
        half_written.replace(self._file)


def _read(file: Path | None) -> dict[str, Vectors]:
    if file is None or not file.exists():
        return {}
    with np.load(file) as kept:
        return dict(zip(kept["digests"].tolist(), kept["vectors"], strict=True))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
