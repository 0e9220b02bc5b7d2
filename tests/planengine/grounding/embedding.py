"""Embedders that tests of matching count and break."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from planengine.embeddings.embedders import Embedder, Vectors, get_embedder, standing_in
from planengine.exceptions import EmbeddingUnavailable
from planengine.grounding.matching import lookup


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


@contextmanager
def counted() -> Iterator[Counting]:
    """An embedder that counts, in a process that has just begun."""
    forget()
    counting = Counting()
    with standing_in(counting):
        yield counting


def forget() -> None:
    """As in a process that has just begun."""
    for kept in (
        lookup._matches,
        lookup._of_project,
        lookup._matrices,
        lookup._of_grounding,
        lookup._vectors_of_grounding,
    ):
        kept._found.clear()
