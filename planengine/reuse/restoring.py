"""Entries taken out of quarantine by an operator, who says that they are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from cache import storage
from cache.lookup import template_of
from cache.models import Entry
from cache.templates.templates import TemplateInvalid
from planengine.embeddings.embedders import Vectors, get_embedder
from planengine.exceptions import EmbeddingUnavailable

log = structlog.get_logger(__name__)


@dataclass
class Restored:
    """Ids of entries: those that are out of quarantine, of these the ones that do not vote yet, and those that a
    counter-example still keeps from serving."""

    entries: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)


def restore(entries: Sequence[Entry]) -> Restored:
    """Has entries serve again. A model's plan votes again, as far as its embedding is to be had: without one
    :mod:`planengine.embeddings.reembedding` brings it. What the composer planned, or was made by example, votes
    when somebody reports it as right, or did."""
    restored = Restored()
    vectors = _vectors_of([entry for entry in entries if _votes(entry)])
    for entry in entries:
        vector = vectors.get(entry.pk)
        if not storage.release(entry.pk, entry.quarantine_reason, vector=vector):
            continue
        restored.entries.append(entry.pk)
        if vector is None and entry.reusable:
            restored.silent.append(entry.pk)
        if _is_blocked(entry):
            restored.blocked.append(entry.pk)
    return restored


def _votes(entry: Entry) -> bool:
    facts = entry.scope_facts if isinstance(entry.scope_facts, dict) else {}
    embedded_by = facts.get("embedding_model")
    may = entry.planned_by not in storage.SILENT or entry.confirmed_at is not None
    return entry.reusable and may and embedded_by == get_embedder().name


def _vectors_of(entries: Sequence[Entry]) -> dict[str, Vectors]:
    texts: dict[str, str] = {}
    for entry in entries:
        try:
            texts[entry.pk] = template_of(entry).embedding_text
        except TemplateInvalid:
            continue
    if not texts:
        return {}
    try:
        return dict(zip(texts, get_embedder().embed(list(texts.values())), strict=True))
    except EmbeddingUnavailable as error:
        log.warning("no embedding", error=error.message)
        return {}


def _is_blocked(entry: Entry) -> bool:
    """Whether the same plan is remembered as wrong for the entry's template."""
    same = Entry.objects.filter(project_id=entry.project_id, template_key=entry.template_key)
    return same.filter(kind=Entry.Kind.COUNTER, skeleton=entry.skeleton).exists()
