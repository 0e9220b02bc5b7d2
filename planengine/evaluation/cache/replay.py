"""Requests replayed through the cache's ordinary paths, in a project of their own that goes away afterwards."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cache import lookup, storage
from cache.lookup import Decision, Policy
from cache.models import Entry
from cache.requests import Request, Scope
from orra.base.strictjson import Json
from planengine.embeddings.embedders import Embedder
from planengine.evaluation.cache.baseline import match_by_threshold, replay_by_threshold
from planengine.evaluation.cache.figures import PairFigures, PairOutcome, StreamFigures, WrongHit
from planengine.evaluation.cache.rows import Pair, StreamRow
from planengine.evaluation.cache.stand_in import NO_CONSTANTS, StandIn, has_values_of
from planengine.models import Project
from planengine.requests import PlanRequest

Progress = Callable[[int, int], None]
ONE_DAY = 24 * 3600
ANSWER = "answer"  # the one service that pairs are planned with


@dataclass(frozen=True)
class Bench:
    """An empty cache and a planner for what it lacks. ``floor`` is the lowest similarity for a hit by meaning."""

    project: Project
    embedder: Embedder
    floor: float
    planner: StandIn

    def find(self, request: PlanRequest) -> tuple[Decision, float]:
        """The decision, and the milliseconds it took."""
        asked = self._asked(request)
        policy = Policy(
            accept=lambda plan: self.planner.objection(plan, request),
            embed=self._embed,
            floor=self.floor,
            contest=lambda entry: self.planner.contest(request, entry.services),
        )
        started = time.perf_counter()
        decision = lookup.find(asked, policy)
        return decision, (time.perf_counter() - started) * 1000

    def plan_and_store(
        self, request: PlanRequest, *, label: str, constants: Mapping[str, Json] = NO_CONSTANTS
    ) -> Entry | None:
        plan = self.planner.plan(request, label=label, constants=constants)
        if plan is None:
            return None
        asked = self._asked(request)
        return storage.store(
            asked,
            plan,
            vector=self._embed(asked.template.embedding_text),
            ttl_seconds=ONE_DAY,
            services={label: 1},
            planned_by="stand-in",
            cost={},
        )

    def _asked(self, request: PlanRequest) -> Request:
        scope = Scope(self.project.pk, embedding_model=self.embedder.name, planner="stand-in")
        return Request(
            scope, request.action, request.params, discriminating_terms=self.planner.discriminating_terms(request)
        )

    def _embed(self, text: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self.embedder.embed([text])[0]
        return vector


@contextmanager
def empty_bench(embedder: Embedder, *, floor: float, rows: Iterable[StreamRow] = ()) -> Iterator[Bench]:
    """With services for the labels of ``rows``. Everything that is stored goes away at the end, however that
    comes about."""
    project = Project.objects.create(name="evaluate_cache (temporary)")
    try:
        yield Bench(project, embedder, floor, StandIn((row.label, row.request) for row in rows))
    finally:
        project.delete()


def evaluate_stream(
    rows: Sequence[StreamRow], embedder: Embedder, *, floor: float | None = None, progress: Progress
) -> StreamFigures:
    """At the floor that the embedder comes with, unless another is given. Raises
    :class:`~planengine.exceptions.EmbeddingUnavailable`: half an evaluation would look like a whole."""
    floor = embedder.floor if floor is None else floor
    return replay(rows, embedder, floor=floor, progress=progress).figures(rows, embedder)


def evaluate_pairs(
    pairs: Sequence[Pair], embedder: Embedder, *, floor: float | None = None, progress: Progress
) -> PairFigures:
    """As :func:`evaluate_stream`, of pairs."""
    floor = embedder.floor if floor is None else floor
    outcomes = tuple(
        PairOutcome(pair, decision.hit and values_right, _reason(decision), decision.similarity)
        for pair, decision, values_right in judge(pairs, embedder, floor=floor, progress=progress)
    )
    return PairFigures(outcomes, floor, match_by_threshold(pairs, embedder.embed))


def replay(rows: Sequence[StreamRow], embedder: Embedder, *, floor: float, progress: Progress) -> Tally:
    """The rows in their order, against a cache that is empty at first; what it lacks is planned and stored."""
    tally = Tally(floor)
    with empty_bench(embedder, floor=floor, rows=rows) as bench:
        for done, row in enumerate(rows):
            progress(done, len(rows))
            decision, milliseconds = bench.find(row.request)
            tally.count(row, decision, milliseconds)
            if not decision.hit:
                tally.remember(row, bench.plan_and_store(row.request, label=row.label))
    progress(len(rows), len(rows))
    return tally


def judge(
    pairs: Sequence[Pair], embedder: Embedder, *, floor: float, progress: Progress
) -> Iterator[tuple[Pair, Decision, bool]]:
    """Each ``a`` is stored in an empty cache, then its ``b`` is looked up: the decision, and whether a plan that
    it serves holds ``b``'s own values."""
    with empty_bench(embedder, floor=floor) as bench:
        for done, pair in enumerate(pairs):
            progress(done, len(pairs))
            entry = bench.plan_and_store(pair.a, label=ANSWER, constants=pair.a_constants)
            decision, _ = bench.find(pair.b)
            yield pair, decision, decision.hit and has_values_of(decision.plan, pair.b, pair.b_constants)
            if entry is not None:
                storage.forget(bench.project.pk, [entry.pk])
    progress(len(pairs), len(pairs))


