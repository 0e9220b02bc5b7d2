"""Requests replayed through the cache's ordinary paths, in a project of their own that goes away afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cache import storage
from cache.decisions import Decision
from cache.requests import Request
from orra.base.strictjson import Json
from planengine.embeddings.calibration import floor_for, floor_of
from planengine.embeddings.embedders import Embedder
from planengine.evaluation.cache.baselines import (
    BaselineFigures,
    match_by_threshold,
    original_text,
    replay_baselines,
)
from planengine.evaluation.cache.bench import Bench, empty_bench
from planengine.evaluation.cache.figures import Outcome, PairFigures, PairOutcome, StreamFigures
from planengine.evaluation.cache.judging import fault_of, has_values_of
from planengine.evaluation.cache.rows import Pair, StreamRow, labelled
from planengine.evaluation.cache.stand_in import ANSWER, service_of, services_of
from planengine.evaluation.cache.vectors import KnownVectors
from planengine.evaluation.services import Facts, only_reads
from planengine.validation.graph import services_called

Progress = Callable[[int, int], None]


def quietly(done: int, total: int) -> None:
    """A progress that is shown to nobody."""


@dataclass(frozen=True)
class Options:
    """``services``: the catalogue of the rows; without one each label has a service of its own. ``floor``: the
    lowest similarity for a hit by meaning, and ``tolerance``: the share of wrong hits to stay within; without them
    a project's own. ``without``: parts of the rule to leave out. ``vectors``: a folder to keep vectors in."""

    services: Sequence[Facts] | None = None
    floor: float | None = None
    tolerance: float | None = None
    without: frozenset[str] = frozenset()
    vectors: Path | None = None
    baselines: bool = True
    progress: Progress = quietly

    @property
    def of_project(self) -> dict[str, float]:
        given = {"similarity_threshold": self.floor, "wrong_hit_tolerance": self.tolerance}
        return {name: value for name, value in given.items() if value is not None}


def evaluate_stream(
    rows: Sequence[StreamRow], embedder: Embedder, options: Options | None = None
) -> StreamFigures:
    """The rows in their order, against a cache that is empty at first; what it lacks is planned as the row expects
    and stored. Raises :class:`~planengine.exceptions.EmbeddingUnavailable`: half an evaluation would look like a
    whole."""
    options = options or Options()
    services = services_of(rows) if options.services is None else options.services
    vectors = KnownVectors(embedder, options.vectors)
    with empty_bench(services, vectors, without=options.without, **options.of_project) as bench:
        asked = [bench.asked(row.request) for row in rows]
        texts = [request.template.embedding_text for request in asked]
        vectors.learn([*texts, *(original_text(request) for request in asked if options.baselines)])
        reading = frozenset(facts["name"] for facts in services if only_reads(facts))
        floor = floor_for(bench.project).value
        outcomes = tuple(replay_rows(rows, bench, vectors, reading, options.progress))
    baselines = _baselines(outcomes, asked, vectors) if options.baselines else {}
    return StreamFigures(outcomes, baselines, floor, vectors.milliseconds)


def _baselines(
    outcomes: Sequence[Outcome], asked: Sequence[Request], vectors: KnownVectors
) -> dict[str, BaselineFigures]:
    """Over the rows that can be judged: those with a valid plan, and those to be refused."""
    judged = [place for place, each in enumerate(outcomes) if each.plannable or not each.row.expected]
    labels = [outcomes[place].row.label if outcomes[place].row.expected else None for place in judged]
    return replay_baselines([asked[place] for place in judged], labels, vectors.embed)


