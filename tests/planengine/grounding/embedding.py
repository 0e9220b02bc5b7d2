"""Embedders that tests of matching count and break."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from planengine.embeddings.embedders import Embedder, Vectors, get_embedder
from planengine.exceptions import EmbeddingUnavailable


@dataclass(eq=False)
class Counting:
    """The process's own embedder, which remembers nothing here; ``asked`` are the texts that were embedded."""

    inner: Embedder = field(default_factory=get_embedder)
    asked: list[str] = field(default_factory=list)
    down: bool = False

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def dimensions(self) -> int:
        return self.inner.dimensions

    @property
    def floor(self) -> float:
        return self.inner.floor

    def embed(self, texts: Sequence[str]) -> Vectors:
        if self.down:
            raise EmbeddingUnavailable("The endpoint is down.")
        self.asked += texts
        return self.inner.embed(texts)
