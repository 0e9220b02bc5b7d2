"""Finds what a new service makes out of date: cached plans that it would make better, and refusals of requests
that it was made for.

A plan stays valid when a service arrives that suits its action better; nothing would ever notice. So whenever a
service is new or changed, the entries of its project that do not use it are compared with it by meaning, and
those nearer to it than to any service of theirs are marked: the next request of their kind is planned anew.
Refusals that it suits best of all services are forgotten: they would vote against the service that they lacked. A
service means what its description says, and each of its examples.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import structlog
from django.db import transaction
from django.db.models import QuerySet
from numpy.typing import NDArray

from cache import storage
from cache.lookup import template_of
from cache.models import Entry, EntryQuerySet
from cache.templates.templates import TemplateInvalid, make_template
from planengine.catalogue.registry import catalogue_of
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.embeddings.embedders import Embedder, Vectors, get_embedder
from planengine.exceptions import EmbeddingUnavailable
from planengine.models import Project
from planengine.planners.relevance import describe

log = structlog.get_logger(__name__)

Vector = NDArray[np.float32]
# A plan that does not use the service: the entry's id, its template's vector, and the services in use.
Asked = tuple[str, Vector, Iterable[str]]

MARGIN = 0.03
BATCH = 500
TEXTS = 32  # embedded at once
MOST_EMBEDDED = 500  # entries without a vector, for one comparison


def compare(project_id: str, service_name: str) -> None:
    """Marks plans and forgets refusals that the service, which is new or changed, makes out of date."""
    mark_second_best(project_id, service_name)
    forget_refusals(project_id, service_name)


def mark_second_best(project_id: str, service_name: str) -> int:
    """Marks the entries that the service suits better than those they use; how many there were."""
    catalogue, service = _service(project_id, service_name)
    if service is None:
        return 0
    try:
        second_best = _second_best(project_id, service, catalogue, get_embedder())
    except EmbeddingUnavailable as error:
        log.warning("no embedding, no entry is marked", project=project_id, error=error.message)
        return 0
    reason = f"The service '{service.name}' is new or changed and seems to suit this action better."
    marked = Entry.objects.filter(pk__in=second_best, replan_reason="").update(replan_reason=reason)
    if marked:
        log.info("entries marked for planning anew", project=project_id, service=service.id, entries=marked)
    return marked


def forget_refusals(project_id: str, service_name: str) -> int:
    """Forgets the refusals that the service suits best of all services; how many there were."""
    catalogue, service = _service(project_id, service_name)
    refusals = Entry.objects.filter(project_id=project_id, kind=Entry.Kind.REFUSAL)
    if service is None or not refusals.exists():
        return 0
    try:
        outdated = _refused_for_lack_of(service, catalogue, refusals, get_embedder())
    except EmbeddingUnavailable as error:
        log.warning("no embedding, no refusal is forgotten", project=project_id, error=error.message)
        return 0
    forgotten = storage.forget(project_id, outdated)
    if forgotten:
        log.info("refusals forgotten", project=project_id, service=service.id, entries=forgotten)
    return forgotten


def _service(project_id: str, name: str) -> tuple[Catalogue, ServiceSpec | None]:
    catalogue = catalogue_of(Project.objects.get(pk=project_id))
    return catalogue, catalogue.get(name)


def _refused_for_lack_of(
    service: ServiceSpec, catalogue: Catalogue, refusals: QuerySet[Entry], embedder: Embedder
) -> list[str]:
    """The ids of the refusals nearest to a text of the service."""
    own = embedder.embed(_texts_of(service))
    others = [text for spec in catalogue if spec.name != service.name for text in _texts_of(spec)]
    parts = [embedder.embed(others[start : start + TEXTS]) for start in range(0, len(others), TEXTS)]
    rows = refusals.filter(scope_facts__embedding_model=embedder.name, vector__isnull=False)
    found: list[str] = []
    with transaction.atomic():
        for entry_id, embedding in rows.values_list("pk", "vector__embedding").iterator(chunk_size=BATCH):
            asked = np.asarray(embedding, dtype=np.float32)
            if asked.shape == (own.shape[1],):
                rival = max((float((part @ asked).max()) for part in parts), default=-1.0)
                if float((own @ asked).max()) >= rival:
                    found.append(entry_id)
    return found


def _second_best(project_id: str, service: ServiceSpec, catalogue: Catalogue, embedder: Embedder) -> list[str]:
    """The ids of the entries. Descriptions choose which are looked at more closely: examples are many, and most
    belong to services that none of these uses."""
    texts = _texts_of(service)
    vectors = embedder.embed([*texts, *map(describe, catalogue)])
    new, described = vectors[: len(texts)], vectors[len(texts) :]
    meanings = {spec.name: vector[np.newaxis] for spec, vector in zip(catalogue, described, strict=True)}

    def is_nearer(asked: Vector, used: Iterable[str]) -> bool:
        return asked.shape == (vectors.shape[1],) and _suits_better(asked, new, meanings, used)

    plans = Entry.objects.plans().filter(project_id=project_id).exclude(services__has_key=service.name)
    with transaction.atomic():
        nearer = [each for each in _voting(plans, embedder) if is_nearer(*each[1:])]
    nearer += [each for each in _silent(plans, embedder) if is_nearer(*each[1:])]
    for name in {name for *_, used in nearer for name in used if name in meanings}:
        spec = catalogue.get(name)
        if spec is not None and spec.examples:
            meanings[name] = embedder.embed(_texts_of(spec))
    return [entry_id for entry_id, asked, used in nearer if _suits_better(asked, new, meanings, used)]


def _voting(plans: EntryQuerySet, embedder: Embedder) -> Iterator[Asked]:
    voting = plans.filter(scope_facts__embedding_model=embedder.name, vector__isnull=False)
    rows = voting.values_list("pk", "vector__embedding", "services")
    for entry_id, embedding, used in rows.iterator(chunk_size=BATCH):
        yield entry_id, np.asarray(embedding, dtype=np.float32), used


def _silent(plans: EntryQuerySet, embedder: Embedder) -> Iterator[Asked]:
    """What the composer made has no vector, for it votes for nothing; its newest are embedded."""
    silent = (
        plans.usable().filter(vector__isnull=True, identity="", replan_reason="").order_by("-created_at", "-id")
    )
    found = [(entry, text) for entry in silent[:MOST_EMBEDDED] if (text := _text_of(entry))]
    for start in range(0, len(found), TEXTS):
        batch = found[start : start + TEXTS]
        for (entry, _), vector in zip(batch, embedder.embed([text for _, text in batch]), strict=True):
            yield entry.pk, vector, entry.services


def _text_of(entry: Entry) -> str:
    try:
        return template_of(entry).embedding_text
    except TemplateInvalid:
        return ""


def _texts_of(spec: ServiceSpec) -> list[str]:
    templates = (make_template(example.action, example.params) for example in spec.examples)
    return [describe(spec), *(template.embedding_text for template in templates)]


def _suits_better(asked: Vector, new: Vectors, meanings: Mapping[str, Vectors], used: Iterable[str]) -> bool:
    """Whether the nearest text of the new service is nearer than each of those of the services in use."""
    known = [float((meanings[name] @ asked).max()) for name in used if name in meanings]
    return bool(known) and float((new @ asked).max()) > max(known) + MARGIN
