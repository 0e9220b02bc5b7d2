"""Finds cached plans that a new service would make better.

A plan stays valid when a service arrives that suits its action better; nothing would ever notice. So whenever a
service is new or changed, the entries of its project that do not use it are compared with it by meaning, and
those nearer to it than to any service of theirs are marked: the next request of their kind is planned anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import structlog
from numpy.typing import NDArray

from cache.models import Entry, EntryVector
from planengine.catalogue.registry import catalogue_of
from planengine.embeddings.embedders import get_embedder
from planengine.exceptions import EmbeddingUnavailable
from planengine.models import Project
from planengine.planners.relevance import describe

log = structlog.get_logger(__name__)

Vector = NDArray[np.float32]

MARGIN = 0.03
BATCH = 500


def mark_second_best(project_id: str, service_name: str) -> int:
    """Marks the entries that the service suits better than those they use; how many there were."""
    project = Project.objects.get(pk=project_id)
    catalogue = catalogue_of(project)
    service = catalogue.get(service_name)
    if service is None:
        return 0
    embedder = get_embedder()
    try:
        vectors = embedder.embed([describe(spec) for spec in catalogue])
    except EmbeddingUnavailable as error:
        log.warning("no embedding, no entry is marked", project=project_id, error=error.message)
        return 0
    meaning = {spec.name: vector for spec, vector in zip(catalogue, vectors, strict=True)}
    rows = (
        EntryVector.objects.filter(entry__project_id=project_id, entry__scope_facts__embedding_model=embedder.name)
        .exclude(entry__services__has_key=service.name)
        .values_list("entry_id", "embedding", "entry__services")
    )
    second_best = [
        entry_id
        for entry_id, embedding, used in rows.iterator(chunk_size=BATCH)
        if len(embedding) == vectors.shape[1]
        and _suits_better(np.asarray(embedding, dtype=np.float32), meaning, service.name, used)
    ]
    reason = f"The service '{service.name}' is new or changed and seems to suit this action better."
    marked = Entry.objects.filter(pk__in=second_best, replan_reason="").update(replan_reason=reason)
    if marked:
        log.info("entries marked for planning anew", project=project_id, service=service.id, entries=marked)
    return marked


def _suits_better(asked: Vector, meaning: Mapping[str, Vector], service: str, used: Iterable[str]) -> bool:
    known = [float(asked @ meaning[name]) for name in used if name in meaning]
    return bool(known) and float(asked @ meaning[service]) > max(known) + MARGIN
