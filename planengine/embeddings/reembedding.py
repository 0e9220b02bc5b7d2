"""Cached plans brought to the embedding model in use, batch by batch, while hits are served.

Nothing but the entries tells how far a run has come, so one that ends early is gone on with by the next. A run
holds a lease: a second one beside it would pay for every vector twice.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog
from django.db.models import Q

from cache import lookup, reembedding
from cache.models import Entry
from cache.templates.templates import TemplateInvalid
from orra.base import leases
from planengine.embeddings.embedders import Embedder, Vectors
from planengine.exceptions import EmbeddingUnavailable, OrraError

log = structlog.get_logger(__name__)

UNREADABLE, REFUSED = "unreadable", "refused"
PAUSES = (1.0, 2.0, 4.0)  # seconds, before a batch that failed is tried again

Progress = Callable[[int, int], None]
ComposerName = Callable[[str], str]


class ReembeddingBusy(OrraError):
    code = "reembedding_busy"
    retryable = True


def count_stale(embedder: Embedder, *, project_id: str | None = None) -> dict[str, int]:
    """How many entries there are to embed, by the model that embedded them. Raises
    :class:`~planengine.exceptions.EmbeddingUnavailable`."""
    entries = reembedding.stale(embedder.name, dimensions=embedder.dimensions, project_id=project_id)
    return reembedding.count_by_model(entries)


def reembed(
    embedder: Embedder,
    *,
    project_id: str | None = None,
    batch: int,
    per_second: float | None = None,
    progress: Progress = lambda done, total: None,
    composer_name: ComposerName,
) -> Counter[str]:
    """Embeds and moves every stale entry, the newest first, at most ``per_second`` of them; what became of them by
    outcome. The composer is named for the model that it chooses services by: ``composer_name`` says how. Raises
    :class:`~planengine.exceptions.EmbeddingUnavailable`, and :class:`ReembeddingBusy` while
    another run is under way."""
    lease = leases.LEASE.total_seconds()
    token = reembedding.begin(embedder.name, seconds=lease)
    if token is None:
        raise ReembeddingBusy(
            f"Another run embeds entries for {embedder.name!r}, or was killed less than {lease:.0f} s ago."
        )

    def extend() -> bool:
        return reembedding.extend(embedder.name, token, seconds=lease)

    try:
        with leases.kept(extend, name=f"reembedding {embedder.name}"):
            return _reembed(embedder, project_id, batch, per_second, progress, extend, composer_name)
    finally:
        reembedding.end(embedder.name, token)


def _reembed(
    embedder: Embedder,
    project_id: str | None,
    batch: int,
    per_second: float | None,
    progress: Progress,
    extend: Callable[[], bool],
    composer_name: ComposerName,
) -> Counter[str]:
    total = sum(count_stale(embedder, project_id=project_id).values())
    outcomes: Counter[str] = Counter()
    started, before = time.monotonic(), None
    while entries := _next_batch(embedder, project_id, batch, before):
        progress(outcomes.total(), total)
        if not extend():
            raise ReembeddingBusy("This run was held up for so long that another one has taken over.")
        before = (entries[-1].created_at, entries[-1].pk)
        done = _reembed_batch(embedder, entries, composer_name)
        outcomes += done
        log.info("entries embedded anew", embedding_model=embedder.name, **done)
        if per_second is not None:
            time.sleep(max(0.0, started + outcomes.total() / per_second - time.monotonic()))
    progress(outcomes.total(), total)
    return outcomes


def _next_batch(
    embedder: Embedder, project_id: str | None, batch: int, before: tuple[datetime, str] | None
) -> Sequence[Entry]:
    entries = reembedding.stale(embedder.name, dimensions=embedder.dimensions, project_id=project_id)
    if before is not None:
        created_at, entry_id = before
        entries = entries.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=entry_id))
    return list(entries.defer("plan", "recipe", "params").order_by("-created_at", "-id")[:batch])


def _reembed_batch(embedder: Embedder, entries: Sequence[Entry], composer_name: ComposerName) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    texts: dict[str, str] = {}
    for entry in entries:
        try:
            if entry.reusable:
                texts[entry.pk] = lookup.template_of(entry).embedding_text
        except TemplateInvalid:
            outcomes[UNREADABLE] += 1
            continue
    vectors = _embed(embedder, texts)
    for entry in entries:
        if entry.reusable and entry.pk not in vectors:
            outcomes[REFUSED] += entry.pk in texts
        else:
            facts = _facts(entry, embedder.name, composer_name)
            outcomes[reembedding.move(entry, vectors.get(entry.pk), facts=facts)] += 1
    return +outcomes


def _facts(entry: Entry, model: str, composer_name: ComposerName) -> dict[str, str]:
    """What the entry's scope is made of under the model. The composer is named for the model that it chooses
    services by, and its plans come along."""
    facts: dict[str, str] = {**entry.scope_facts, "embedding_model": model}
    if facts.get("planner") == composer_name(entry.scope_facts["embedding_model"]):
        facts["planner"] = composer_name(model)
    return facts


def _embed(embedder: Embedder, texts: dict[str, str]) -> dict[str, Vectors]:
    """Vectors by entry, without those of texts that the server refuses although it takes others."""
    if not texts:
        return {}
    try:
        return dict(zip(texts, _patiently(embedder, list(texts.values())), strict=True))
    except EmbeddingUnavailable as error:
        if error.retryable or len(texts) == 1:
            raise
        found: dict[str, Vectors] = {}
        for entry_id, text in texts.items():
            try:
                found[entry_id] = _patiently(embedder, [text])[0]
            except EmbeddingUnavailable as refused:
                log.warning("entry not embedded", entry=entry_id, error=refused.message)
        if not found:
            raise error from None
        return found


def _patiently(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    for shortest in PAUSES:
        try:
            return embedder.embed(texts)
        except EmbeddingUnavailable as error:
            if not error.retryable:
                raise
            pause = max(shortest, error.retry_after)
            log.warning("no embedding, trying again", seconds=round(pause, 1), error=error.message)
        time.sleep(pause)
    return embedder.embed(texts)