class Tally:
    """What a replay at a floor came to."""

    def __init__(self, floor: float) -> None:
        self.floor = floor
        self.kinds: Counter[str] = Counter()
        self.wrong: list[WrongHit] = []
        self.similarities: list[float] = []  # of hits by meaning
        self._origins: dict[str, StreamRow] = {}
        self._labels: set[str] = set()
        self._reasons: Counter[str] = Counter()
        self._milliseconds: list[float] = []
        self._wrong_values = self._seen_before = self._not_stored = 0

    def count(self, row: StreamRow, decision: Decision, milliseconds: float) -> None:
        self._milliseconds.append(milliseconds)
        self._seen_before += row.label in self._labels
        self._labels.add(row.label)
        self.kinds[decision.kind] += 1
        if not decision.hit:
            self._reasons[_reason(decision)] += 1
            return
        assert decision.entry_id is not None and decision.similarity is not None
        if decision.kind == "semantic":
            self.similarities.append(decision.similarity)
        entry = self._origins[decision.entry_id]
        values_right = has_values_of(decision.plan, row.request)
        self._wrong_values += not values_right
        if entry.label != row.label or not values_right:
            fault = "values" if entry.label == row.label else "label"
            self.wrong.append(WrongHit(row, entry, decision.kind, decision.similarity, fault))

    def remember(self, row: StreamRow, entry: Entry | None) -> None:
        if entry is None:
            self._not_stored += 1
        else:
            self._origins[entry.pk] = row

    def figures(self, rows: Sequence[StreamRow], embedder: Embedder) -> StreamFigures:
        return StreamFigures(
            n=len(rows),
            floor=self.floor,
            exact_hits=self.kinds["exact"],
            semantic_hits=self.kinds["semantic"],
            wrong_hits=tuple(self.wrong),
            wrong_values=self._wrong_values,
            seen_before=self._seen_before,
            misses_by_reason=self._reasons,
            milliseconds=tuple(self._milliseconds),
            not_stored=self._not_stored,
            baseline=replay_by_threshold(rows, embedder.embed),
        )


def _reason(decision: Decision) -> str:
    """The decision's reason, and for a refusal the guard that kept the nearest candidate from serving."""
    if decision.reason == "refused" and (refusal := decision.candidates[0].refusal):
        return f"refused: {refusal.guard}"
    return decision.reason