def replay_rows(
    rows: Sequence[StreamRow],
    bench: Bench,
    vectors: KnownVectors,
    reading: frozenset[str],
    progress: Progress = quietly,
) -> Iterator[Outcome]:
    """The rows in their order against what the bench holds; ``reading`` are the services that only read."""
    origins: dict[str, StreamRow] = {}
    for done, row in enumerate(rows):
        progress(done, len(rows))
        plan = bench.valid_plan(row.request, row.draft) if row.expected else None
        decision = bench.find(row.request)
        if vectors.failure is not None:
            raise vectors.failure
        yield _outcome(row, plan, decision, origins, reading)
        if decision.hit:
            if decision.kind == "example" and (made := bench.keep_made(row.request, decision.plan)) is not None:
                origins[made.pk] = row
            continue
        if plan is not None or not row.expected:
            bench.learn(row.request, decision, plan)
        if plan is not None:
            entry = bench.keep_plan(row.request, plan, vector=decision.vector)
            if entry is not None:
                origins[entry.pk] = row
        elif not row.expected:
            bench.keep_refusal(row.request, vector=decision.vector)
    progress(len(rows), len(rows))


def _outcome(
    row: StreamRow, plan: Json, decision: Decision, origins: Mapping[str, StreamRow], reading: frozenset[str]
) -> Outcome:
    entry, fault, side_effects = None, "", False
    if decision.hit:
        entry = origins.get(decision.entry_id or "")
        fault = fault_of(decision.plan, row, wanted=plan, entry=(entry or row).request)
        called = set(services_called(decision.plan))
        side_effects = not called <= reading
    return Outcome(
        row=row,
        kind=decision.kind,
        reason=reason_of(decision),
        similarity=decision.similarity,
        milliseconds=decision.milliseconds - decision.embedding_milliseconds,
        plannable=plan is not None,
        entry=entry,
        fault=fault,
        side_effects=side_effects,
        risk=decision.risk,
    )


def evaluate_pairs(pairs: Sequence[Pair], embedder: Embedder, options: Options | None = None) -> PairFigures:
    """As :func:`evaluate_stream`, of pairs."""
    options = options or Options()
    vectors = KnownVectors(embedder, options.vectors)
    floor = floor_of(embedder).value if options.floor is None else options.floor
    outcomes = tuple(
        PairOutcome(pair, decision.hit and values_right, reason_of(decision), decision.similarity)
        for pair, decision, values_right in judge(pairs, vectors, options)
    )
    return PairFigures(outcomes, floor, match_by_threshold(pairs, vectors.embed))


def judge(pairs: Sequence[Pair], vectors: KnownVectors, options: Options) -> Iterator[tuple[Pair, Decision, bool]]:
    """Each ``a`` is stored in an empty cache, then its ``b`` is looked up: the decision, and whether a plan that
    it serves holds ``b``'s own values."""
    settings = options.of_project
    with empty_bench([service_of(pairs)], vectors, without=options.without, **settings) as bench:
        requests = [request for pair in pairs for request in (pair.a, pair.b)]
        vectors.learn(bench.asked(request).template.embedding_text for request in requests)
        for done, pair in enumerate(pairs):
            options.progress(done, len(pairs))
            entry = _keep_first(bench, pair)
            decision = bench.find(pair.b)
            if vectors.failure is not None:
                raise vectors.failure
            yield (
                pair,
                decision,
                decision.hit and has_values_of(decision.plan, pair.b, pair.b_constants, entry=pair.a),
            )
            if entry is not None:
                storage.forget_project(bench.project.pk)
    options.progress(len(pairs), len(pairs))


def _keep_first(bench: Bench, pair: Pair) -> object:
    held = {**pair.a.params, **pair.a_constants}
    draft = labelled(pair.line, pair.a, ANSWER).draft
    draft["tasks"][0]["input"] = held
    draft["tasks"][1]["input"] = {name: f"$task0.{name}" for name in held}
    plan = bench.valid_plan(pair.a, draft)
    return None if plan is None else bench.keep_plan(pair.a, plan)


def reason_of(decision: Decision) -> str:
    """The decision's reason, and for a refusal the guard that kept the nearest candidate from serving."""
    if decision.reason == "refused" and decision.candidates and (refusal := decision.candidates[0].refusal):
        return f"refused: {refusal.guard}"
    return decision.reason
