"""Finds cached plans that a new service would make better.

A plan stays valid when a service arrives that suits its action better; nothing would ever notice. So whenever a
service is new or changed, the entries of its project that do not use it are compared with it by meaning, and
those nearer to it than to any service of theirs are marked: the next request of their kind is planned anew. A
service means what its description says, and each of its examples.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import structlog
from numpy.typing import NDArray

from cache.models import Entry, EntryVector
from cache.templates.templates import make_template
from planengine.catalogue.registry import catalogue_of
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.embeddings.embedders import Embedder, Vectors, get_embedder
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
        second_best = _second_best(project_id, service, catalogue, embedder)
    except EmbeddingUnavailable as error:
        log.warning("no embedding, no entry is marked", project=project_id, error=error.message)
        return 0
    reason = f"The service '{service.name}' is new or changed and seems to suit this action better."
    marked = Entry.objects.filter(pk__in=second_best, replan_reason="").update(replan_reason=reason)
    if marked:
        log.info("entries marked for planning anew", project=project_id, service=service.id, entries=marked)
    return marked


def _second_best(project_id: str, service: ServiceSpec, catalogue: Catalogue, embedder: Embedder) -> list[str]:
    """The ids of the entries. Descriptions choose which are looked at more closely: examples are many, and most
    belong to services that none of these uses."""
    texts = _texts_of(service)
    vectors = embedder.embed([*texts, *map(describe, catalogue)])
    new, described = vectors[: len(texts)], vectors[len(texts) :]
    meanings = {spec.name: vector[np.newaxis] for spec, vector in zip(catalogue, described, strict=True)}
    rows = (
        EntryVector.objects.filter(entry__project_id=project_id, entry__scope_facts__embedding_model=embedder.name)
        .exclude(entry__services__has_key=service.name)
        .values_list("entry_id", "embedding", "entry__services")
    )
    nearer = [
        (entry_id, asked, used)
        for entry_id, embedding, used in rows.iterator(chunk_size=BATCH)
        if (asked := np.asarray(embedding, dtype=np.float32)).shape == (vectors.shape[1],)
        and _suits_better(asked, new, meanings, used)
    ]
    for name in {name for *_, used in nearer for name in used if name in meanings}:
        spec = catalogue.get(name)
        if spec is not None and spec.examples:
            meanings[name] = embedder.embed(_texts_of(spec))
    return [entry_id for entry_id, asked, used in nearer if _suits_better(asked, new, meanings, used)]


def _texts_of(spec: ServiceSpec) -> list[str]:
    templates = (make_template(example.action, example.params) for example in spec.examples)
    return [describe(spec), *(template.embedding_text for template in templates)]


def _suits_better(asked: Vector, new: Vectors, meanings: Mapping[str, Vectors], used: Iterable[str]) -> bool:
    """Whether the nearest text of the new service is nearer than each of those of the services in use."""
    known = [float((meanings[name] @ asked).max()) for name in used if name in meanings]
    return bool(known) and float((new @ asked).max()) > max(known) + MARGIN
