"""Which use case applies to a project's request, over all its groundings at once.

Vectors are kept as rows, and what was found per process, by the project's revision of its groundings; so a request
whose template was seen costs nothing, and a project without groundings never costs anything.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import structlog
from django.db import Error, transaction
from numpy.typing import NDArray

from cache.templates.templates import Template
from orra.base.remembering import Remembered
from planengine.embeddings.calibration import scale_of
from planengine.embeddings.embedders import Embedder, get_embedder
from planengine.exceptions import EmbeddingUnavailable
from planengine.grounding.matching.votes import NONE, UNKNOWN, Match, Rules, Wordings
from planengine.grounding.matching.wordings import Wording, wordings_of
from planengine.grounding.registry import Kept, groundings_of
from planengine.grounding.specs import Mode
from planengine.models import Project, UseCaseVector

log = structlog.get_logger(__name__)

Vectors = NDArray[np.float32]

BATCH = 32


def match(project: Project, template: Template) -> Match:
    """What applies to a request of this template. Without an embedding only its very words tell; where something
    strict might apply, or the project demands a grounding, that is :data:`~.votes.UNKNOWN`."""
    kept = _strict_first(groundings_of(project))
    if not kept:
        return Match()
    embedder = get_embedder()
    rules = Rules(*scale_of(embedder), tolerance=project.wrong_hit_tolerance)
    asked = (project.pk, project.groundings_revision, embedder.name, rules, template.key)
    if (known := _matches.get(asked)) is not None:
        return known
    wordings = _of_project.get_or_make(
        (project.pk, project.groundings_revision),
        lambda: Wordings([each for one in kept for each in _wordings(one)]),
    )
    found = wordings.exactly(template)
    if found is None:
        try:
            vector = embedder.embed([template.embedding_text])[0]
            vectors = _matrix(project, kept, embedder, dimensions=vector.size)
        except EmbeddingUnavailable as error:
            log.warning("no embedding, no use case is found", project=project.pk, error=error.message)
            return Match(UNKNOWN if wordings.any_strict or project.grounding_required else NONE)
        found = wordings.by_meaning(template, vector, vectors, rules)
    _matches.put(asked, found)
    return found


def try_match(groundings: Sequence[Kept], template: Template, tolerance: float) -> Match:
    """What would apply if these held, in the order of their names. Vectors that are kept are used, and no more are
    kept for it. Raises :class:`EmbeddingUnavailable`."""
    kept = _strict_first(groundings)
    wordings = Wordings([each for one in kept for each in _wordings(one)])
    found = wordings.exactly(template)
    if found is not None or not wordings.all:
        return found or Match()
    embedder = get_embedder()
    rules = Rules(*scale_of(embedder), tolerance=tolerance)
    vector = embedder.embed([template.embedding_text])[0]
    vectors = [_vectors_to_try(each, embedder, vector.size) for each in kept]
    return wordings.by_meaning(template, vector, np.concatenate(vectors), rules)


def prepare(project: Project) -> None:
    """Embeds what has no vector yet, so that no request waits for it. Raises :class:`EmbeddingUnavailable`."""
    embedder = get_embedder()
    for kept in groundings_of(project):
        _vectors(kept, embedder, dimensions=embedder.dimensions)


def _strict_first(groundings: Sequence[Kept]) -> list[Kept]:
    """Where two say the same, the stricter holds."""
    return sorted(groundings, key=lambda each: each.spec.mode != Mode.STRICT)


def _wordings(kept: Kept) -> tuple[Wording, ...]:
    if not kept.id:
        return tuple(wordings_of(kept.spec))
    return _of_grounding.get_or_make(kept.id, lambda: tuple(wordings_of(kept.spec)))


def _matrix(project: Project, kept: Sequence[Kept], embedder: Embedder, *, dimensions: int) -> Vectors:
    asked = (project.pk, project.groundings_revision, embedder.name, dimensions)
    return _matrices.get_or_make(
        asked, lambda: np.concatenate([_vectors(each, embedder, dimensions) for each in kept])
    )


def _vectors(kept: Kept, embedder: Embedder, dimensions: int) -> Vectors:
    asked = (kept.id, embedder.name, dimensions)
    return _vectors_of_grounding.get_or_make(asked, lambda: _stored_or_made(kept, embedder, dimensions))


def _vectors_to_try(kept: Kept, embedder: Embedder, dimensions: int) -> Vectors:
    known = _vectors_of_grounding.get((kept.id, embedder.name, dimensions)) if kept.id else None
    return _stored_or_made(kept, embedder, dimensions, keep=False) if known is None else known


def _stored_or_made(kept: Kept, embedder: Embedder, dimensions: int, *, keep: bool = True) -> Vectors:
    found = _stored(kept, embedder, dimensions) if kept.id else {}
    wordings = _wordings(kept)
    missing = [each for each in wordings if each.at not in found]
    for start in range(0, len(missing), BATCH):
        batch = missing[start : start + BATCH]
        # As they are read back: every process compares the same.
        made = embedder.embed([each.template.embedding_text for each in batch]).astype(np.float16)
        if keep:
            _store(kept, embedder.name, batch, made)
        found |= zip([each.at for each in batch], made.astype(np.float32), strict=True)
    if not wordings:
        return np.zeros((0, dimensions), np.float32)
    return np.stack([found[each.at] for each in wordings])


def _stored(kept: Kept, embedder: Embedder, dimensions: int) -> dict[tuple[int, int], NDArray[np.float32]]:
    rows = UseCaseVector.objects.filter(grounding_id=kept.id, embedding_model=embedder.name)
    found = {
        (place, number): np.asarray(embedding, dtype=np.float32)
        for place, number, embedding in rows.values_list("use_case", "wording", "embedding")
    }
    # The model behind an endpoint may have been exchanged.
    return {at: vector for at, vector in found.items() if vector.size == dimensions}


def _store(kept: Kept, model: str, wordings: Sequence[Wording], vectors: NDArray[np.float16]) -> None:
    """A grounding that was removed meanwhile, or a database that is away, costs a later process the embedding."""
    rows = [
        UseCaseVector(
            grounding_id=kept.id,
            use_case=each.place,
            wording=each.number,
            embedding_model=model,
            embedding=vector.tolist(),
        )
        for each, vector in zip(wordings, vectors, strict=True)
    ]
    try:
        with transaction.atomic():
            UseCaseVector.objects.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["grounding", "use_case", "wording", "embedding_model"],
                update_fields=["embedding"],
            )
    except Error as error:
        log.warning("vectors of use cases not kept", grounding=kept.id, error=str(error).partition("\n")[0])


_matches: Remembered[tuple[str, int, str, Rules, str], Match] = Remembered(8192)
_of_project: Remembered[tuple[str, int], Wordings] = Remembered(64)
_matrices: Remembered[tuple[str, int, str, int], Vectors] = Remembered(64)
_of_grounding: Remembered[str, tuple[Wording, ...]] = Remembered(2048)
_vectors_of_grounding: Remembered[tuple[str, str, int], Vectors] = Remembered(2048)
