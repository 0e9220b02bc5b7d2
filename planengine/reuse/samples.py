"""What the developers of a project's services gave as examples, so that a new project has some before any request.

They vote like the examples that requests leave, and are kept in memory, by catalogue: a text is embedded once.
"""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cache.examples.votes import Example
from cache.examples.wording import words_of
from cache.plans.skeletons import of_service
from cache.requests import fields_digest
from cache.templates.templates import Template, make_template
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.embeddings.embedders import Embedder
from planengine.exceptions import EmbeddingUnavailable

SAMPLE = "sample"
BATCH = 32

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class _Samples:
    embedding_model: str
    examples: tuple[Example, ...]
    vectors: Vectors


def samples_of(catalogue: Catalogue, embedder: Embedder, vector: NDArray[np.float32]) -> list[Example]:
    """The samples with their similarity to a request's vector; none while they cannot be embedded."""
    kept = _kept_for(catalogue, embedder)
    if kept is None or not kept.examples or kept.vectors.shape[1] != len(vector):
        return []
    similarities = np.einsum("sd,d->s", kept.vectors, vector).tolist()
    return [
        replace(example, similarity=similarity)
        for example, similarity in zip(kept.examples, similarities, strict=True)
    ]


def _kept_for(catalogue: Catalogue, embedder: Embedder) -> _Samples | None:
    with _lock:
        kept = _kept.get(catalogue)
    if kept is None or kept.embedding_model != embedder.name:
        try:
            kept = _embedded(catalogue, embedder)
        except EmbeddingUnavailable:
            return None
        with _lock:
            _kept[catalogue] = kept
    return kept


def _embedded(catalogue: Catalogue, embedder: Embedder) -> _Samples:
    made = [(spec, make_template(each.action, each.params)) for spec in catalogue for each in spec.examples]
    texts = [template.embedding_text for _, template in made]
    batches = [embedder.embed(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
    vectors = np.concatenate(batches) if batches else np.zeros((0, embedder.dimensions), np.float32)
    return _Samples(embedder.name, tuple(_example(spec, template) for spec, template in made), vectors)


def _example(spec: ServiceSpec, template: Template) -> Example:
    skeleton = of_service(spec.name)
    return Example(
        kind=SAMPLE,
        skeleton=skeleton.digest,
        services=skeleton.services,
        fields=fields_digest(template),
        words=words_of(template),
        similarity=0.0,
        template=template.text,
        wirable=True,
    )


_lock = threading.Lock()
_kept: weakref.WeakKeyDictionary[Catalogue, _Samples] = weakref.WeakKeyDictionary()
