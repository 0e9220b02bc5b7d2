"""Cached plans brought to the embedding model and the reading of templates in use, batch by batch, while hits are
served.

Nothing but the entries tells how far a run has come, so one that ends early is gone on with by the next. A run
holds a lease: a second one beside it would pay for every vector twice.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from django.db.models import Q

from cache import reembedding
from cache.models import Entry
from cache.requests import Request, Scope
from orra.base import leases
from planengine.embeddings.embedders import Embedder, Vectors
from planengine.exceptions import BadRequest, EmbeddingUnavailable, OrraError
from planengine.requests import parse_params

log = structlog.get_logger(__name__)

UNREADABLE, REFUSED = "unreadable", "refused"
PAUSES = (1.0, 2.0, 4.0)  # seconds, before a batch that failed is tried again

Progress = Callable[[int, int], None]
ComposerName = Callable[[str], str]
# The words by which the tasks of a project are told apart, for params of these names.
Terms = Callable[[str, Collection[str]], frozenset[str]]


class ReembeddingBusy(OrraError):
    code = "reembedding_busy"
    retryable = True


def count_stale(embedder: Embedder, *, project_id: str | None = None) -> dict[tuple[str, bool], int]:
    """How many entries there are to read and embed anew, by the model that embedded them and whether they are of
    an older reading. Raises :class:`~planengine.exceptions.EmbeddingUnavailable`."""
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
    terms: Terms,
) -> Counter[str]:
    """Reads, embeds and moves every stale entry, the newest first, at most ``per_second`` of them; what became of
    them by outcome. The composer is named for the model that it chooses services by: ``composer_name`` says how.
    ``terms`` are those that requests are read with today. Raises
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
            today = _Today(embedder, composer_name, terms)
            return _reembed(today, project_id, batch, per_second, progress, extend)
    finally:
        reembedding.end(embedder.name, token)


@dataclass(frozen=True)
class _Today:
    """What entries are read and embedded with."""

    embedder: Embedder
    composer_name: ComposerName
    terms: Terms
    known: dict[tuple[str, frozenset[str]], frozenset[str]] = field(default_factory=dict)

    def request_of(self, entry: Entry) -> Request:
        """The request that the entry was made for, in the scope that it belongs to today. The composer is named
        for the model that it chooses services by, and its plans come along. Raises :class:`BadRequest`."""
        params = parse_params(entry.params)
        facts, model = entry.scope_facts, self.embedder.name
        planner = facts.get("planner", "")
        if planner == self.composer_name(facts.get("embedding_model", "")):
            planner = self.composer_name(model)
        scope = Scope(entry.project_id, model, planner, facts.get("grounding", ""))
        asked = (entry.project_id, frozenset(params))
        if asked not in self.known:
            self.known[asked] = self.terms(*asked)
        return Request(scope, entry.action, params, discriminating_terms=self.known[asked])


def _reembed(
    today: _Today,
    project_id: str | None,
    batch: int,
    per_second: float | None,
    progress: Progress,
    extend: Callable[[], bool],
) -> Counter[str]:
    embedder = today.embedder
    total = sum(count_stale(embedder, project_id=project_id).values())
    outcomes: Counter[str] = Counter()
    started, before = time.monotonic(), None
    while entries := _next_batch(embedder, project_id, batch, before):
        progress(outcomes.total(), total)
        if not extend():
            raise ReembeddingBusy("This run was held up for so long that another one has taken over.")
        before = (entries[-1].created_at, entries[-1].pk)
        done = _reembed_batch(today, entries)
        outcomes += done
        log.info("entries embedded anew", embedding_model=embedder.name, **done)
        if per_second is not None:
            time.sleep(max(0.0, started + outcomes.total() / per_second - time.monotonic()))
    progress(outcomes.total(), total)
    return outcomes


def _next_batch(
    embedder: Embedder, project_id: str | None, batch: int, before: tuple[datetime, str] | None
) -> Sequence[Any]:
    """Entries with their ``dimensions``."""
    entries = reembedding.stale(embedder.name, dimensions=embedder.dimensions, project_id=project_id)
    if before is not None:
        created_at, entry_id = before
        entries = entries.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=entry_id))
    return list(entries.defer("recipe", "template").order_by("-created_at", "-id")[:batch])


def _reembed_batch(today: _Today, entries: Sequence[Any]) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    read: list[reembedding.Anew] = []
    texts: dict[str, str] = {}
    for entry in entries:
        try:
            request = today.request_of(entry)
        except BadRequest:
            outcomes[UNREADABLE] += 1
            continue
        anew = reembedding.read_anew(entry, request, has_vector=entry.dimensions is not None)
        if anew is None:
            outcomes[UNREADABLE] += 1
            continue
        read.append(anew)
        if anew.votes:
            texts[entry.pk] = request.template.embedding_text
    vectors = _embed(today.embedder, texts)
    for anew in read:
        if anew.votes and anew.entry.pk not in vectors:
            outcomes[REFUSED] += 1
        else:
            outcomes[reembedding.move(anew, vectors.get(anew.entry.pk))] += 1
    return +outcomes


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
